"""People who come from the single sign-on: admitted by issuer and subject, their roles brought in line each time."""

from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from portal.access import roles
from portal.access.action import action, event
from portal.access.actions import end_sessions, replace_roles
from portal.access.permissions import Permission
from portal.accounts import factors
from portal.accounts.models import User
from portal.core.problems import BadInput, Conflict, Problem

LONGEST_SUBJECT = 191
# RFC 8176: what a provider calls a sign-in that asked for more than a password.
_STRONG = frozenset({"mfa", "otp", "hwk", "swk", "fpt", "face", "iris", "sc", "pop"})


class Refused(Problem):
    """The provider knows the person; the portal does not let them in."""

    code, status = "single-sign-on-refused", 403


def checked(data: dict) -> dict:
    """The claims about a person, when the provider's two answers agree on who says it about whom."""
    signed, more = data.get("id_token") or {}, data.get("userinfo") or {}
    if signed.get("iss", "").rstrip("/") != settings.OIDC["issuer"]:
        raise Refused("The answer came from another sign-in than the one this portal trusts. Tell an administrator.")
    if not signed.get("sub") or signed["sub"] != more.get("sub"):
        raise Refused("The sign-in gave two answers about who you are. Try again; if it stays, tell an administrator.")
    return signed | more


def roles_of(claims: dict) -> frozenset[str]:
    """The roles that a person's groups give; unknown groups give none, and a forbidden pair is refused."""
    groups = claims.get(settings.OIDC["groups_claim"]) or []
    groups = groups.split() if isinstance(groups, str) else groups if isinstance(groups, list) else []
    groups = [group for group in groups if isinstance(group, str)]
    found = frozenset().union(*(settings.OIDC["roles"].get(group, frozenset()) for group in groups))
    if any(pair <= found for pair in roles.APART):
        raise Refused(
            "Your groups make you an audit officer and an administrator. Nobody is both: ask for one group to be removed."
        )
    return found


def is_strong(claims: dict) -> bool:
    """Whether the provider asked for a second factor and is trusted to say so."""
    methods = claims.get("amr") or []
    return bool(settings.OIDC["trust_second_factor"] and isinstance(methods, list) and _STRONG & set(methods))


@action(Permission.PERSON_MANAGE, verb="person.admitted")
def admit(*, by, on=None, claims, role_names) -> User:
    """Make an account for someone whom the single sign-on vouches for; it has no password here."""
    person = User(
        username=_free_name(claims), first_name=str(claims.get("given_name") or "")[:150],
        last_name=str(claims.get("family_name") or "")[:150], email=str(claims.get("email") or "")[:254],
    )  # fmt: skip
    if not person.get_full_name():
        person.first_name, _, person.last_name = str(claims.get("name") or "")[:150].rpartition(" ")
    person.set_unusable_password()
    person.save()
    replace_roles(person, role_names)
    event().about(person)
    event().note(roles=sorted(role_names), issuer=settings.OIDC["issuer"])
    return person


@action(Permission.PERSON_MANAGE, verb="person.roles-synchronised", on=User)
def synchronise(*, by, on, role_names) -> None:
    """Bring a person's roles in line with their groups; no event when nothing changed."""
    before = frozenset(on.groups.values_list("name", flat=True))
    if before == frozenset(role_names):
        event().skip()
        return
    event().note(before=sorted(before), after=sorted(role_names), issuer=settings.OIDC["issuer"])
    replace_roles(on, role_names)


@action(Permission.PERSON_MANAGE, verb="person.account-linked", on=User)
def link(*, by, on, subject) -> SocialAccount:
    """Say that somebody of the hospital's sign-in is this person; from then on their groups there give the roles."""
    _check_link(by, on, subject)
    event().note(issuer=settings.OIDC["issuer"], subject=subject)
    return SocialAccount.objects.create(user=on, provider=settings.OIDC["id"], uid=subject)


@action(Permission.PERSON_MANAGE, verb="person.account-unlinked", on=User)
def unlink(*, by, on, account, knowing=False) -> list[str]:
    """Take such a link away and end the sessions; who would be locked out stays unless the caller knows it."""
    found = SocialAccount.objects.filter(user=on, pk=account).first()
    if found is None:
        raise BadInput({"account": f"{on.label} has no such account; it may have been unlinked already."})
    left = ways_in(on, but=found)
    if not left and not knowing:
        raise BadInput({"knowing": f"{on.label} could not sign in any more. Tick the box if that is what you want."})
    found.delete()
    event().note(provider=found.provider, subject=found.uid, sessions=end_sessions(on), ways_left=len(left))
    return left


def ways_in(person, but: SocialAccount | None = None) -> list[str]:
    """How a person can sign in now, in words; `but` leaves one account of the provider out."""
    local = settings.LOCAL_LOGIN or person.username in settings.LOCAL_LOGIN_PEOPLE
    found = ["the password here"] if local and person.has_usable_password() else []
    if local and factors.signs_in_alone(person):
        found.append("a passkey that needs no password")
    return found + [f"{settings.OIDC['name']} as “{row.uid}”" for row in accounts_of(person) if row != but]


def accounts_of(person) -> list[SocialAccount]:
    """The person's accounts at the provider that this portal trusts now; those of another issuer sign nobody in."""
    return list(SocialAccount.objects.filter(user=person, provider=settings.OIDC.get("id", "")).order_by("pk"))


def _check_link(by, on: User, subject: str) -> None:
    if not settings.OIDC:
        raise Conflict("No single sign-on is set up here; see the how-to about it.", code="no-provider")
    if by.pk == on.pk:
        raise Conflict("Nobody links an account to themselves; another administrator does.", code="own-account")
    if not on.is_active:
        raise BadInput({"subject": f"{on.label} has left; open the account first."})
    if not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise BadInput({"subject": f"Subject: the “sub” that the provider shows, 1 to {LONGEST_SUBJECT} characters."})
    holder = SocialAccount.objects.filter(provider=settings.OIDC["id"], uid=subject).select_related("user").first()
    if holder:
        raise BadInput({"subject": f"This account is linked to {holder.user.label} already; unlink it there first."})
    if accounts_of(on):
        raise BadInput({"subject": f"{on.label} has an account of {settings.OIDC['name']} already; unlink it first."})


def _free_name(claims: dict) -> str:
    wanted = "".join(sign for sign in str(claims.get("preferred_username") or "") if sign.isalnum() or sign in "._-@")
    wanted = wanted[:100] or f"sso-{claims['sub']}"[:100]
    # An account here with the same name may be somebody else: names are no proof.
    taken = set(User.objects.filter(username__istartswith=wanted).values_list("username", flat=True))
    taken = {name.lower() for name in taken}
    names = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name.lower() not in taken)
