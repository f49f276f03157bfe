"""System checks: settings that would expose people refuse to start."""

import os

from django.conf import settings
from django.core.checks import Error, register

TELEMETRY = {"ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
for _name, _value in TELEMETRY.items():
    os.environ.setdefault(_name, _value)


@register()
def telemetry_is_off(app_configs, **kwargs):
    """The libraries' own reporting to their makers stays off."""
    wrong = [name for name, value in TELEMETRY.items() if os.environ.get(name) != value]
    return [Error(f"{name} must be {TELEMETRY[name]}.", id="formulary.E001") for name in wrong]


@register()
def production_is_safe(app_configs, **kwargs):
    """Production runs on a server database and broker, for named hosts only."""
    if not settings.PRODUCTION:
        return []
    problems = {
        "formulary.E002": (settings.SQLITE, "DATABASE_URL names no PostgreSQL server; production needs one."),
        "formulary.E003": (not settings.REDIS_URL, "REDIS_URL is not set; production needs a broker."),
        "formulary.E004": (not settings.ALLOWED_HOSTS, "FORMULARY_HOSTS is empty; name the portal's host."),
        "formulary.E005": ("*" in settings.ALLOWED_HOSTS, "FORMULARY_HOSTS may not be *."),
        "formulary.E006": (len(settings.SECRET_KEY) < 32, "FORMULARY_SECRET_KEY is shorter than 32 characters."),
        "formulary.E007": (len(settings.LEDGER_KEY) < 32, "FORMULARY_LEDGER_KEY is shorter than 32 characters."),
        "formulary.E008": (len(settings.INDEX_KEY) < 32, "FORMULARY_INDEX_KEY is shorter than 32 characters."),
    }
    return [Error(text, id=code) for code, (wrong, text) in problems.items() if wrong]


@register()
def single_sign_on_is_safe(app_configs, **kwargs):
    """The provider is reached over TLS, and nobody is locked out of a portal that has none."""
    oidc = settings.OIDC
    plain = bool(oidc) and not oidc["issuer"].startswith("https://") and not settings.TESTING
    problems = {
        "formulary.E009": (plain, "FORMULARY_OIDC_ISSUER must begin with https://."),
        "formulary.E010": (
            bool(oidc) and not (oidc["client_id"] and oidc["secret"]),
            "FORMULARY_OIDC_CLIENT_ID and FORMULARY_OIDC_CLIENT_SECRET (or _FILE) are needed with FORMULARY_OIDC_ISSUER.",
        ),
        "formulary.E011": (
            not oidc and not settings.LOCAL_LOGIN,
            "FORMULARY_LOCAL_LOGIN is off and no FORMULARY_OIDC_ISSUER is named: nobody could sign in.",
        ),
        "formulary.E012": (bool(oidc) and not oidc["roles"], "FORMULARY_OIDC_ROLES is empty: nobody would get a role."),
    }
    return [Error(text, id=code) for code, (wrong, text) in problems.items() if wrong]
