"""Verbs on model cards: read, write, take out, bring in."""

import json
from dataclasses import dataclass
from hashlib import sha256

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core.problems import BadInput, Conflict
from portal.core.signed import digest
from portal.registry import moving
from portal.registry.cards import card, chai, checks, local, majors, proposals, values
from portal.registry.cards.card import Card
from portal.registry.cards.local import Local
from portal.registry.models import CardEntry, ModelVersion
from portal.registry.states import VersionState

OPEN = frozenset({VersionState.DRAFT, VersionState.SUBMITTED})
FIXED = "The card is fixed once a reviewer has signed; what is new belongs in a new version."


@dataclass(frozen=True)
class Opened:
    """A card as it is read: what it says, what is known here, where it contradicts the form, since when it is major."""

    card: Card
    local: Local
    contradictions: list[str]
    major: int

    @property
    def version(self) -> ModelVersion:
        """Whose card it is."""
        return self.card.version


@dataclass(frozen=True)
class Change:
    """What a file would change of one value, in plain words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Preview:
    """What a file would change; `seen` stands for the card and the file that were compared."""

    changes: list[Change]
    seen: str
    signed: bool


@action(Permission.MODEL_SEE, verb="card.opened", on=ModelVersion)
def open_card(*, by, on) -> Opened:
    """The card of a version."""
    return _opened(on)


@action(Permission.MODEL_SEE, verb="card.exported", on=ModelVersion)
def export(*, by, on, form) -> bytes:
    """The card as a file to take away: `xml` (CHAI v0.2) or `json`."""
    event().note(form=form)
    said = card.values_of(on)
    if form == "json":
        return json.dumps(said, ensure_ascii=False, indent=1).encode()
    return xml_of(on, said)


@action(Permission.MODEL_SEE, verb="card.printed", on=ModelVersion)
def gather(*, by, on) -> tuple[Opened, bytes]:
    """What a printed card needs: the card and its XML; written down before the file is made."""
    opened = _opened(on)
    return opened, xml_of(on, opened.card.values())


@action(Permission.CARD_WRITE, verb="card.changed", on=ModelVersion)
def write(*, by, on, raw) -> list[str]:
    """Change values by key, each as a new row; returns the changed keys, raises BadInput naming what does not fit."""
    version = _locked(on)
    return _write(version, by, proposals.cleaned(raw))


@action(Permission.CARD_WRITE, verb="card.file-read", on=ModelVersion)
def preview(*, by, on, content) -> Preview:
    """What a CHAI file would change; nothing is saved. What a file leaves empty changes nothing."""
    found, said = _new(on, content), card.values_of(on)
    event().note(changes=len(found))
    changes = [_change(on, key, said.get(key, {}), value) for key, value in sorted(found.items(), key=_order)]
    return Preview(changes, _seen(said, content), chai.is_signed(content))


@action(Permission.CARD_WRITE, verb="card.file-taken", on=ModelVersion)
def take_file(*, by, on, content, seen) -> list[str]:
    """Take over what a CHAI file says; `seen` is that of the preview, else Conflict."""
    version = _locked(on)
    if seen != _seen(card.values_of(version), content):
        raise Conflict("The card has changed since you looked at the file. Look again, then take it over.")
    return _write(version, by, _new(version, content))


def xml_of(version: ModelVersion, said: dict[str, dict]) -> bytes:
    """The card as CHAI v0.2 XML, with what the portal knows anyway where it says nothing else."""
    return chai.to_xml(chai.defaults(version) | said)


def may_be_changed(version: ModelVersion) -> bool:
    """Whether nobody has signed yet."""
    return version.state in OPEN


def _opened(version: ModelVersion) -> Opened:
    found = card.read(version)
    wrong = checks.contradictions(version, found.values())
    return Opened(found, local.known(version), wrong, majors.major_of(version))


def _locked(on: ModelVersion) -> ModelVersion:
    version = moving.locked(on)
    if not may_be_changed(version):
        raise Conflict(FIXED)
    return version


def _write(version: ModelVersion, by, wanted: dict[str, dict]) -> list[str]:
    said = card.values_of(version)
    changed = {key: value for key, value in wanted.items() if value != said.get(key, {})}
    own = [key for key, value in (said | changed).items() if key.startswith(card.OWN_PREFIX) and value]
    if len(own) > card.MOST_OWN:
        raise BadInput({"own": f"A card has at most {card.MOST_OWN} attributes of our own."})
    CardEntry.objects.bulk_create(
        CardEntry(version=version, key=key, value=value, author=by, since=version.number)
        for key, value in changed.items()
    )
    event().note(number=version.number, keys=sorted(changed)[:20], changed=len(changed))
    if not changed:
        event().skip()
    return sorted(changed)


def _new(version: ModelVersion, content: bytes) -> dict[str, dict]:
    found, said, known = chai.from_xml(content), card.values_of(version), chai.defaults(version)
    return {key: value for key, value in found.items() if value != said.get(key, known.get(key, {}))}


def _seen(said: dict, content: bytes) -> str:
    return digest([said, sha256(content).hexdigest()])


def _change(version: ModelVersion, key: str, before: dict, after: dict) -> Change:
    item = card.item_of(key)
    old = before or chai.defaults(version).get(key, {})
    label = f"Our own: {after.get('title', '')}" if key.startswith(card.OWN_PREFIX) else item.label
    return Change(label, values.text_of(item, old), values.text_of(item, after))


def _order(pair: tuple[str, dict]) -> tuple[str, int]:
    kind, _, rest = pair[0].partition(".")
    return kind, int(rest) if rest.isdecimal() else 0
