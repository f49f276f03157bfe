"""Giving and ending rights to one object; the only place that writes permission tables. Call it inside actions."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import Permission as Codename
from django.db.models import F, Model, Q, QuerySet
from guardian.shortcuts import get_user_obj_perms_model

from portal.access.models import AccessRequest, Grant, GrantKind
from portal.accounts.models import User
from portal.core import clock


@dataclass(frozen=True)
class Grantable:
    """A kind of object on which rights are given, as the app that owns it describes it."""

    model: type[Model]
    right: str
    word: str
    may: str
    find: Callable[[dict], Model | None]
    owner: Callable[[Model], Model]
    name: Callable[[Model], str] | None
    purposes: tuple[str, ...]
    asks: tuple[str, ...]
    most_days: int


_GRANTABLE: dict[str, Grantable] = {}
_OWNED: dict[str, tuple[str, Callable[[object], QuerySet]]] = {}
_WORDS: dict[str, str] = {}


def register(kind: Grantable) -> None:
    """Teach the portal that rights on this kind of object can be asked for and given."""
    _GRANTABLE[kind.model._meta.model_name] = kind
    word(kind.right, kind.may)


def register_owners(model: type[Model], right: str, owned: Callable[[object], QuerySet]) -> None:
    """Say who decides about objects of a kind: holders of `right`; `owned(person)` is a queryset of theirs."""
    _OWNED[model._meta.model_name] = (right, owned)


def word(right: str, may: str) -> None:
    """What a right lets one do, in words."""
    _WORDS[right] = may


def words_of(grant: Grant) -> str:
    """What a grant lets one do, in words."""
    return _WORDS[grant.right]


def kinds() -> dict[str, Grantable]:
    """Every kind of object that can be asked for, by its name in the ledger."""
    return dict(_GRANTABLE)


def decided_by(person) -> Q:
    """The requests that this person decides: those whose owner object is theirs."""
    mine = Q(pk__in=())
    for kind, (_, owned) in _OWNED.items():
        mine |= Q(owner_type=kind, owner_id__in=owned(person).values("public_id"))
    if "admin" in person.role_names:
        # Whole wards and studies; never one patient, whom an administrator does not know.
        mine |= Q(owner_type=F("object_type"), object_id=F("owner_id")) & ~Q(owner_id="")
    return mine


def deciders(request: AccessRequest) -> list[User]:
    """The people who decide about a request now; administrators where a ward or study has nobody."""
    if not request.owner_id:
        return []
    right, _ = _OWNED[request.owner_type]
    held = Grant.objects.filter(live(), object_type=request.owner_type, object_id=request.owner_id, right=right)
    people = User.objects.filter(is_active=True).exclude(pk=request.asked_by_id)
    found = list(people.filter(pk__in=held.values("person")))
    if found or request.owner_id != request.object_id:
        return found
    return list(people.filter(groups__name="admin"))


def give(right: str, *, to, on, by, kind, purpose, until=None, since=None, code="", reason="") -> Grant:
    """Let a person hold `right` on an object, for one reason, from a moment until a moment or for good."""
    grant = Grant.objects.create(
        kind=kind, purpose=purpose, person=to, object_type=on._meta.model_name, object_id=on.public_id, right=right,
        since=since or clock.now(), until=until, given_by=_person(by), code=code, reason=reason,
    )  # fmt: skip
    table = get_user_obj_perms_model(on)
    codename = Codename.objects.get(
        codename=right, content_type__app_label=on._meta.app_label, content_type__model=on._meta.model_name
    )
    table.objects.create(
        user=to, permission=codename, content_object=on, grant=grant, since=grant.since, until=grant.until
    )
    return grant


def replace(right: str, *, to, on, by, kind, **facts) -> Grant:
    """Give a right that takes the place of what the person holds on the object by the same road."""
    for earlier in held(to, on, right, kind):
        end(earlier, by=by)
    forget_unexplained(to, on, right)
    return give(right, to=to, on=on, by=by, kind=kind, **facts)


def held(person, on, right: str, kind: str = "") -> list[Grant]:
    """The grants, not yet ended, by which a person holds a right on an object."""
    rows = Grant.objects.filter(
        person=person, object_type=on._meta.model_name, object_id=on.public_id, right=right, ended_at__isnull=True
    )
    return list(rows.filter(kind=kind) if kind else rows)


def forget_unexplained(person, on, right: str) -> None:
    """Remove rows from before there were grants: nobody can say why they are there."""
    table = get_user_obj_perms_model(on)
    table.objects.filter(user=person, content_object=on, permission__codename=right, grant__isnull=True).delete()


def end(grant: Grant, *, by, at=None) -> None:
    """End a grant now and remove its permission rows; the grant itself stays as the memory of what was possible."""
    grant.ended_at, grant.ended_by = at or clock.now(), _person(by)
    grant.save(update_fields=("ended_at", "ended_by"))
    rows_of(grant).delete()


def extend(grant: Grant, until) -> None:
    """Move the end of a grant and of its rows."""
    grant.until = until
    grant.save(update_fields=("until",))
    rows_of(grant).update(until=until)


def rows_of(grant: Grant) -> QuerySet:
    """The permission rows of a grant."""
    table = get_user_obj_perms_model(object_model(grant.object_type))
    return table.objects.filter(grant=grant)


def object_model(object_type: str) -> type[Model]:
    """The model behind a name such as `patient`; only kinds that carry grants are known."""
    return _GRANTABLE[object_type].model


def names_of(rows: list[Grant]) -> dict[str, str]:
    """The name of each grant's object by its public id, one query for each kind; patients have none here."""
    names: dict[str, str] = {}
    for object_type, kind in _GRANTABLE.items():
        ids = {row.object_id for row in rows if row.object_type == object_type}
        if ids and kind.name:
            found = kind.model._default_manager.filter(public_id__in=ids)
            names |= {on.public_id: kind.name(on) for on in found}
    return names


def object_of(grant) -> Model | None:
    """The object that a grant or request is about."""
    return object_model(grant.object_type)._default_manager.filter(public_id=grant.object_id).first()


def live() -> Q:
    """The grants that are in force at this moment."""
    now = clock.now()
    return Q(ended_at__isnull=True, since__lte=now) & (Q(until__isnull=True) | Q(until__gt=now))


def past() -> Q:
    """The grants whose end has come without anybody having ended them."""
    return Q(ended_at__isnull=True, until__lte=clock.now())


def emergencies_of(person) -> list[Grant]:
    """The emergency accesses that a person has open now, the first to end first."""
    rows = Grant.objects.filter(live(), person_id=person.pk, kind=GrantKind.BREAK_GLASS)
    return list(rows.order_by("until"))


def _person(by):
    return by if getattr(by, "pk", None) else None
