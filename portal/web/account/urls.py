"""Addresses of one's own account."""

from django.urls import path

from portal.web.account import views

app_name = "account"
urlpatterns = [
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<pid:token>/revoke/", views.revoke, name="revoke"),
]
