"""Showing a result to a colleague: who may see the patient is asked to look; to others the patient is shared with it."""

from dataclasses import dataclass
from datetime import datetime

from portal.access import notices, policy
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.audit.models import AuditEvent
from portal.core.problems import BadInput, Conflict
from portal.predictions import queries
from portal.predictions.models import Prediction, Showing
from portal.records import colleagues, sharing

WORDS_AT_MOST, _MOST_NAMED = 1000, 4
_OPENED = ("prediction.opened", "prediction.page-opened", "prediction.followed")


@dataclass(frozen=True)
class Shown:
    """A result that somebody showed to a colleague, and when that colleague first opened it afterwards."""

    to: str
    by: str
    at: datetime
    words: str
    opened_at: datetime | None
    to_reader: bool = False


@dataclass(frozen=True)
class Told:
    """Whom a result was shown to; `until` where the patient was shared with them for it."""

    name: str
    until: datetime | None


@dataclass(frozen=True)
class Choice:
    """A result about to be shown: to whom it may be, and to whom it was."""

    view: queries.PredictionView
    names: list[str]
    shown: list[Shown]
    may_share: bool = False
    others: tuple[str, ...] = ()
    offer: "Offer | None" = None
    matches: tuple[str, ...] = ()

    @property
    def shown_to_others(self) -> list[Shown]:
        """Without what was shown to the reader."""
        return [one for one in self.shown if not one.to_reader]


@dataclass(frozen=True)
class Offer:
    """What it takes to show a result to a colleague who may not see the patient; `who` can do it if the person cannot."""

    name: str
    ward: str
    allowed: bool
    who: tuple[str, ...]


@action(Permission.PREDICTION_READ, verb="prediction.showing-opened", on=Prediction, rows=queries.related)
def open_choice(*, by, on, colleague="") -> Choice:
    """The colleagues to whom a result may be shown, and what it takes to show it to one who may not see the patient."""
    view, shown = queries.view_of(on, by), shown_of(on, by)
    if on.patient is None:
        return Choice(view, [], shown)
    known, everybody = colleagues.seeing(on.patient, but=by), colleagues.others(but=by)
    may_share = policy.decide(by, Permission.PATIENT_SHARE, on.patient).allowed
    person, matches = _meant(colleague, known, everybody, may_share)
    offer = _offer(by, on, person, may_share) if person and person not in known.values() else None
    others = tuple(sorted(everybody.keys() - known.keys(), key=str.casefold))[: sharing.MOST_NAMED] if may_share else ()
    return Choice(view, list(known), shown, may_share, others, offer, matches)


@action(Permission.PREDICTION_READ, verb="prediction.shown", on=Prediction, rows=queries.related)
def show(*, by, on, colleague, words="", reason="", share_until=None) -> Told:
    """Ask a colleague to look at a result, and say who it was; raises BadInput naming the field.

    A part of a name will do where it fits one of those whom the list offers.
    With `share_until` the patient is shared with the colleague until then, for the reason, in the same moment.
    """
    if on.patient is None or on.state != "succeeded":
        raise Conflict("Only a result of a patient can be shown to a colleague.")
    known, everybody = colleagues.seeing(on.patient, but=by), colleagues.others(but=by)
    may_share = policy.decide(by, Permission.PATIENT_SHARE, on.patient).allowed
    meant, matches = _meant(colleague, known, everybody, may_share)
    person = meant if meant in known.values() else None
    shared = person is None and share_until is not None
    if shared:
        person = meant
        _share(by, on, person, reason, share_until)
    _check(person, on, words.strip(), matches, colleague)
    Showing.objects.create(prediction=on, shown_by=by, shown_to=person, words=words.strip())
    notices.tell([person], "result-shown", on.public_id)
    event().note(person=person.public_id, model=on.version.model.slug, version=on.version.number)
    return Told(person.label, share_until if shared else None)


def showers(by, ids: list[str]) -> dict[str, list[str]]:
    """Who showed a person these results, the last one first, by the results' ids. Call it inside actions."""
    rows = Showing.objects.filter(shown_to_id=by.pk, prediction__public_id__in=ids)
    found: dict[str, list[str]] = {}
    for row in rows.select_related("shown_by", "prediction"):
        names = found.setdefault(row.prediction.public_id, [])
        names += [] if row.shown_by.label in names else [row.shown_by.label]
    return found


def _meant(text: str, known: dict, everybody: dict, may_share: bool) -> tuple:
    """Who is meant, or the names of the several that a part of a name fits; only of those whom the list offers."""
    person = colleagues.find(text, known) or colleagues.find(text, everybody)
    if person:
        return person, ()
    further = {name: one for name, one in everybody.items() if one not in known.values()} if may_share else {}
    offered = known | further
    fitting = tuple(colleagues.like(text, offered))
    return (offered[fitting[0]], ()) if len(fitting) == 1 else (None, fitting)


def _offer(by, on: Prediction, person, may_share: bool) -> Offer:
    ward = on.patient.care_unit
    who = () if may_share else tuple(colleagues.of_ward(ward, but=by))[:_MOST_NAMED]
    return Offer(person.label, ward.name if ward else "", may_share, who)


def _share(by, on: Prediction, person, reason: str, until) -> None:
    # One notice says both: that of the result, which leads to the patient.
    try:
        sharing.share(
            by=by, on=on.patient, username=person.username if person else "", words=reason, until=until, told=False
        )
    except BadInput as problem:
        names = {"words": "reason", "until": "reason"}
        raise BadInput({names.get(name, name): said for name, said in problem.errors.items()}) from None


def shown_of(prediction: Prediction, reader) -> list[Shown]:
    """To whom a result was shown, newest first, and whether that is who reads it. Call it inside actions."""
    rows = list(Showing.objects.filter(prediction=prediction).select_related("shown_by", "shown_to"))
    opened = AuditEvent.objects.filter(
        patient=prediction.audit_patient, object_id=prediction.public_id, verb__in=_OPENED, outcome="ok",
        actor_id__in={row.shown_to.public_id for row in rows},
    ).order_by("id")  # fmt: skip
    seen = list(opened.values_list("actor_id", "recorded_at")) if rows else []
    return [
        Shown(
            row.shown_to.label, row.shown_by.label, row.shown_at, row.words, _first(seen, row),
            row.shown_to_id == reader.pk,
        )
        for row in rows
    ]  # fmt: skip


def _first(seen: list[tuple[str, datetime]], row: Showing) -> datetime | None:
    person = row.shown_to.public_id
    return next((moment for who, moment in seen if who == person and moment >= row.shown_at), None)


def _check(person, on: Prediction, words: str, matches: tuple[str, ...], typed: str) -> None:
    errors = {}
    if matches:
        errors["colleague"] = f"{len(matches)} colleagues fit “{typed.strip()}”. Choose one of them."
    elif person is None or not policy.decide(person, Permission.PREDICTION_READ, on).allowed:
        errors["colleague"] = "No colleague on the list has this name. Write a part of the name, or choose one."
    if len(words) > WORDS_AT_MOST:
        errors["words"] = f"Your words have {len(words)} characters; at most {WORDS_AT_MOST} are kept."
    if errors:
        raise BadInput(errors)
