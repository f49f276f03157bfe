"""What a grant rests on, and the life of a case."""

from django.db import models


class GrantKind(models.TextChoices):
    """Why somebody reaches an object."""

    RELATIONSHIP = "relationship", "works on the ward"
    MEMBERSHIP = "membership", "belongs to the study"
    SHARE = "share", "shared by a colleague"
    REQUEST = "request", "asked for and given"
    BREAK_GLASS = "break-glass", "emergency access"


class RequestState(models.TextChoices):
    """Where a request for access is."""

    PENDING = "pending", "waiting"
    GRANTED = "granted", "granted"
    REFUSED = "refused", "refused"
    WITHDRAWN = "withdrawn", "withdrawn"


class CaseOutcome(models.TextChoices):
    """What the review of an emergency access found."""

    APPROPRIATE = "appropriate", "Appropriate"
    FIX_RULE = "fix-rule", "Appropriate, and the access rule should be mended"
    INAPPROPRIATE = "inappropriate", "Not appropriate"
    UNCLEAR = "unclear", "Cannot be told"


# v3-ActReason codes: the purpose of use that each kind of grant is given for.
PURPOSES = {
    GrantKind.RELATIONSHIP: "TREAT",
    GrantKind.MEMBERSHIP: "HRESCH",
    GrantKind.SHARE: "TREAT",
    GrantKind.REQUEST: "TREAT",
    GrantKind.BREAK_GLASS: "BTG",
}
