"""What notices are about, asked when they are looked at: who lost sight of an object finds the fixed words alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from portal.access import policy
from portal.access.models import AccessRequest, Case, Notice
from portal.access.permissions import Permission
from portal.access.states import RequestState
from portal.accounts.models import User


@dataclass(frozen=True)
class Subject:
    """An object that a person may open: what kind it is, its id, its name in words, and the patient it is about.

    `told` says on the portal's own pages, and nowhere else, what the fixed words of the notice leave out.
    """

    kind: str
    id: str
    words: str = ""
    patient: str = ""
    told: str = ""


Finder = Callable[[object, list[str]], dict[str, Subject]]
_FINDERS: dict[str, Finder] = {}


def register(kinds: Iterable[str], finder: Finder) -> None:
    """Teach what notices of some kinds are about; `finder(by, ids)` leaves out what the policy hides from `by`."""
    _FINDERS.update(dict.fromkeys(kinds, finder))


def of(by, found: list[Notice]) -> dict[int, Subject]:
    """The subjects of some notices by the notices' keys. Call it inside actions."""
    ids: dict[Finder, set[str]] = {}
    for notice in found:
        if notice.about and notice.kind in _FINDERS:
            ids.setdefault(_FINDERS[notice.kind], set()).add(notice.about)
    known = {finder: finder(by, sorted(wanted)) for finder, wanted in ids.items()}
    subjects = {notice.pk: known.get(_FINDERS.get(notice.kind), {}).get(notice.about) for notice in found}
    return {key: subject for key, subject in subjects.items() if subject}


def _to_decide(by, ids: list[str]) -> dict[str, Subject]:
    rows = policy.visible_to(AccessRequest.objects.order_by(), by, Permission.ACCESS_DECIDE)
    waiting = rows.filter(public_id__in=ids, state=RequestState.PENDING).values_list("public_id", flat=True)
    return {request: Subject("request to decide", request) for request in waiting}


def _decided(by, ids: list[str]) -> dict[str, Subject]:
    rows = policy.visible_to(AccessRequest.objects.order_by(), by, Permission.ACCESS_ASK).filter(public_id__in=ids)
    return {request: Subject("own request", request) for request in rows.values_list("public_id", flat=True)}


def _cases(by, ids: list[str]) -> dict[str, Subject]:
    rows = policy.visible_to(Case.objects.order_by(), by, Permission.CASE_REVIEW).filter(public_id__in=ids)
    return {case: Subject("case", case) for case in rows.values_list("public_id", flat=True)}


def _people(by, ids: list[str]) -> dict[str, Subject]:
    rows = policy.visible_to(User.objects.order_by(), by, Permission.AUDIT_READ).filter(public_id__in=ids)
    return {person.public_id: Subject("person", person.public_id, person.label) for person in rows}


def register_own() -> None:
    """The kinds of this app; called once the apps are loaded."""
    register(("request-made", "request-waits"), _to_decide)
    register(("request-granted", "request-refused"), _decided)
    register(("emergency-opened", "emergency-often"), _cases)
    register(("sealed-account",), _people)
