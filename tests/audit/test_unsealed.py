"""An event that goes before any seal saw it is missed by the one that the same thread writes next."""

from threading import Thread

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from portal.access import actions
from portal.access.actors import SYSTEM
from portal.audit import log, threads, triggers, verify
from portal.audit.models import AuditEvent
from portal.core import guard

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]


class Undone(Exception):
    pass


def write(*verbs: str, undone: bool = False) -> list[int]:
    """One transaction of some events; the positions they got."""
    try:
        with guard.unlocked(), transaction.atomic():
            log.write([log.Draft(verb=verb) for verb in verbs])
            places = list(AuditEvent.objects.order_by("-id").values_list("id", flat=True)[: len(verbs)])
            if undone:
                raise Undone
    except Undone:
        return []
    return sorted(places)


def remove(*places: int) -> None:
    with guard.unlocked():
        triggers.drop(connection)
        with connection.cursor() as cursor:
            for place in places:
                cursor.execute("DELETE FROM audit_auditevent WHERE id = %s", [place])
        triggers.install(connection)


def test_an_event_removed_before_its_seal_is_named():
    write("study.opened")
    (place,) = write("patient.opened")
    remove(place)
    (after,) = write("study.opened")
    actions.seal_ledger(by=SYSTEM)

    verdict = verify.verify()
    assert verdict.position == place
    assert verdict.fault.startswith(f"Event {place} is missing: event {after} ")


def test_it_is_named_while_nothing_is_sealed_at_all():
    (place,) = write("patient.opened")
    remove(place)
    write("study.opened")

    assert verify.verify().position == place


def test_a_row_out_of_one_statement_is_named():
    first, middle, last = write("patient.listed", "patient.listed", "patient.listed")
    remove(middle)

    assert verify.verify().position == middle


def test_what_was_rolled_back_is_not_missed():
    write("study.opened")
    write("patient.opened", undone=True)
    write("study.opened")
    actions.seal_ledger(by=SYSTEM)

    assert verify.verify().fault == ""


def test_another_thread_s_events_are_named_by_that_thread():
    removed = []

    def work():
        (place,) = write("patient.opened")
        remove(place)
        removed.append(place)
        write("study.opened")
        connection.close()

    write("study.opened")
    thread = Thread(target=work)
    thread.start()
    thread.join()
    write("study.opened")

    assert verify.verify().position == removed[0]


def test_the_last_event_of_a_thread_that_writes_no_more_is_the_one_that_nothing_names():
    (place,) = write("patient.opened")
    remove(place)
    threads.forget()
    write("study.opened")
    actions.seal_ledger(by=SYSTEM)

    assert verify.verify().fault == ""


steps = st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), min_size=1, max_size=8)


@hypothesis(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, gone=st.integers(0, 30))
def test_whatever_was_committed_is_missed_and_nothing_else(steps, gone):
    actions.seal_ledger(by=SYSTEM)
    made = []
    for count, undone, sealed in steps:
        made += write(*["patient.listed"] * count, undone=undone)
        if sealed:
            actions.seal_ledger(by=SYSTEM)
    write("study.opened")
    assert verify.verify().fault == ""
    if made:
        place = made[gone % len(made)]
        with guard.unlocked(), pytest.raises(Undone), transaction.atomic():
            triggers.drop(connection)
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM audit_auditevent WHERE id = %s", [place])
            assert verify.verify().position == place
            raise Undone
