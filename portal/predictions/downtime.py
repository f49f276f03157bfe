"""The downtime packet: each ward's last results in a file that opens without the portal, with the ward's password.

The file lies in settings.DOWNTIME, which a hospital copies to a machine on the ward. It is never written unlocked.
"""

import json
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q
from django.utils.text import slugify
from django.utils.timezone import localtime

from portal.access import policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock, days, paper, turns
from portal.core.problems import Conflict
from portal.predictions import queries
from portal.predictions.models import DowntimePacket, Prediction
from portal.predictions.states import PredictionState
from portal.records.models import CareUnit, Standing
from portal.records.queries import REAL, PatientSummary

logger = logging.getLogger(__name__)
DAYS, PAUSE = 30, 60.0
# Read aloud over a telephone at night: nothing that looks like something else. 79 bits.
_ALPHABET, _GROUPS = "23456789abcdefghjkmnpqrstuvwxyz", 4


@dataclass(frozen=True)
class Ward:
    """How the packet of a ward stands; `written_at` is None while there is none."""

    public_id: str
    name: str
    written_at: datetime | None
    patients: int
    locking: policy.Decision


@dataclass(frozen=True)
class Content:
    """What goes into a file, where it goes, and what opens it."""

    unit: str
    file: Path
    password: str
    values: dict


def write_due(*, by) -> int:
    """Write the packets that are older than they may be, or than a result of their ward; returns how many."""
    if not settings.DOWNTIME_MINUTES:
        return 0
    return sum(_write(by, unit) for unit in _due(by=by))


@action(Permission.DOWNTIME_READ, verb="downtime.overview-seen")
def overview(*, by, on=None) -> list[Ward]:
    """The packets of one's own wards; no patient is named, so nothing is written down."""
    event().skip()
    units = policy.visible_to(CareUnit.objects.order_by("name"), by, Permission.DOWNTIME_READ)
    packets = {packet.care_unit_id: packet for packet in DowntimePacket.objects.filter(care_unit__in=units)}
    return [_ward(by, unit, packets.get(unit.pk)) for unit in units]


@action(Permission.DOWNTIME_READ, verb="downtime.packet-taken", on=CareUnit)
def take(*, by, on) -> tuple[str, bytes]:
    """The name and the bytes of a ward's locked file."""
    try:
        return _file(on).name, _file(on).read_bytes()
    except FileNotFoundError:
        raise Conflict("The packet of this ward is not written yet. Come back in a minute.") from None


@action(Permission.DOWNTIME_READ, verb="downtime.password-shown", on=CareUnit)
def reveal(*, by, on) -> str:
    """The password that opens the ward's file."""
    return _packet(on).password


@action(Permission.DOWNTIME_LOCK, verb="downtime.password-changed", on=CareUnit)
def relock(*, by, on) -> str:
    """A new password; the file is written anew with it, older copies keep the one they were written with."""
    packet = _packet(on)
    turns.take(packet)
    packet.password, packet.written_at = _new_password(), None
    packet.save(update_fields=("password", "written_at"))
    return packet.password


@action(Permission.DOWNTIME_WRITE, verb="downtime.due-listed")
def _due(*, by, on=None) -> list[CareUnit]:
    event().skip()
    before = clock.now() - timedelta(minutes=settings.DOWNTIME_MINUTES)
    news = Q(ended_at__gt=OuterRef("written_at")) | Q(retracted_at__gt=OuterRef("written_at"))
    since = Prediction.objects.filter(news, patient__care_unit=OuterRef("care_unit"))
    fresh = DowntimePacket.objects.filter(~Exists(since), written_at__gt=before).values("care_unit")
    return list(CareUnit.objects.filter(REAL).exclude(pk__in=fresh).order_by("pk"))


@action(Permission.DOWNTIME_WRITE, verb="downtime.packet-written", on=CareUnit)
def _gather(*, by, on) -> Content:
    """Written down before the file is: of each patient of whom it says something that the file before did not."""
    packet, now = _packet(on), clock.now()
    # A password that is changed meanwhile must not be taken for the one that this file has.
    turns.take(packet)
    patients = _patients(on, now)
    lines = {patient["id"]: sha256(json.dumps(patient).encode()).hexdigest() for patient in patients}
    new = [name for name, digest in lines.items() if packet.lines.get(name) != digest]
    if packet.lines == lines:
        event().skip()
    event().note(patients=len(lines), new=len(new))
    event().each_patient_id(new)
    packet.lines, packet.written_at = lines, now
    packet.save(update_fields=("lines", "written_at"))
    shown = [{name: value for name, value in patient.items() if name != "id"} for patient in patients]
    return Content(
        on.public_id, _file(on), packet.password, {"ward": on.name, "written": _text(now), "patients": shown}
    )


