"""Who sits on the model committee, in which seat, and in whose place somebody may sign."""

from dataclasses import dataclass

from django.db.models import Q

from portal.access.action import action, event
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import clock
from portal.core.problems import BadInput
from portal.registry import reading
from portal.registry.models import CommitteeSeat, Deputy
from portal.registry.states import Seat

ROLE = "reviewer"


@dataclass(frozen=True)
class Chair:
    """A seat that a person may sign in, of their own or in a colleague's place."""

    seat: Seat
    behalf_of: User | None = None

    @property
    def key(self) -> str:
        """How forms name it."""
        return f"{self.seat.value}:{self.behalf_of.public_id}" if self.behalf_of else self.seat.value

    @property
    def words(self) -> str:
        """As it stands beside the signature."""
        shown = self.seat.label.capitalize()
        return f"{shown}, for {self.behalf_of.label}" if self.behalf_of else shown


@action(Permission.PERSON_MANAGE, verb="committee.seats-set", on=User)
def set_seats(*, by, on, seats) -> None:
    """Give a reviewer exactly these seats on the committee; raises BadInput for people who are no reviewers."""
    wanted = set(seats)
    if not wanted <= set(Seat.values):
        raise BadInput({"seats": f"There are the seats {', '.join(Seat.labels)}, and no others."})
    if wanted and ROLE not in on.role_names:
        raise BadInput({"seats": f"{on.label} is no reviewer: give the role first, then the seat."})
    rows = CommitteeSeat.objects.filter(person=on, ended_at=None)
    held = set(rows.values_list("seat", flat=True))
    if wanted == held:
        event().skip()
    rows.exclude(seat__in=wanted).update(ended_at=clock.now())
    giver = by if by.pk else None
    CommitteeSeat.objects.bulk_create(
        CommitteeSeat(person=on, seat=seat, given_by=giver) for seat in sorted(wanted - held)
    )
    event().note(seats=sorted(wanted))


def held_by(person) -> list[Seat]:
    """The seats of a person now; without the reviewer's role a seat is none, and it counts again with the role."""
    rows = taken_seats().filter(person_id=person.pk)
    return [Seat(seat) for seat in rows.values_list("seat", flat=True)]


def taken_seats():
    """The seats that count now: those of active reviewers."""
    return CommitteeSeat.objects.filter(ended_at=None, person__is_active=True, person__groups__name=ROLE)


def standing_deputies() -> Q:
    """Deputies whose time has come and is not over, as long as both are reviewers."""
    now = clock.now()
    both = {
        f"{side}__{key}": value
        for side in ("person", "deputy")
        for key, value in (("is_active", True), ("groups__name", ROLE))
    }
    return Q(ended_at=None, since__lte=now, until__gte=clock.today(), **both)


@reading.once
def chairs(person) -> list[Chair]:
    """Every seat that a person may sign in: the own ones first, then those of whoever named them as deputy."""
    own = [Chair(seat) for seat in held_by(person)]
    rows = Deputy.objects.filter(standing_deputies(), deputy_id=person.pk).select_related("person")
    return own + [Chair(seat, row.person) for row in rows for seat in held_by(row.person)]


def committee() -> list[User]:
    """Every active reviewer, with a seat or without: who is told, and who may be named as deputy."""
    return list(User.objects.filter(is_active=True, groups__name=ROLE).order_by("first_name", "last_name"))
