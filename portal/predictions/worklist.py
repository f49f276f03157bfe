"""My patients with their newest results, what is due again, and which model to run from the list."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Max
from django.db.models.functions import Coalesce

from portal.access import policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.predictions import news, queries
from portal.predictions.models import Correction, Prediction
from portal.predictions.news import Newest
from portal.predictions.states import PredictionState
from portal.records import actions as records
from portal.records import sharing
from portal.records.models import Mark, Patient
from portal.records.queries import PatientSummary, about
from portal.registry.models import ModelVersion
from portal.registry.spec import form_of

ALL, DUE, MARKED = "all", "due", "marked"
NAME, NEWEST = "name", "newest"
SHOWS, SORTS = (ALL, DUE, MARKED), (NAME, NEWEST, DUE)
AT_ONCE = 60
LATELY, HABIT = timedelta(days=60), 3


@dataclass(frozen=True)
class Line:
    """One patient of a worklist; `newest` is the newest result that stands, `due` when its model's inputs are newer."""

    patient: PatientSummary
    marked: bool
    newest: queries.PredictionView | None
    due: bool
    given: sharing.Given | None = None


@dataclass(frozen=True)
class Worklist:
    """The lines that are shown, how many there are of each kind and more of this kind; `habit` is the model one runs."""

    lines: list[Line]
    counts: dict[str, int]
    more: int
    habit: str


@dataclass(frozen=True)
class _Known:
    """What stands about one patient without opening anything: the newest result's key and moment."""

    marked: bool
    prediction: int | None
    at: datetime | None
    due: bool


@action(Permission.PREDICTION_READ, verb="prediction.worklist-seen")
def open_list(*, by, on=None, search="", show=ALL, sort=NAME, shown=AT_ONCE) -> Worklist:
    """The patients one may list, by ward, those that one marked first; only the lines that are shown are opened."""
    known: dict[str, _Known] = {}
    counts: dict[str, int] = {}

    def choose(found: list[PatientSummary]) -> list[PatientSummary]:
        known.update(_known(by, [patient.public_id for patient in found]))
        kinds = {ALL: found, DUE: [p for p in found if known[p.public_id].due]}
        kinds[MARKED] = [patient for patient in found if known[patient.public_id].marked]
        counts.update({kind: len(patients) for kind, patients in kinds.items()})
        ordered = sorted(kinds[show], key=lambda patient: _place(patient, known[patient.public_id], sort))
        return ordered[:shown]

    patients = records.list_patients(by=by, search=search, choose=choose)
    newest = _views(by, [known[patient.public_id].prediction for patient in patients])
    event().note(results=len(newest))
    event().each_patient(patient for patient in patients if patient.public_id in newest)
    if not newest:
        event().skip()
    given = sharing.given_to(by, [patient.public_id for patient in patients])
    lines = [
        replace(
            _line(patient, known[patient.public_id], newest.get(patient.public_id)), given=given.get(patient.public_id)
        )
        for patient in patients
    ]
    return Worklist(lines, counts, counts.get(show, 0) - len(lines), _habit(by))


def open_worklist(*, by, search="") -> list[Line]:
    """The lines of everybody one may list."""
    return open_list(by=by, search=search, shown=None).lines


def first_choice(runnable: list[ModelVersion], habit: str = "") -> ModelVersion | None:
    """What a list offers for whoever has no result yet: what one runs, else what the record can answer alone, if any."""
    chosen = next((version for version in runnable if version.model.slug == habit), None)
    alone = (version for version in runnable if answers_alone(version))
    return chosen or next(alone, next(iter(runnable), None))


def answers_alone(version: ModelVersion) -> bool:
    """Whether the record can fill all that the model needs."""
    return all(field.record for field in form_of(version).fields if field.asked and field.required)


def _habit(by) -> str:
    """The model that one has run most in the last weeks; a few runs are no habit, and a button must not change at once."""
    since = clock.now() - LATELY
    own = Prediction.objects.filter(queries.COUNTS, requested_by_id=by.pk, created_at__gte=since).order_by()
    runs = own.values_list("version__model__slug").annotate(runs=Count("pk")).filter(runs__gte=HABIT)
    return next((slug for slug, _ in runs.order_by("-runs", "version__model__slug")), "")


def _place(patient: PatientSummary, known: _Known, sort: str) -> tuple:
    moment = -known.at.timestamp() if known.at else 0
    key = {NAME: (), NEWEST: (known.at is None, moment), DUE: (not known.due, moment)}[sort]
    return patient.ward, not known.marked, *key, patient.name.casefold()


def _line(patient: PatientSummary, known: _Known, newest: queries.PredictionView | None) -> Line:
    return Line(patient, known.marked, newest, newest is not None and known.due)


def _known(by, ids: list[str]) -> dict[str, _Known]:
    marked, changed, newest = _marked(by, ids), _changed(ids), _newest(by, ids)
    marks = Correction.objects.filter(prediction__in=[f.prediction for f in newest.values()], lifted_at__isnull=True)
    corrected = set(marks.values_list("prediction", flat=True))
    due = news.due({patient: found for patient, found in newest.items() if changed[patient] > found.at})
    due |= {patient for patient, found in newest.items() if found.prediction in corrected}
    nothing = {patient: _Known(patient in marked, None, None, False) for patient in ids}
    return nothing | {
        patient: _Known(patient in marked, found.prediction, found.at, patient in due)
        for patient, found in newest.items()
    }


def _newest(by, ids: list[str]) -> dict[str, Newest]:
    standing = Prediction.objects.filter(
        about(ids),
        outcome=PredictionState.SUCCEEDED, retracted_at__isnull=True,
    )  # fmt: skip
    root = Coalesce("patient__merged_into", "patient")
    last = standing.order_by().values(root=root).annotate(last=Max("pk")).values("last")
    rows = policy.visible_to(Prediction.objects.order_by(), by, Permission.PREDICTION_READ).filter(pk__in=last)
    whose = Coalesce("patient__merged_into__public_id", "patient__public_id")
    return {patient: Newest(*found) for patient, *found in rows.values_list(whose, "pk", "created_at", "version")}


def _views(by, keys: list[int | None]) -> dict[str, queries.PredictionView]:
    rows = policy.visible_to(queries.related(), by, Permission.PREDICTION_READ).filter(pk__in=filter(None, keys))
    # A list shows answers alone: what went in, and why something was retracted, is not decrypted for it.
    rows = rows.defer("inputs", "retraction_words")
    return {view.patient.public_id: view for view in queries.views_of(list(rows), by, brief=True)}


def _changed(ids: list[str]) -> dict[str, datetime]:
    return dict(Patient.objects.filter(public_id__in=ids).values_list("public_id", "changed_at"))


def _marked(by, ids: list[str]) -> set[str]:
    rows = Mark.objects.filter(person_id=by.pk, patient__public_id__in=ids)
    return set(rows.values_list("patient__public_id", flat=True))
