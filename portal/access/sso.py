"""People who come from the single sign-on: admitted by issuer and subject, their roles brought in line each time."""

from django.conf import settings

from portal.access import roles
from portal.access.action import action, event
from portal.access.actions import replace_roles
from portal.access.permissions import Permission
from portal.accounts.models import User
from portal.core.problems import Problem

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


def _free_name(claims: dict) -> str:
    wanted = "".join(sign for sign in str(claims.get("preferred_username") or "") if sign.isalnum() or sign in "._-@")
    wanted = wanted[:100] or f"sso-{claims['sub']}"[:100]
    # An account here with the same name may be somebody else: names are no proof.
    taken = set(User.objects.filter(username__istartswith=wanted).values_list("username", flat=True))
    taken = {name.lower() for name in taken}
    names = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name.lower() not in taken)
