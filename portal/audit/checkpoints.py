"""Where a check of the ledger may start: after the last check's seal, or where an interrupted one stood."""

import json

from django.conf import settings

from portal.audit import anchors, log
from portal.audit.models import Seal
from portal.audit.verify import Point


def _path():
    return settings.RUN / "verify-audit.json"


def keep(point: Point) -> None:
    """Remember how far the running check has come, under the ledger's key."""
    settings.RUN.mkdir(parents=True, exist_ok=True)
    facts = json.dumps(vars(point))
    draft = _path().with_suffix(".new")
    draft.write_text(json.dumps({"point": facts, "mac": log.keyed("checkpoint\x1f" + facts)}))
    draft.replace(_path())


def forget() -> None:
    """The check has ended."""
    _path().unlink(missing_ok=True)


def interrupted() -> Point | None:
    """Where an interrupted check stood; None when there is none or the note is not ours."""
    try:
        note = json.loads(_path().read_text())
        fits = log.keyed("checkpoint\x1f" + note["point"]) == note["mac"]
        return Point(**json.loads(note["point"])) if fits else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def last_proved() -> Point | None:
    """The seal up to which the newest good check in the ledger proved everything."""
    facts = anchors.newest()
    if not facts:
        return None
    seal = Seal.objects.filter(id=facts["seal"]).first()
    until, last = (seal.until, seal.last) if seal else (0, 0)
    return Point(facts["seal"], facts["digest"], until, last, facts["events"] - facts.get("unsealed", 0))
