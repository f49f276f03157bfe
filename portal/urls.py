"""The doors."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.contrib import admin
from django.urls import include, path, register_converter

from portal.core.ids import PublicIdConverter
from portal.web import home, system
from portal.web.account import passkeys as own_passkeys
from portal.web.account import password, single_sign_on

handler400 = "portal.web.middleware.not_understood"
register_converter(PublicIdConverter, "pid")

urlpatterns = [
    path("", home.home, name="home"),
    path("clinic/", include("portal.web.clinic.urls")),
    path("lab/", include("portal.web.lab.urls")),
    path("oversight/", include("portal.web.oversight.urls")),
    path("hospital/", include("portal.web.hospital.urls")),
    path("help/", home.words, name="help"),
    path("system/", system.system, name="system"),
    path("account/", include("portal.web.account.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("portal.api.urls")),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/", password.change, name="account_change_password"),
    path("accounts/oidc/<slug:provider_id>/login/", single_sign_on.start, name="openid_connect_login"),
    path("accounts/oidc/<slug:provider_id>/login/callback/", single_sign_on.finish, name="openid_connect_callback"),
    path("accounts/2fa/", mfa.index, name="mfa_index"),
    path("accounts/2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("accounts/2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("accounts/2fa/app/add/", totp.activate_totp, name="mfa_activate_totp"),
    path("accounts/2fa/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("accounts/2fa/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("accounts/2fa/codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("accounts/2fa/codes/download/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("accounts/2fa/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("accounts/2fa/passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("accounts/2fa/passkeys/sign-in/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("accounts/2fa/passkeys/confirm/", own_passkeys.confirm, name="mfa_reauthenticate_webauthn"),
    path("accounts/2fa/passkeys/<int:pk>/remove/", own_passkeys.remove, name="mfa_remove_webauthn"),
    path("accounts/2fa/passkeys/<int:pk>/name/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("healthz", home.healthz, name="healthz"),
    path("readyz", home.readyz, name="readyz"),
]
