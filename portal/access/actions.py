"""Verbs on people, roles and tokens, and on the ledger itself."""

import secrets
from datetime import timedelta
from hashlib import sha256

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Q

from portal.access import grants, roles
from portal.access.action import action, event
from portal.access.actors import SYSTEM
from portal.access.permissions import Permission
from portal.access.signals import person_deactivated
from portal.accounts import factors, lockout
from portal.accounts.models import ApiToken, User
from portal.audit import seals
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.problems import BadInput, Conflict

TOKEN_PREFIX = "fml_"


@action(Permission.PERSON_MANAGE, verb="person.added")
def add_person(*, by, on=None, username, name, password, role_names, enrol=True) -> User:
    """Make an account with roles; without `enrol` the person adds the second factor at the first sign-in."""
    if User.objects.filter(username=username).exists():
        raise BadInput({"username": f"The name “{username}” is taken; names are never used again."})
    first, _, last = name.rpartition(" ")
    person = User(username=username, first_name=first, last_name=last)
    _check_password(password, person)
    person.set_password(password)
    person.save()
    if enrol:
        factors.enrol(person)
    replace_roles(person, role_names)
    event().about(person)
    event().note(roles=sorted(role_names))
    return person


@action(Permission.PERSON_MANAGE, verb="person.roles-set", on=User)
def set_roles(*, by, on, role_names) -> None:
    """Replace a person's roles; refuses unknown ones and pairs that must stay apart."""
    if by.pk == on.pk:
        raise Conflict("Nobody changes their own roles; another administrator does.", code="own-roles")
    if "admin" not in role_names:
        _keep_an_admin(by, on)
    event().note(before=sorted(on.role_names), after=sorted(role_names))
    replace_roles(on, role_names)


@action(Permission.PERSON_MANAGE, verb="person.password-set", on=User)
def set_password(*, by, on, password) -> None:
    """Give a person a new password."""
    _check_password(password, on)
    on.set_password(password)
    on.save(update_fields=("password",))


@action(Permission.PERSON_MANAGE, verb="person.unlocked", on=User)
def unlock(*, by, on) -> None:
    """Let a person try again before the lock-out is over."""
    lockout.open_again(on.username)


@action(Permission.PERSON_MANAGE, verb="person.factors-reset", on=User)
def reset_factors(*, by, on) -> None:
    """Take a person's second factors away, for a lost device; they add new ones at the next sign-in."""
    event().note(factors=factors.reset(on), sessions=end_sessions(on))


@action(Permission.PERSON_MANAGE, verb="person.deactivated", on=User)
def deactivate(*, by, on) -> None:
    """The part of leaving that accounts know: sessions, tokens and rights end now; `compute.leavers.leave` calls it."""
    _keep_an_admin(by, on)
    on.is_active = False
    on.save(update_fields=("is_active",))
    tokens = ApiToken.objects.filter(user=on, revoked_at__isnull=True).update(revoked_at=clock.now())
    event().note(tokens=tokens, sessions=end_sessions(on), rights=grants.end_all(of=on))
    person_deactivated.send(sender=User, person=on)


@action(Permission.PERSON_MANAGE, verb="person.reactivated", on=User)
def reactivate(*, by, on) -> None:
    """Open an account again, without roles and rights: what had ended is given anew, not brought back."""
    if on.is_active:
        raise Conflict(f"The account of {on.label} is open already.", code="open-already")
    event().note(roles_before=sorted(on.role_names), rights=grants.end_all(of=on))
    replace_roles(on, ())
    on.is_active = True
    on.save(update_fields=("is_active",))


@action(Permission.TOKEN_ISSUE, verb="token.issued", on=User)
def issue_token(*, by, on, scopes, days, label="") -> str:
    """Make a token for a person's programs; the text is returned once and never stored."""
    known = {"*", *Permission}
    unknown = sorted(set(scopes) - known)
    if unknown or not scopes:
        raise BadInput(
            {"scopes": f"No such scope: {', '.join(unknown) or '(none)'}. Allowed: {', '.join(sorted(known))}."}
        )
    if not 1 <= days <= 365:
        raise BadInput({"days": f"A token lasts from 1 to 365 days; {days} were asked for."})
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=on, digest=token_digest(text), scopes=sorted(scopes), label=label,
        expires_at=clock.now() + timedelta(days=days),
    )  # fmt: skip
    event().note(token=token.public_id, scopes=sorted(scopes), days=days)
    return text


