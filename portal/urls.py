"""The doors."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from django.contrib import admin
from django.urls import include, path, register_converter

from portal.core.ids import PublicIdConverter
from portal.web import home, system

register_converter(PublicIdConverter, "pid")

urlpatterns = [
    path("", home.home, name="home"),
    path("clinic/", include("portal.web.clinic.urls")),
    path("lab/", include("portal.web.lab.urls")),
    path("oversight/", include("portal.web.oversight.urls")),
    path("hospital/", include("portal.web.hospital.urls")),
    path("system/", system.system, name="system"),
    path("account/", include("portal.web.account.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("portal.api.urls")),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("accounts/2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("healthz", home.healthz, name="healthz"),
    path("readyz", home.readyz, name="readyz"),
]
