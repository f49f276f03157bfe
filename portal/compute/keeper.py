"""The keeper: a small loop beside the workers that seals the ledger, watches over it and finds lost jobs."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection

from portal.access.actions import seal_ledger
from portal.access.actors import SYSTEM
from portal.access.ledger import sign_head
from portal.access.post import mail
from portal.access.settling import settle
from portal.access.watch import Watch, check_ledger
from portal.compute.actions import reconcile
from portal.records.overrides import tell_leads

logger = logging.getLogger(__name__)
_MORE: list[tuple[Callable, float]] = []


def register(duty: Callable, pause: float) -> None:
    """Add a duty of an upper app, called as `duty(by=SYSTEM)` every `pause` seconds."""
    _MORE.append((duty, pause))


def keep(stopped: Callable[[], bool]) -> None:
    """Do each duty in its rhythm until told to stop; a database that is away is tried again."""
    watch, night = Watch(), _Night()
    duties = (
        (seal_ledger, 0.5),
        (reconcile, 1.0),
        (mail, 10.0),
        (settle, 20.0),
        (tell_leads, 300.0),
        (watch.sign_daily, 60.0),
        (watch.look_at_lag, 15.0),
        (lambda *, by: night.fall(watch, by=by), 30.0),
        *_MORE,
    )
    due = dict.fromkeys((duty for duty, _ in duties), 0.0)
    while not stopped():
        for duty, pause in duties:
            if time.monotonic() >= due[duty]:
                due[duty] = time.monotonic() + pause
                _attempt(duty)
        time.sleep(0.1)
    for duty in (seal_ledger, sign_head):
        _attempt(duty)


class _Night:
    """The nightly check, beside the loop: sealing goes on while it reads."""

    def __init__(self):
        self._thread: threading.Thread | None = None

    def fall(self, watch: Watch, *, by) -> None:
        if (self._thread is None or not self._thread.is_alive()) and watch.check_is_due():
            self._thread = threading.Thread(target=self._check, args=(by,), daemon=True)
            self._thread.start()

    def _check(self, by) -> None:
        try:
            check_ledger(by=by)
        except DatabaseError:
            logger.warning("The database went away during the nightly check; it is begun again.")
        finally:
            connection.close()


def _attempt(duty: Callable) -> None:
    try:
        duty(by=SYSTEM)
    except DatabaseError:
        logger.warning("The database does not answer; a duty of the keeper is tried again.")
        close_old_connections()
    except Exception:
        # Sealing must go on whatever happens to a head's folder or a mail server.
        logger.exception("A duty of the keeper failed; the others go on.")
