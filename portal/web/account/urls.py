"""Addresses of one's own account."""

from django.urls import path

from portal.web.account import sessions, views

app_name = "account"
urlpatterns = [
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<pid:token>/revoke/", views.revoke, name="revoke"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/<int:session>/close/", sessions.close, name="session-close"),
    path("sessions/close-others/", sessions.close_others, name="sessions-close-others"),
    path("session/", sessions.status, name="session-status"),
    path("session/extend/", sessions.extend, name="session-extend"),
    path("session/keep/", sessions.keep, name="keep"),
]
