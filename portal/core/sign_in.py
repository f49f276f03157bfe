"""Settings of signing in, from the environment alone; portal.settings takes them over as they are."""

from portal.core import sso
from portal.core.env import envbool, envint, envminutes, envstr, envwords

IDLE_MINUTES = envminutes(
    "FORMULARY_IDLE_MINUTES", {"clinician": 15, "scientist": 30, "reviewer": 15, "admin": 10, "auditor": 10}
)
OIDC = sso.from_environment(IDLE_MINUTES)
LOCAL_LOGIN, LOCAL_LOGIN_PEOPLE = envbool("FORMULARY_LOCAL_LOGIN", True), envwords("FORMULARY_LOCAL_LOGIN_PEOPLE")
SOCIALACCOUNT_PROVIDERS = sso.providers(OIDC)
SOCIALACCOUNT_ADAPTER = "portal.web.account.single_sign_on.SingleSignOnAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # the content policy stops a form that is sent on to another host
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_STORE_TOKENS = False
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs themselves up, so no address is a claim to an account

ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
MFA_ADAPTER = "portal.accounts.adapters.MFAAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Formulary"
MFA_WEBAUTHN_USER_VERIFICATION = "required"
SECOND_FACTOR_ROLES = {"clinician", "reviewer", "admin", "auditor", *envwords("FORMULARY_SECOND_FACTOR_ROLES")}
LOCK_OUT_AFTER, LOCK_OUT_MINUTES = envint("FORMULARY_LOCK_OUT_AFTER", 5), envint("FORMULARY_LOCK_OUT_MINUTES", 15)
ACCOUNT_RATE_LIMITS = {
    # Per account and address (the adapter's key), and per address, where a whole ward may sit behind one.
    "login_failed": f"100/5m/ip,{LOCK_OUT_AFTER}/{LOCK_OUT_MINUTES}m/key",
    "login": "300/m/ip",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = envstr("FORMULARY_MAIL_HOST"), envint("FORMULARY_MAIL_PORT", 25), 5
DEFAULT_FROM_EMAIL = envstr("FORMULARY_MAIL_FROM", "formulary@localhost")