@action(Permission.DOWNTIME_WRITE, verb="downtime.packet-failed", on=CareUnit)
def _fail(*, by, on) -> None:
    DowntimePacket.objects.filter(care_unit=on).update(written_at=None, lines={})


def _write(by, unit: CareUnit) -> bool:
    content = _gather(by=by, on=unit)
    try:
        _store(content.file, paper.locked(paper.pdf("downtime", content.values), content.password))
    except Exception as problem:
        # One ward's packet must not keep the others from theirs; what a library says may repeat what it was given.
        said = getattr(problem, "strerror", None) or type(problem).__name__
        logger.error("A downtime packet could not be written: %s.", said)
        _fail(by=by, on=unit)
        return False
    return True


def _store(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    half = file.with_suffix(".half")
    half.write_bytes(content)
    half.chmod(0o640)
    half.replace(file)
    for old in file.parent.glob(f"*-{file.stem.rpartition('-')[2]}.pdf"):
        # A ward that has another name now leaves no file behind under the one before.
        if old != file:
            old.unlink(missing_ok=True)


def _packet(unit: CareUnit) -> DowntimePacket:
    packet, _ = DowntimePacket.objects.get_or_create(care_unit=unit, defaults={"password": _new_password()})
    return packet


def _ward(by, unit: CareUnit, packet: DowntimePacket | None) -> Ward:
    written, count = (packet.written_at, len(packet.lines)) if packet else (None, 0)
    return Ward(unit.public_id, unit.name, written, count, policy.decide(by, Permission.DOWNTIME_LOCK, unit))


def _patients(unit: CareUnit, now: datetime) -> list[dict]:
    here = Q(patient__care_unit=unit, patient__merged_into=None) | Q(patient__merged_into__care_unit=unit)
    standing = Prediction.objects.exclude(patient__standing=Standing.REMOVED).exclude(
        patient__merged_into__standing=Standing.REMOVED
    )
    standing = standing.filter(
        here, outcome=PredictionState.SUCCEEDED, retracted_at__isnull=True, created_at__gte=now - timedelta(days=DAYS)
    )
    newest = standing.order_by().values("patient", "version__model").annotate(last=Max("pk")).values("last")
    found: dict[str, dict] = {}
    for view in queries.views_of(list(queries.related().filter(pk__in=newest).order_by("-pk"))):
        entry = found.setdefault(view.patient.public_id, _identity(view.patient) | {"results": []})
        entry["results"].append(_result(view))
    return sorted(found.values(), key=lambda patient: patient["name"].casefold())


def _identity(patient: PatientSummary) -> dict:
    return {
        "id": patient.public_id,
        "name": patient.name,
        "born": days.said(patient.birth_date) or "not recorded",
        "sex": patient.sex,
        "mrn": patient.mrn or "none",
    }


def _result(view: queries.PredictionView) -> dict:
    return {
        "title": view.title, "version": str(view.version), "ran": _text(view.ended_at), "by": view.requested_by,
        "banner": view.banner, "sentence": view.sentence,
        "notes": [*(correction["sentence"] for correction in view.corrections), *_notes(view.envelope)],
    }  # fmt: skip


def _notes(envelope: dict):
    if envelope["model"]["synthetic"]:
        yield "Practice model, trained on invented patients. Never use it for care."
    yield from envelope.get("not_validated", ())
    if envelope["reading"].get("interval_text"):
        yield f"Likely range: {envelope['reading']['interval_text']}."
    if envelope["missing"]:
        yield f"Missing: {', '.join(item['label'] for item in envelope['missing'])}."
    for item in envelope["out_of_range"]:
        yield item["sentence"]


def _file(unit: CareUnit) -> Path:
    return settings.DOWNTIME / f"{slugify(unit.name)[:40] or 'ward'}-{unit.public_id[:6]}.pdf"


def _new_password() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(_GROUPS))


def _text(moment: datetime) -> str:
    return f"{localtime(moment):%-d %b %Y, %H:%M}"
