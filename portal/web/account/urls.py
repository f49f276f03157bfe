"""Addresses of one's own account."""

from django.urls import path

from portal.web.account import access, views

app_name = "account"
urlpatterns = [
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<pid:token>/revoke/", views.revoke, name="revoke"),
    path("access/", access.access, name="access"),
    path("access/notices/", access.read, name="read-notices"),
    path("access/ask/", access.ask, name="ask"),
    path("access/inbox/", access.inbox, name="inbox"),
    path("access/inbox/<pid:asked>/", access.decide, name="decide"),
    path("access/requests/<pid:asked>/withdraw/", access.withdraw, name="withdraw"),
    path("access/grants/<pid:grant>/renew/", access.renew, name="renew"),
    path("access/grants/<pid:grant>/end/", access.end, name="end"),
]
