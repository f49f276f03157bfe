"""The keeper: a small loop beside the workers that seals the ledger and finds lost jobs."""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections

from portal.access.actions import seal_ledger
from portal.access.actors import SYSTEM
from portal.access.notices import mail
from portal.access.settling import settle
from portal.compute.actions import reconcile

logger = logging.getLogger(__name__)
DUTIES: tuple[tuple[Callable, float], ...] = ((seal_ledger, 0.5), (reconcile, 1.0), (settle, 20.0), (mail, 10.0))


def keep(stopped: Callable[[], bool]) -> None:
    """Do each duty in its rhythm until told to stop; a database that is away is tried again."""
    due = dict.fromkeys((duty for duty, _ in DUTIES), 0.0)
    while not stopped():
        for duty, pause in DUTIES:
            if time.monotonic() >= due[duty]:
                due[duty] = time.monotonic() + pause
                _attempt(duty)
        time.sleep(0.1)


def _attempt(duty: Callable) -> None:
    try:
        duty(by=SYSTEM)
    except DatabaseError:
        logger.warning("The database does not answer; %s is tried again.", duty.__name__)
        close_old_connections()
