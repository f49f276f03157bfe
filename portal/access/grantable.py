"""What rights can be asked for and given, and who decides: the apps that own the objects fill this in."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import Permission as Right
from django.db.models import F, Model, Q, QuerySet

from portal.access import policy
from portal.access.models import AccessRequest, Grant
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core import clock


@dataclass(frozen=True)
class Grantable:
    """A kind of object on which a right can be asked for, as the app that owns it describes it.

    `find` turns what was typed into the object, `owner` gives the object whose people decide about it, and
    `permission` is what the right would open. `listed` gives the names of a kind that is no secret.
    """

    model: type[Model]
    codename: str
    permission: Permission
    word: str
    may: str
    find: Callable[[dict], Model | None]
    owner: Callable[[Model], Model | None]
    purposes: tuple[str, ...]
    asks: str
    most_days: int
    named: tuple[str, ...] = ("name",)
    listed: Callable[[], list[str]] | None = None


@dataclass(frozen=True)
class Owners:
    """Who decides about objects of a kind: `owned(person)` is a queryset of theirs, `people(public_id)` who they are.

    Where nobody decides about a thing of the `office`, administrators do.
    """

    owned: Callable[[object], QuerySet]
    people: Callable[[str], QuerySet[User]]
    office: bool = False


_GRANTABLE: dict[str, Grantable] = {}
_OWNERS: dict[str, "Owners"] = {}


def register(kind: Grantable) -> None:
    """Teach the portal that a right on this kind of object can be asked for."""
    _GRANTABLE[kind.model._meta.model_name] = kind


def register_owners(model: type[Model], owners: Owners) -> None:
    """Say who decides about objects of a kind."""
    _OWNERS[model._meta.model_name] = owners


def holders(model: type[Model], codename: str) -> Callable[[str], QuerySet[User]]:
    """The people who hold a right to an object of a model now, by its public id."""
    name = model._meta.model_name

    def people(public_id: str) -> QuerySet[User]:
        held = Grant.objects.filter(live(), object_type=name, object_id=public_id, codename=codename)
        return User.objects.filter(pk__in=held.values("person"))

    return people


def kind_of(on: Grant | AccessRequest) -> Grantable | None:
    """How the kind of object that a grant or request is about describes itself."""
    return _GRANTABLE.get(on.object_type)


def open_to(person) -> list[Grantable]:
    """What this person's roles may ask for."""
    return [kind for kind in _GRANTABLE.values() if kind.asks in person.role_names]


def object_of(on: Grant | AccessRequest) -> Model | None:
    """The object that a grant or request is about."""
    return _GRANTABLE[on.object_type].model._default_manager.filter(public_id=on.object_id).first()


def decided_by(person) -> Q:
    """The requests that this person decides: those whose owner object is theirs."""
    mine = Q(pk__in=())
    for kind, owners in _OWNERS.items():
        mine |= Q(owner_type=kind, owner_id__in=owners.owned(person).values("public_id"))
    if "admin" in person.role_names:
        # Whole wards and studies; never one patient, whom an administrator does not know.
        office = [kind for kind, owners in _OWNERS.items() if owners.office]
        mine |= Q(owner_type__in=office, owner_type=F("object_type"), object_id=F("owner_id")) & ~Q(owner_id="")
    return mine


def deciders(request: AccessRequest) -> list[User]:
    """The people who decide about a request now; administrators where a ward or study has nobody."""
    if not request.owner_id:
        return []
    owners = _OWNERS[request.owner_type]
    found = list(owners.people(request.owner_id).filter(is_active=True).exclude(pk=request.asked_by_id))
    if found or not owners.office or request.owner_id != request.object_id:
        return found
    return list(User.objects.filter(is_active=True, groups__name="admin").exclude(pk=request.asked_by_id))


def live() -> Q:
    """The grants that are in force at this moment."""
    now = clock.now()
    return Q(since__lte=now) & (Q(until__isnull=True) | Q(until__gt=now))


def words_of(grants: list[Grant]) -> dict[str, str]:
    """What each right lets one do, in words, by its code name."""
    codenames = {grant.codename for grant in grants}
    return dict(Right.objects.filter(codename__in=codenames).values_list("codename", "name"))


def names_of(grants: list[Grant]) -> dict[str, str]:
    """The name of each grant's object by its public id, one query for each kind; patients have none here."""
    names: dict[str, str] = {}
    for object_type in sorted({grant.object_type for grant in grants}):
        kind = _GRANTABLE.get(object_type)
        model = kind.model if kind else policy.explained().get(object_type, (None, ()))[0]
        if model is not None and (kind is None or kind.named == ("name",)):
            ids = {grant.object_id for grant in grants if grant.object_type == object_type}
            names |= {on.public_id: str(on) for on in model._default_manager.filter(public_id__in=ids)}
    return names
