"""The WSGI entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
from portal import celery  # noqa: E402, F401  (tasks are sent through the portal's own Celery application)
from portal.core.start import refuse_unsafe  # noqa: E402

application = get_wsgi_application()
refuse_unsafe()

# What is loaded by now stays for good: the collector need not walk through it at every turn.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
