"""What a worker does with a job: claim, perform outside any transaction, settle; a heartbeat keeps the lease."""

import logging
import threading
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from portal.access.actors import SYSTEM
from portal.compute import actions
from portal.compute.executors import EXECUTORS, Ended

logger = logging.getLogger(__name__)


def run(job_id: str) -> None:
    """Take a job through its three steps; losing the race or the lease ends quietly."""
    lease = actions.claim(by=SYSTEM, on=job_id)
    if lease is None:
        return
    with _heartbeat(lease):
        ended = _perform(lease)
    actions.settle(by=SYSTEM, on=job_id, holder=lease.holder, ended=ended)


def _perform(lease: actions.Lease) -> Ended:
    try:
        return EXECUTORS[lease.kind].perform(lease.order)
    except Exception:
        logger.exception("Job %s failed on our side.", lease.job)
        return Ended(ok=False, reason="error")


@contextmanager
def _heartbeat(lease: actions.Lease):
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(lease, done), daemon=True)
    beat.start()
    try:
        yield
    finally:
        done.set()


def _beat(lease: actions.Lease, done: threading.Event) -> None:
    pause = settings.JOB_LEASE_SECONDS / 3
    try:
        while not done.wait(pause):
            if not actions.renew(by=SYSTEM, on=lease.job, holder=lease.holder):
                return
    finally:
        connection.close()
