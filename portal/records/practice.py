"""The practice ward: invented patients whom every clinician may run approved models for, and who count nowhere."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Min

from portal.access.action import action, event
from portal.access.actors import SYSTEM
from portal.access.permissions import Permission
from portal.audit.purposes import TEST
from portal.core import clock
from portal.records import imports, invented, queries
from portal.records.models import Patient

# Values that grow older than this are measured anew, so that the ward stays fit to practise on.
RENEWED_AFTER = timedelta(days=30)


@dataclass(frozen=True)
class Lesson:
    """A patient to practise on, and what there is to learn from them."""

    patient: queries.PatientSummary
    shows: str


@action(Permission.RECORD_IMPORT, verb="practice.prepared")
def prepare(*, by, on=None) -> bool:
    """Make the practice patients, or bring their values up to today; False when there is nothing to do."""
    event().draft.purpose = TEST
    known = Patient.objects.filter(practice=True).aggregate(number=Count("pk"), oldest=Min("changed_at"))
    there = known["number"] >= len(invented.PEOPLE) and clock.now() - known["oldest"] < RENEWED_AFTER
    if there:
        event().skip()
        return False
    report = imports.Report()
    imports.import_source(by=SYSTEM, source=invented.source(clock.record_day()), report=report, practice=True)
    event().note(created=report.created, updated=report.updated)
    return True


@action(Permission.PREDICTION_RUN, verb="practice.opened")
def open_ward(*, by, on=None) -> list[Lesson]:
    """The patients to practise on; they are made now when nobody has made them yet."""
    event().draft.purpose = TEST
    _prepare_once()
    rows = {row.person["mrn"]: queries.summary(row) for row in queries.with_ward().filter(practice=True)}
    found = [Lesson(rows[one.mrn], one.shows) for one in invented.PEOPLE if one.mrn in rows]
    event().each_patient(lesson.patient for lesson in found)
    return found


def _prepare_once() -> None:
    try:
        with transaction.atomic():
            prepare(by=SYSTEM)
    except IntegrityError:
        # Somebody else opened the ward at the same moment and made the patients.
        return
