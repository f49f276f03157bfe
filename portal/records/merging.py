"""Whose record was merged into whose, worked out anew from what the records say of each other (docs/adr/0012).

A record is merged when it says that it is replaced, or when another says that it replaces it and it does not say
that it is in use. Chains lead to their end; a circle merges nobody. What is said decides, never the order it came in.
"""

from dataclasses import dataclass, field

from django.db.models import Q

from portal.core import clock
from portal.records.models import Patient, PatientLink, Standing

REPLACED_BY, REPLACES = "replaced-by", "replaces"
CIRCLE = "Patient.link leads in a circle, so none of these records is merged. Mend the links at their source."


@dataclass
class Settled:
    """What changed: each patient with the record it was part of before; and whether links led in a circle."""

    changed: list[tuple[Patient, int | None]] = field(default_factory=list)
    circle: bool = False


def say(patient: Patient, links: set[tuple[str, str]]) -> None:
    """Keep what a record says of others."""
    known = {(row.kind, row.target_index): row.pk for row in PatientLink.objects.filter(patient=patient)}
    PatientLink.objects.filter(pk__in=[known[link] for link in known.keys() - links]).delete()
    PatientLink.objects.bulk_create(
        PatientLink(patient=patient, kind=kind, target_index=target) for kind, target in sorted(links - known.keys())
    )


def settle(patients: list[Patient]) -> Settled:
    """Bring the standing of these patients, and of all that are linked with them, in line with what is said."""
    around, links = _around(patients)
    heirs = {pk: _heir(patient, around, links) for pk, patient in around.items()}
    settled = Settled()
    ends = {pk: _end(pk, heirs, settled) for pk in around}
    absorbing = set(filter(None, ends.values()))
    for pk, patient in sorted(around.items()):
        before = patient.merged_into_id
        if _apply(patient, ends[pk], pk in absorbing) and before != ends[pk]:
            settled.changed.append((patient, before))
    return settled


def _around(patients: list[Patient]) -> tuple[dict[int, Patient], list[PatientLink]]:
    found: dict[int, Patient] = {}
    links: dict[int, PatientLink] = {}
    edge = patients
    while edge:
        found |= {patient.pk: patient for patient in edge}
        indexes = [patient.source_index for patient in edge]
        said = PatientLink.objects.filter(Q(patient__in=edge) | Q(target_index__in=indexes)).order_by("pk")
        fresh = {link.pk: link for link in said if link.pk not in links}
        links |= fresh
        near = Q(source_index__in={link.target_index for link in fresh.values()})
        near |= Q(pk__in={link.patient_id for link in fresh.values()} | {patient.merged_into_id for patient in edge})
        near |= Q(merged_into__in=[patient.pk for patient in edge if patient.absorbs])
        edge = list(Patient.objects.filter(near).exclude(pk__in=found)) if fresh or _joined(edge) else []
    return found, list(links.values())


def _joined(patients: list[Patient]) -> bool:
    return any(patient.absorbs or patient.merged_into_id for patient in patients)


def _heir(patient: Patient, around: dict[int, Patient], links: list[PatientLink]) -> int | None:
    # Nobody real is merged with somebody to practise on.
    alike = [row for row in around.values() if row.practice == patient.practice]
    standing = {row.source_index: row for row in alike if row.removed_at is None}
    if patient.source_index not in standing:
        return None
    own = [link.target_index for link in links if (link.patient_id, link.kind) == (patient.pk, REPLACED_BY)]
    said = sorted(index for index in own if index in standing)
    if not own and patient.active is not True:
        others = [link for link in links if (link.target_index, link.kind) == (patient.source_index, REPLACES)]
        said = sorted(index for link in others if (index := around[link.patient_id].source_index) in standing)
    return standing[said[0]].pk if said else None


def _end(pk: int, heirs: dict[int, int | None], settled: Settled) -> int | None:
    seen, at = {pk}, heirs[pk]
    while at is not None and heirs[at] is not None:
        if at in seen:
            settled.circle = True
            return None
        seen.add(at)
        at = heirs[at]
    return at


def _apply(patient: Patient, end: int | None, absorbs: bool) -> bool:
    facts = {"merged_into_id": end, "absorbs": absorbs, "standing": _standing(patient, end)}
    if all(getattr(patient, name) == value for name, value in facts.items()):
        return False
    if end != patient.merged_into_id:
        facts["merged_at"] = clock.now() if end else None
    for name, value in facts.items():
        setattr(patient, name, value)
    patient.save(update_fields=[name.removesuffix("_id") for name in facts])
    return True


def _standing(patient: Patient, end: int | None) -> str:
    if patient.removed_at:
        return Standing.REMOVED
    if end:
        return Standing.MERGED
    return Standing.INACTIVE if patient.active is False else Standing.CURRENT
