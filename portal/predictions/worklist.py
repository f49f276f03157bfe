"""My patients with their newest results, and whether the record has changed since."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q
from django.db.models.functions import Coalesce

from portal.access import policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.predictions import queries
from portal.predictions.models import Prediction
from portal.predictions.states import PredictionState
from portal.records import actions as records
from portal.records.models import Mark, Patient
from portal.records.queries import PatientSummary


@dataclass(frozen=True)
class Line:
    """One patient of a worklist; `newest` is the newest result that stands, `due` when the record is newer than it."""

    patient: PatientSummary
    marked: bool
    newest: queries.PredictionView | None
    due: bool


@action(Permission.PREDICTION_READ, verb="prediction.worklist-seen")
def open_worklist(*, by, on=None, search="") -> list[Line]:
    """The patients one may list, those that one marked first in each ward."""
    shown = records.list_patients(by=by, search=search)
    ids = [patient.public_id for patient in shown]
    newest, changed, marked = _newest(by, ids), _changed(ids), _marked(by, ids)
    event().note(results=len(newest))
    event().each_patient(patient for patient in shown if patient.public_id in newest)
    if not newest:
        event().skip()
    lines = [_line(patient, newest, changed, marked) for patient in shown]
    return sorted(lines, key=lambda line: (line.patient.ward, not line.marked))


def _line(patient: PatientSummary, newest: dict, changed: dict[str, datetime], marked: set[str]) -> Line:
    result = newest.get(patient.public_id)
    due = result is not None and (changed[patient.public_id] > result.created_at or bool(result.corrections))
    return Line(patient, patient.public_id in marked, result, due)


def _newest(by, ids: list[str]) -> dict[str, queries.PredictionView]:
    standing = Prediction.objects.filter(
        Q(patient__public_id__in=ids) | Q(patient__merged_into__public_id__in=ids),
        outcome=PredictionState.SUCCEEDED, retracted_at__isnull=True,
    )  # fmt: skip
    root = Coalesce("patient__merged_into", "patient")
    last = standing.order_by().values(root=root).annotate(last=Max("pk")).values("last")
    rows = policy.visible_to(queries.related(), by, Permission.PREDICTION_READ).filter(pk__in=last)
    return {view.patient.public_id: view for view in queries.views_of(list(rows))}


def _changed(ids: list[str]) -> dict[str, datetime]:
    return dict(Patient.objects.filter(public_id__in=ids).values_list("public_id", "changed_at"))


def _marked(by, ids: list[str]) -> set[str]:
    rows = Mark.objects.filter(person_id=by.pk, patient__public_id__in=ids)
    return set(rows.values_list("patient__public_id", flat=True))
