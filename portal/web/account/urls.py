"""Addresses of one's own account."""

from django.urls import path

from portal.web.account import access, learning, notices, recalls, sessions, views

app_name = "account"
urlpatterns = [
    path("access/", access.access, name="access"),
    path("access/ask/", access.ask, name="ask"),
    path("access/inbox/", access.inbox, name="inbox"),
    path("access/requests/<pid:asked>/decide/", access.decide, name="decide"),
    path("access/requests/<pid:asked>/withdraw/", access.withdraw, name="withdraw"),
    path("access/grants/<pid:grant>/renew/", access.renew, name="renew"),
    path("access/grants/<pid:grant>/end/", access.end, name="end"),
    path("notices/", notices.show, name="notices"),
    path("notices/read/", notices.read, name="read-notices"),
    path("notices/settings/", notices.settings, name="notice-settings"),
    path("notices/<pid:notice>/read/", notices.read_one, name="read-notice"),
    path("recalls/<pid:told>/", recalls.recall, name="recall"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<pid:token>/revoke/", views.revoke, name="revoke"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/<int:session>/close/", sessions.close, name="session-close"),
    path("sessions/close-others/", sessions.close_others, name="sessions-close-others"),
    path("guide/", learning.guide, name="guide"),
    path("guide/away/", learning.guide_away, name="guide-away"),
    path("depth/", learning.depth, name="depth"),
    path("session/", sessions.status, name="session-status"),
    path("session/extend/", sessions.extend, name="session-extend"),
    path("session/keep/", sessions.keep, name="keep"),
]