@action(Permission.TOKEN_ISSUE, verb="token.revoked", on=ApiToken)
def revoke_token(*, by, on) -> None:
    """End a token now."""
    on.revoked_at = clock.now()
    on.save(update_fields=("revoked_at",))


@action(Permission.PERSON_MANAGE, verb="token.withdrawn", on=ApiToken)
def withdraw_token(*, by, on) -> None:
    """End another person's token now."""
    on.revoked_at = on.revoked_at or clock.now()
    on.save(update_fields=("revoked_at",))
    event().note(person=on.user.public_id)


@action(Permission.TOKEN_ISSUE, verb="token.used", on=ApiToken)
def touch_token(*, by, on) -> None:
    """Note that a token is in use, at most once a minute."""
    on.last_used_at = clock.now()
    on.save(update_fields=("last_used_at",))
    event().note(person=on.user.public_id)


@action(Permission.AUDIT_READ, verb="audit.viewed")
def read_log(*, by, on=None, filters, limit=50, before=None) -> list[AuditEvent]:
    """One page of events, newest first, filtered by patient, actor, verb, outcome, since and until."""
    event().note(filters={name: str(value) for name, value in filters.items() if value})
    rows = AuditEvent.objects.filter(conditions(filters))
    if before:
        rows = rows.filter(id__lt=before)
    return list(rows.order_by("-id")[:limit])


@action(Permission.AUDIT_READ, verb="routes.exported")
def export_routes(*, by, on=None, rows) -> None:
    """Write down that the route matrix was taken along as a file."""
    event().note(rows=rows)


@action(Permission.AUDIT_VERIFY, verb="audit.verified")
def record_check(*, by, on=None, verdict) -> None:
    """Write down that the ledger was checked, and what the check said."""
    event().draft.outcome = "ok" if verdict.ok else "failed"
    event().note(ok=verdict.ok, events=verdict.events, seals=verdict.seals, position=verdict.position)
    event().note(seal=verdict.seal, digest=verdict.digest, unsealed=verdict.unsealed, heads=verdict.heads)
    if not verdict.ok:
        event().note(fault=verdict.fault)


@action(Permission.AUDIT_SEAL, verb="audit.sealed")
def seal_ledger(*, by, on=None):
    """Close the settled events into a sealed batch; writes no event of its own, or it would never be done."""
    event().skip()
    return seals.close_batch()


def token_digest(text: str) -> str:
    """How a token is kept."""
    return sha256(text.encode()).hexdigest()


_FILTERS = {
    "patient": lambda value: Q(patient=value),
    "patients": lambda value: Q(patient__in=value),
    "actor": lambda value: Q(actor=value),
    "verb": lambda value: Q(verb=value),
    "outcome": lambda value: Q(outcome=value),
    "role": lambda value: Q(roles__contains=value),
    "purpose": lambda value: Q(purpose=value),
    "since": lambda value: Q(recorded_at__gte=value),
    "until": lambda value: Q(recorded_at__lt=value),
}


def conditions(filters: dict) -> Q:
    """The events that some filters let through."""
    found = Q()
    for name, value in filters.items():
        if value:
            found &= _FILTERS[name](value)
    return found


def replace_roles(person: User, role_names) -> None:
    """Set a person's roles inside an action; refuses unknown ones and pairs that must stay apart."""
    wanted = set(role_names)
    unknown = sorted(wanted - set(roles.ROLES))
    if unknown:
        raise BadInput({"roles": f"No such role: {', '.join(unknown)}. Allowed: {', '.join(sorted(roles.ROLES))}."})
    if any(pair <= wanted for pair in roles.APART):
        raise BadInput({"roles": "An audit officer is never an administrator: choose one of the two."})
    person.groups.set([Group.objects.get_or_create(name=name)[0] for name in sorted(wanted)])
    person.is_staff = "admin" in wanted
    person.save(update_fields=("is_staff",))
    for remembered in ("memberships", "role_names"):
        person.__dict__.pop(remembered, None)


def _keep_an_admin(by, person: User) -> None:
    if by is SYSTEM or "admin" not in person.role_names:
        return
    others = User.objects.filter(groups__name="admin", is_active=True).exclude(pk=person.pk)
    if not others.exists():
        raise BadInput({"person": f"{person.label} is the only administrator; make another one first."})


def _check_password(password: str, person: User) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise BadInput({"password": " ".join(error.messages)}) from None


def end_sessions(person: User) -> int:
    """End every session of a person inside an action; returns how many there were."""
    sessions = list(UserSession.objects.filter(user=person))
    for session in sessions:
        session.end()
    return len(sessions)
