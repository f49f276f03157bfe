"""Recalls: whoever asked for, opened or was listed a result of a stopped version is told, and says that they know."""

from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q

from portal.access import notices, policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.core import clock, turns
from portal.predictions import queries
from portal.predictions.models import Acknowledgement, Prediction, Recall
from portal.predictions.retraction import SHOWING
from portal.predictions.states import PredictionState
from portal.registry.models import ModelVersion

# Lists that show answers, each written down under the patients on it.
_LISTING = ("prediction.listed", "prediction.worklist-seen")
# How often the keeper looks for stops, in seconds.
PAUSE = 10.0


@dataclass(frozen=True)
class Overview:
    """A recall as the committee sees it: who knows already, and on which wards the patients lie now."""

    recall: Recall
    people: list[Acknowledgement]
    wards: list[tuple[str, int]]

    @property
    def known(self) -> int:
        """How many people have said that they know."""
        return sum(person.at is not None for person in self.people)


@dataclass(frozen=True)
class Told:
    """A recall as one person is told of it, with those of its results that they may open now."""

    acknowledgement: Acknowledgement
    results: list[queries.PredictionView]


def _rows():
    return Recall.objects.select_related("version__model", "version__stopped_by")


def _told_rows():
    return Acknowledgement.objects.select_related("recall__version__model", "recall__version__stopped_by")


def sweep(*, by) -> int:
    """A duty of the keeper: begin the recalls of versions that were stopped; returns how many."""
    return sum(begin(by=by, on=version) for version in _unrecalled(by=by))


@action(Permission.MODEL_STOP, verb="recall.sought")
def _unrecalled(*, by, on=None) -> list[ModelVersion]:
    event().skip()
    return list(_stopped_alone(ModelVersion.objects).order_by("pk"))


def _stopped_alone(rows):
    known = Recall.objects.filter(version=OuterRef("pk"), stopped_at=OuterRef("stopped_at"))
    return rows.filter(~Exists(known), stopped_at__isnull=False)


def to_begin(by) -> list[ModelVersion]:
    """The stopped versions whose recall the keeper begins within seconds, the last stopped first."""
    rows = _stopped_alone(ModelVersion.objects.select_related("model"))
    return list(policy.visible_to(rows, by, Permission.MODEL_REVIEW).order_by("-stopped_at"))


@action(Permission.NOTICE_READ, verb="recall.owed")
def open_duties(*, by, on=None) -> list[Acknowledgement]:
    """The recalls of which this person has not yet said that they know, the newest first; a part of their notices: no event."""
    event().skip()
    rows = policy.visible_to(_told_rows(), by, Permission.NOTICE_READ)
    return list(rows.filter(person_id=by.pk, at__isnull=True).order_by("-pk"))


@action(Permission.MODEL_STOP, verb="recall.begun", on=ModelVersion)
def begin(*, by, on) -> bool:
    """Write down whom the stop of a version concerns and tell them; False when that was done, or the version runs again."""
    turns.take(on)
    if on.stopped_at is None or Recall.objects.filter(version=on, stopped_at=on.stopped_at).exists():
        event().skip()
        return False
    results = _results(on)
    counted = results.aggregate(results=Count("pk"), patients=Count("patient", distinct=True))
    recall = Recall.objects.create(version=on, stopped_at=on.stopped_at, **counted)
    people = list(_concerned(results))
    made = Acknowledgement.objects.bulk_create(Acknowledgement(recall=recall, person=person) for person in people)
    for acknowledgement in made:
        notices.tell([acknowledgement.person], "model-stopped", acknowledgement.public_id)
    event().note(model=on.model.slug, version=on.number, people=len(people), **counted)
    return True


@action(Permission.MODEL_REVIEW, verb="recall.listed")
def list_recalls(*, by, on=None) -> list[Recall]:
    """The recalls, newest first, each with `known` of `people` who said that they know."""
    known = Count("acknowledgements", filter=Q(acknowledgements__at__isnull=False))
    rows = policy.visible_to(_rows(), by, Permission.MODEL_REVIEW)
    found = list(rows.annotate(people=Count("acknowledgements"), known=known).order_by("-id")[:200])
    event().note(shown=len(found))
    return found


@action(Permission.MODEL_REVIEW, verb="recall.opened", on=Recall, rows=_rows)
def open_recall(*, by, on) -> Overview:
    """One recall with its people and wards; patients are counted, not named: the committee has no right to their records."""
    people = list(on.acknowledgements.select_related("person").order_by(F("at").asc(nulls_first=True), "pk"))
    wards = _results(on.version).filter(patient__isnull=False).order_by()
    counted = wards.values_list("patient__care_unit__name").annotate(patients=Count("patient", distinct=True))
    return Overview(on, people, sorted((name or "on no ward now", number) for name, number in counted))


@action(Permission.NOTICE_READ, verb="recall.read", on=Acknowledgement, rows=_told_rows)
def open_told(*, by, on) -> Told:
    """What a person has to know of a recall, with the results that they may open."""
    rows = _results(on.recall.version, queries.related())
    found = list(policy.visible_to(rows, by, Permission.PREDICTION_READ).order_by("-pk")[:200])
    event().note(results=len(found))
    event().each_patient_id({row.audit_patient for row in found} - {""})
    return Told(on, queries.views_of(found, by))


@action(Permission.NOTICE_READ, verb="recall.acknowledged", on=Acknowledgement, rows=_told_rows)
def acknowledge(*, by, on) -> None:
    """Say that one knows; the first time counts."""
    turns.take(on)
    if on.at:
        event().skip()
        return
    on.at = clock.now()
    on.save(update_fields=("at",))
    notices.seen(by, on.public_id)
    event().note(model=on.recall.version.model.slug, version=on.recall.version.number)


def _results(version: ModelVersion, rows=None):
    rows = Prediction.objects if rows is None else rows
    return rows.filter(queries.COUNTS, version=version, outcome=PredictionState.SUCCEEDED)


def _concerned(results):
    """Whoever asked for one of these results, opened one, or had a list of that patient before them since; by the ledger."""
    opened = Q(object_id__in=results.values("public_id"), verb__in=SHOWING)
    whose = Q(patient__public_id=OuterRef("patient")) | Q(patient__merged_into__public_id=OuterRef("patient"))
    by_then = results.filter(whose, ended_at__lte=OuterRef("recorded_at"))
    listed = Q(Exists(by_then), verb__in=_LISTING)
    seen = AuditEvent.objects.filter(opened | listed, outcome="ok").values("actor_id")
    told = Q(pk__in=results.values("requested_by")) | Q(public_id__in=seen)
    return User.objects.filter(told, is_active=True).order_by("pk")
