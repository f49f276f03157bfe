"""The Celery application; jobs travel as ids alone."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _refuse_unsafe(**kwargs):
    from django.core.exceptions import ImproperlyConfigured

    from portal.core.start import refuse_unsafe

    try:
        refuse_unsafe()
    except ImproperlyConfigured as problem:
        # Celery logs what its signals raise and goes on; only this ends the worker.
        raise SystemExit(str(problem)) from None


@worker_process_init.connect
def _forget_inherited_connections(**kwargs):
    from django.db import connections

    connections.close_all()


@worker_ready.connect
def _say_ready(**kwargs):
    note = os.environ.get("FORMULARY_WORKER_READY")
    if note:
        Path(note).touch()
