"""Which results are due again: the record learnt something after them that their model asks for."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max
from django.db.models.functions import Coalesce

from portal.records.models import Condition, Encounter, Observation
from portal.records.queries import about
from portal.registry.models import ModelVersion
from portal.registry.spec import form_of


@dataclass
class Asked:
    """What a model takes from the record: codes of measurements and problems, and whether it counts stays."""

    codes: dict[type, set[str]] = field(default_factory=lambda: {Observation: set(), Condition: set()})
    stays: bool = False


@dataclass(frozen=True)
class Newest:
    """The newest result that stands of one patient."""

    prediction: int
    at: datetime
    version: int


def due(newest: dict[str, Newest]) -> set[str]:
    """Of patients with their newest results, those about whom something that the model asks for is newer."""
    versions = ModelVersion.objects.filter(pk__in={found.version for found in newest.values()})
    asked = {version.pk: asked_by(version) for version in versions}
    late: set[str] = set()
    for model in (Observation, Condition):
        codes = set().union(*(wanted.codes[model] for wanted in asked.values()))
        for patient, code, at in _stored(model, newest, code__in=codes) if codes else ():
            known = newest[patient]
            late |= {patient} if code in asked[known.version].codes[model] and at > known.at else set()
    counting = {patient: known for patient, known in newest.items() if asked[known.version].stays}
    late |= {patient for patient, _, at in _stored(Encounter, counting) if at > counting[patient].at}
    return late


def asked_by(version: ModelVersion) -> Asked:
    """What a version's form is filled with from the record."""
    found = Asked()
    for question in form_of(version).fields:
        record = question.record if question.asked else None
        kind, codes = (record.get("kind"), record.get("codes", ())) if record else ("", ())
        found.codes[Observation].update(codes if kind == "observation" else ())
        found.codes[Condition].update(codes if kind == "condition" else ())
        found.stays |= kind == "encounters"
    return found


def _stored(model, newest: dict[str, Newest], **narrower) -> list[tuple[str, str, datetime]]:
    """Patient, code and the moment when something of that code last came in, since the oldest of the results."""
    if not newest:
        return []
    since = min(known.at for known in newest.values())
    rows = model.objects.filter(about(newest), stored_at__gt=since, removed_at__isnull=True, **narrower).order_by()
    whose = Coalesce("patient__merged_into__public_id", "patient__public_id")
    return list(rows.values_list(whose, "code").annotate(last=Max("stored_at")))
