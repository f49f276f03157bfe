"""Who acts: a person, or the portal itself."""

from dataclasses import dataclass

from portal.access import roles


@dataclass(frozen=True)
class _System:
    """The portal acting on its own behalf: seeding, workers, the sealer."""

    pk = None
    public_id = ""
    username = "system"
    label = "the portal"
    is_active = True
    is_authenticated = True
    scopes = None
    role_names = frozenset({roles.System.name})

    def __str__(self) -> str:
        return self.username


SYSTEM = _System()


def rights_of(by) -> frozenset:
    """Every right that a person's roles hold together."""
    if by is SYSTEM:
        return roles.System.permissions
    held = (roles.ROLES[name].permissions for name in by.role_names if name in roles.ROLES)
    return frozenset().union(*held)


def key_of(by) -> tuple:
    """All about an actor that a rule of the policy may depend on."""
    return by.pk, by.role_names, scopes_of(by) is None, getattr(by, "is_superuser", False)


# Emergency access is for the person at the bedside alone, never for those who also run the machines or study the data.
_NEVER_EMERGENCY = frozenset({"scientist", "admin"})


def at_the_bedside(by) -> bool:
    """Whether emergency access may exist for this actor at all: a clinician, nothing more, and not by a program."""
    apart = by is SYSTEM or by.is_superuser or by.role_names & _NEVER_EMERGENCY
    return "clinician" in by.role_names and not apart and scopes_of(by) is None


def scopes_of(by) -> frozenset | None:
    """The scopes of the token this person acts with; None when they act themselves."""
    return getattr(by, "scopes", None)
