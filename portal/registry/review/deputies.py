"""Deputies: a reviewer names who signs in their place until a day; the signature says for whom."""

from datetime import timedelta

from portal.access import notices
from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.core import clock
from portal.core.problems import BadInput
from portal.registry.models import Deputy
from portal.registry.review import seats
from portal.registry.states import Seat

LONGEST = timedelta(days=366)


@action(Permission.MODEL_REVIEW, verb="committee.deputy-named")
def name(*, by, on=None, deputy, until) -> Deputy:
    """Let another reviewer sign in one's place up to and with a day; whoever was named before is not any more."""
    today = clock.today()
    if deputy is None or deputy.pk == by.pk or deputy not in seats.committee():
        raise BadInput({"deputy": "Choose another reviewer from the list."})
    if not seats.held_by(by):
        raise BadInput({"deputy": "You hold no seat on the committee in which somebody could sign for you."})
    if until is None or not today <= until <= today + LONGEST:
        raise BadInput({"until": "Name the last day, today or later, at most a year ahead."})
    _standing(by).update(ended_at=clock.now())
    named = Deputy.objects.create(person=by, deputy=deputy, until=until)
    notices.tell([deputy], "deputy-named", named.public_id)
    event().note(deputy=deputy.public_id, until=until.isoformat())
    return named


@action(Permission.MODEL_REVIEW, verb="committee.deputy-ended")
def end(*, by, on=None) -> None:
    """Sign for oneself again."""
    if not _standing(by).update(ended_at=clock.now()):
        event().skip()


def standing() -> list[Deputy]:
    """The deputies of now, by whom they stand in for."""
    rows = Deputy.objects.filter(seats.standing_deputies()).select_related("person", "deputy")
    return list(rows.order_by("person__first_name", "person__last_name"))


def sitting() -> list[tuple[Seat, list]]:
    """Every seat with the people who hold it."""
    rows = seats.taken_seats().select_related("person")
    return [(seat, [row.person for row in rows if row.seat == seat]) for seat in Seat]


def _standing(by):
    return Deputy.objects.filter(person=by, ended_at=None)
