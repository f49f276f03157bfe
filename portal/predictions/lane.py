"""Asking for a run and waiting for it: answered at once in the fast lane, or followed while a worker has it (ADR 6)."""

import time
from threading import BoundedSemaphore

from django.conf import settings
from django.db import IntegrityError

from portal.compute.models import Job
from portal.compute.states import FINAL
from portal.predictions import actions
from portal.predictions.queries import PredictionView

_PAUSE, _LONGEST_PAUSE = 0.002, 0.1
# Waiting holds a thread of the web server: however many ask to wait, some threads stay free for everybody else.
_waiting = BoundedSemaphore(settings.WAITING_THREADS)


def ask(*, by, on, within: float, **asked) -> PredictionView:
    """Accept a run and answer when it ended or `within` seconds are over, whichever comes first.

    When too many wait already, the answer comes at once and says that the run is accepted.
    """
    until = time.monotonic() + within
    accepted = _accept(by=by, on=on, within=within, **asked)
    if accepted.view:
        return accepted.view
    if _waiting.acquire(blocking=False):
        try:
            _wait(accepted.prediction, until)
        finally:
            _waiting.release()
    return actions.answer(by=by, on=accepted.prediction)


def _accept(**asked) -> actions.Accepted:
    try:
        return actions.request(**asked)
    except IntegrityError:
        # Another call with the same key came in at the same moment: this one finds what that one made.
        return actions.request(**asked)


def _wait(prediction: str, until: float) -> None:
    # The job's row is free to read; the sealed result is opened once, when it is there.
    pause = _PAUSE
    while time.monotonic() < until:
        if Job.objects.filter(subject=prediction, kind="prediction", state__in=FINAL).exists():
            return
        time.sleep(pause)
        pause = min(pause * 1.2, _LONGEST_PAUSE)
