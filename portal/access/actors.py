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


# Emergency access is for the person at the bedside alone (never for programs, whatever the roles of their owner).
_NEVER_EMERGENCY = frozenset({"scientist", "admin"})


def at_the_glass(by) -> bool:
    """Whether emergency access may exist for this actor at all: a clinician in person, and nothing more."""
    return (
        "clinician" in by.role_names
        and not by.role_names & _NEVER_EMERGENCY
        and not getattr(by, "is_superuser", False)
        and scopes_of(by) is None
    )


def scopes_of(by) -> frozenset | None:
    """The scopes of the token this person acts with; None when they act themselves."""
    return getattr(by, "scopes", None)
