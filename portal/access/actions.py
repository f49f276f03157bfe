"""Verbs on people, roles and tokens, and on the ledger itself."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db.models import Q

from portal.access import grants, roles
from portal.access.action import action, event
from portal.access.models import Grant
from portal.access.permissions import Permission
from portal.accounts import factors
from portal.accounts.models import ApiToken, User
from portal.audit import seals
from portal.audit.models import AuditEvent
from portal.core import clock
from portal.core.problems import BadInput

TOKEN_PREFIX = "fml_"


@action(Permission.PERSON_MANAGE, verb="person.added")
def add_person(*, by, on=None, username, name, password, role_names) -> User:
    """Make an account with roles and a second factor; raises BadInput for a weak password or unknown role."""
    if User.objects.filter(username=username).exists():
        raise BadInput({"username": f"The name “{username}” is taken; names are never used again."})
    first, _, last = name.rpartition(" ")
    person = User(username=username, first_name=first, last_name=last)
    _check_password(password, person)
    person.set_password(password)
    person.save()
    factors.enrol(person)
    _set_roles(person, role_names)
    event().about(person)
    event().note(roles=sorted(role_names))
    return person


@action(Permission.PERSON_MANAGE, verb="person.roles-set", on=User)
def set_roles(*, by, on, role_names) -> None:
    """Replace a person's roles; refuses unknown ones and pairs that must stay apart."""
    event().note(before=sorted(on.role_names), after=sorted(role_names))
    _set_roles(on, role_names)


@action(Permission.PERSON_MANAGE, verb="person.password-set", on=User)
def set_password(*, by, on, password) -> None:
    """Give a person a new password."""
    _check_password(password, on)
    on.set_password(password)
    on.save(update_fields=("password",))


@action(Permission.PERSON_MANAGE, verb="person.deactivated", on=User)
def deactivate(*, by, on) -> None:
    """Shut a person out: no new sign-in, sessions and tokens end; nothing of theirs is removed."""
    on.is_active = False
    on.save(update_fields=("is_active",))
    ApiToken.objects.filter(user=on, revoked_at__isnull=True).update(revoked_at=clock.now())
    held = list(Grant.objects.filter(person=on, ended_at__isnull=True))
    for grant in held:
        grants.end(grant, by=by)
    event().note(sessions=_end_sessions(on), grants=len(held))


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


@action(Permission.TOKEN_ISSUE, verb="token.used", on=ApiToken)
def touch_token(*, by, on) -> None:
    """Note that a token is in use, at most once a minute."""
    on.last_used_at = clock.now()
    on.save(update_fields=("last_used_at",))


@action(Permission.AUDIT_READ, verb="audit.viewed")
def read_log(*, by, on=None, filters, limit=50, before=None) -> list[AuditEvent]:
    """One page of events, newest first, filtered by patient, actor, verb, outcome, since and until."""
    event().note(filters={name: str(value) for name, value in filters.items() if value})
    rows = AuditEvent.objects.filter(_conditions(filters))
    if before:
        rows = rows.filter(id__lt=before)
    return list(rows.order_by("-id")[:limit])


@action(Permission.AUDIT_VERIFY, verb="audit.verified")
def record_check(*, by, on=None, verdict) -> None:
    """Write down that the ledger was checked, and what the check said."""
    event().note(ok=verdict.ok, events=verdict.events, seals=verdict.seals, position=verdict.position)


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
    "actor": lambda value: Q(actor=value),
    "verb": lambda value: Q(verb=value),
    "outcome": lambda value: Q(outcome=value),
    "since": lambda value: Q(recorded_at__gte=value),
    "until": lambda value: Q(recorded_at__lt=value),
}


def _conditions(filters: dict) -> Q:
    found = Q()
    for name, value in filters.items():
        if value:
            found &= _FILTERS[name](value)
    return found


def _set_roles(person: User, role_names) -> None:
    wanted = set(role_names)
    unknown = sorted(wanted - set(roles.ROLES))
    if unknown:
        raise BadInput({"roles": f"No such role: {', '.join(unknown)}. Allowed: {', '.join(sorted(roles.ROLES))}."})
    if any(pair <= wanted for pair in roles.APART):
        raise BadInput({"roles": "An audit officer is never an administrator: choose one of the two."})
    person.groups.set([Group.objects.get_or_create(name=name)[0] for name in sorted(wanted)])
    person.is_staff = "admin" in wanted
    person.save(update_fields=("is_staff",))
    person.__dict__.pop("role_names", None)


def _check_password(password: str, person: User) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise BadInput({"password": " ".join(error.messages)}) from None


def _end_sessions(person: User) -> int:
    live = Session.objects.filter(expire_date__gt=clock.now())
    theirs = [row.pk for row in live if row.get_decoded().get("_auth_user_id") == str(person.pk)]
    Session.objects.filter(pk__in=theirs).delete()
    return len(theirs)
