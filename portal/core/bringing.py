"""Settings of bringing models in: what may come, from where their software comes, and how long that may take."""

from portal.core.env import envbool, envint, envstr

__all__ = ["ALLOW_PICKLE", "ENVIRONMENT_SECONDS", "MODEL_MAX_BYTES", "MODEL_MAX_FILES", "MODEL_SECONDS", "WHEELS"]

# A folder of wheels from which environments of models are built without a network; empty: what pip is set up for.
WHEELS = envstr("FORMULARY_WHEELS")
MODEL_MAX_BYTES = envint("FORMULARY_MODEL_MAX_MB", 1024) * 1024 * 1024
MODEL_MAX_FILES = envint("FORMULARY_MODEL_MAX_FILES", 2000)
ENVIRONMENT_SECONDS = envint("FORMULARY_ENVIRONMENT_SECONDS", 1800)
MODEL_SECONDS = envint("FORMULARY_MODEL_SECONDS", 90)
ALLOW_PICKLE = envbool("FORMULARY_ALLOW_PICKLE", True)
