"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
from portal import celery  # noqa: E402, F401  (tasks are sent through the portal's own Celery application)
from portal.core.start import refuse_unsafe  # noqa: E402

application = get_wsgi_application()
refuse_unsafe()
