"""All settings, from the environment alone; unsafe values refuse to start (see portal.core.checks)."""

import json
from datetime import date
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from portal.core.bringing import *  # noqa: F403 (settings of bringing models in, kept in a file of their own)
from portal.core.env import envbool, envint, envstr
from portal.core.keys import load_keys
from portal.core.logs import logging_config
from portal.core.sign_in import *  # noqa: F403 (settings of signing in, kept in a file of their own)

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(envstr("FORMULARY_DATA", str(ROOT / ".formulary"))).resolve()
MODE = envstr("FORMULARY_MODE", "embedded")
if MODE not in {"embedded", "production", "test"}:
    raise ImproperlyConfigured(f"FORMULARY_MODE is “{MODE}”; allowed are embedded, production and test.")
PRODUCTION = MODE == "production"

_note = DATA / "demo.json"
_demo = json.loads(_note.read_text()) if _note.exists() and not PRODUCTION else {}
DEMO = bool(_demo)
AS_OF = date.fromisoformat(_demo["as_of"]) if _demo.get("as_of") else None

SECRET_KEY, PHI_KEYS, INDEX_KEY, LEDGER_KEY, HEAD_KEY, SIGNING_KEYS = load_keys(
    DATA / "keys", generate=not PRODUCTION
).values()

DEBUG = False
TESTING = MODE == "test"
_hosts = envstr("FORMULARY_HOSTS", "" if PRODUCTION else "127.0.0.1,localhost,[::1],testserver")
ALLOWED_HOSTS = [host.strip() for host in _hosts.split(",") if host.strip()]
# Where people open the portal; mails lead there. No trailing slash.
PORTAL_URL = envstr("FORMULARY_URL", f"https://{ALLOWED_HOSTS[0]}" if PRODUCTION and ALLOWED_HOSTS else "").rstrip("/")
CSRF_FAILURE_VIEW = "portal.web.home.from_elsewhere"
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if PRODUCTION else []

INSTALLED_APPS = [
    "portal.core",
    "portal.accounts",
    "portal.audit",
    "portal.access",
    "portal.studies",
    "portal.records",
    "portal.compute",
    "portal.datasets",
    "portal.registry",
    "portal.predictions",
    "portal.monitoring",
    "portal.web",
    "portal.api",
    "portal.demo",
    "portal.access.site.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "heroicons",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    *[name for name in envstr("FORMULARY_EXTRA_APPS").split(",") if name],
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.audit.middleware.ContextMiddleware",
    "portal.web.middleware.NoStoreMiddleware",
    "portal.web.middleware.ProblemMiddleware",
    "portal.web.sessions.SessionLimitMiddleware",
    "portal.web.sessions.SecondFactorMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.context.frame",
            ],
            "builtins": [
                "portal.core.templatetags.components",
                "portal.core.templatetags.charts",
                "portal.core.templatetags.learning",
                "portal.core.templatetags.scales",
                "portal.core.templatetags.icons",
                "django.templatetags.l10n",
            ],
        },
    },
]

DATABASES = {
    "default": dj_database_url.parse(
        envstr("DATABASE_URL", f"sqlite:///{DATA / 'portal.sqlite3'}"), conn_max_age=60, conn_health_checks=True
    )
}
SQLITE = "sqlite" in DATABASES["default"]["ENGINE"]
if not SQLITE:
    # PostgreSQL keeps the plans of statements that come again; a pooler that hands connections on may not allow it.
    _threshold = 2 if envbool("FORMULARY_PREPARED_STATEMENTS", True) else None
    DATABASES["default"]["OPTIONS"] = {"server_side_binding": True, "prepare_threshold": _threshold}
if SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
    if TESTING:
        DATABASES["default"]["TEST"] = {"NAME": str(DATA / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = envstr("REDIS_URL")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    # Files, not memory: a lock-out counts in every process.
    else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": DATA / "run" / "cache"}
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = (
    []
    if DEMO
    else [
        {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    ]
)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_PASSKEY_LOGIN_ENABLED = not DEMO

GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None

SESSION_COOKIE_AGE = envint("FORMULARY_SESSION_SECONDS", 12 * 3600)
SESSION_EXPIRE_AT_BROWSER_CLOSE = SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION and envbool("FORMULARY_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if envbool("FORMULARY_BEHIND_PROXY") else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if envbool("FORMULARY_BEHIND_PROXY") else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

_SELF = ["'self'"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": _SELF,
        "style-src": _SELF,
        "img-src": ["'self'", "data:"],
        "font-src": _SELF,
        "connect-src": _SELF,
        "form-action": _SELF,
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = envstr("FORMULARY_TIME_ZONE", "UTC")
USE_I18N = USE_TZ = True
DATE_FORMAT, DATETIME_FORMAT = "j M Y", "j M Y, H:i"
FORMAT_MODULE_PATH = "portal.core.formats"

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

RUN = DATA / "run"
HEADS = Path(envstr("FORMULARY_HEADS", str(DATA / "heads")))
HEADS_MAIL = envbool("FORMULARY_HEADS_MAIL")
AUDIT_CHECK_AT, CASES_AT = envstr("FORMULARY_AUDIT_CHECK_AT", "02:30"), envstr("FORMULARY_CASES_AT", "03:10")
ARTIFACTS = DATA / "artifacts"
ENVIRONMENTS = DATA / "environments"
DATASETS = DATA / "datasets"
DATASET_MAX_BYTES = envint("FORMULARY_DATASET_MAX_MB", 200) * 1024 * 1024
DATASET_MAX_ROWS = envint("FORMULARY_DATASET_MAX_ROWS", 1_000_000)
DATASET_MAX_COLUMNS = envint("FORMULARY_DATASET_MAX_COLUMNS", 200)
DATASET_MAX_CELLS = envint("FORMULARY_DATASET_MAX_CELLS", 10_000_000)
SIGNALS = DATA / "signals"
SIGNAL_MAX_BYTES = envint("FORMULARY_SIGNAL_MAX_MB", 8) * 1024 * 1024
DATASET_MEMORY_MB = envint("FORMULARY_DATASET_MEMORY_MB", 2048)
# The only one: no file that anybody sends to any address is ever written in clear.
FILE_UPLOAD_HANDLERS = ["portal.datasets.uploads.SealingUploadHandler"]
SCORER_SOCKET = Path(envstr("FORMULARY_SCORER_SOCKET", str(RUN / "scorer.sock")))
SCORER_MINIMUM = [word for word in envstr("FORMULARY_SCORER_MINIMUM", "rlimits,no_new_privs").split(",") if word]
# For code of a model's own: the outer wall is what keeps it from the network on every kernel.
SCORER_MINIMUM_CODE = ["bubblewrap"] if PRODUCTION else []
TRACKING_URI = envstr("MLFLOW_TRACKING_URI", "")
TRACKING_STORES = tuple(envstr("FORMULARY_TRACKING_STORES", "mlflow-artifacts:/").split(","))
# Within so many days after its submission a version should be decided, and so many days may pass without an owner.
REVIEW_DAYS = envint("FORMULARY_REVIEW_DAYS", 14)
OWNER_GRACE_DAYS = envint("FORMULARY_OWNER_GRACE_DAYS", 14)
STANDING_SECONDS = envint("FORMULARY_STANDING_SECONDS", 5)
JOB_LEASE_SECONDS, JOB_MAX_ATTEMPTS = envint("FORMULARY_JOB_LEASE_SECONDS", 8), envint("FORMULARY_JOB_MAX_ATTEMPTS", 3)
JOB_DEADLINE_HOURS = envint("FORMULARY_JOB_DEADLINE_HOURS", 24)
# How long a ward keeps reaching a patient before and after a stay; 0 ends it with the stay. In a demonstration the
# two wards share nobody, whatever records it is given.
RELATIONSHIP_DAYS = envint("FORMULARY_RELATIONSHIP_DAYS", 0 if DEMO else 30)
PREDICTIONS_A_DAY = envint("FORMULARY_PREDICTIONS_A_DAY", 500)
# The ward's last results as a locked file, for when the portal is away; 0 minutes writes none.
DOWNTIME = Path(envstr("FORMULARY_DOWNTIME", str(DATA / "downtime")))
DOWNTIME_MINUTES = envint("FORMULARY_DOWNTIME_MINUTES", 30)
# Of the web server's threads in each process (8 in the demonstration), how many may wait for an answer at once.
WAITING_THREADS = envint("FORMULARY_WAITING_THREADS", 4)

CELERY_BROKER_URL = REDIS_URL or "filesystem://"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 60}
    if REDIS_URL
    else {
        **dict.fromkeys(("data_folder_in", "data_folder_out"), str(RUN / "broker")),
        "control_folder": str(RUN / "broker-control"),
        "store_processed": False,
        "polling_interval": 0.02,
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER, CELERY_ACCEPT_CONTENT = "json", ["json"]
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = envint("FORMULARY_JOB_SECONDS", 120)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE, CELERY_TASK_PUBLISH_RETRY = "jobs", False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.WholeParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.problems.handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Formulary",
    "DESCRIPTION": "Approved models, the patients they are run for, and what they answered.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
}

LOGGING = logging_config(envstr("FORMULARY_LOG_LEVEL", "INFO"))
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
