"""How much a dataset says about people, the life of a version, and which classification allows which identifiers."""

from django.db import models

from portal.datasets.runtime import identifiers


class Classification(models.TextChoices):
    """What the owner says the table holds."""

    PUBLIC = "public", "Public"
    DEIDENTIFIED = "de-identified", "De-identified"
    LIMITED = "limited", "Limited data set"
    IDENTIFIED = "identified", "Identified"


HELP = {
    Classification.PUBLIC: "Published already; anybody may have it.",
    Classification.DEIDENTIFIED: "None of the eighteen identifiers is left (45 CFR 164.514(b)).",
    Classification.LIMITED: "Dates, towns and postal codes may be left, no direct identifier (45 CFR 164.514(e)).",
    Classification.IDENTIFIED: "Holds names, record numbers or other identifiers.",
}
# Rows of these are opened only by people who have a second factor.
NEEDS_FACTOR = frozenset({Classification.LIMITED, Classification.IDENTIFIED})
ALLOWED = {
    Classification.PUBLIC: frozenset({identifiers.NONE}),
    Classification.DEIDENTIFIED: frozenset({identifiers.NONE}),
    Classification.LIMITED: frozenset({identifiers.NONE, *identifiers.LIMITED}),
    Classification.IDENTIFIED: frozenset({identifiers.NONE, *identifiers.KINDS}),
}


class VersionState(models.TextChoices):
    """Where a version is; only a confirmed one is computed on."""

    READING = "reading", "being read"
    REFUSED = "refused", "not taken"
    UNCONFIRMED = "unconfirmed", "columns to confirm"
    CONFIRMED = "confirmed", "ready"
    REMOVED = "removed", "removed"


TRANSITIONS = {
    VersionState.READING: {VersionState.UNCONFIRMED, VersionState.REFUSED},
    VersionState.UNCONFIRMED: {VersionState.CONFIRMED, VersionState.REMOVED},
    VersionState.CONFIRMED: {VersionState.REMOVED},
    VersionState.REFUSED: set(),
    VersionState.REMOVED: set(),
}
KEPT = frozenset({VersionState.READING, VersionState.UNCONFIRMED, VersionState.CONFIRMED})

WITHHELD = {
    "too-few-rows": "Fewer than 11 rows meet this, so nothing is told about them. Ask about more rows.",
    "too-near": "This differs from an earlier answer by fewer than 11 rows, so both together would describe those few. Ask about clearly more or clearly fewer rows.",
    "too-much-told": "So much has been told about this version that it can no longer be checked whether another answer would give somebody away. Ask its owner for the right to read rows, or for a new version.",
    "no-right": "The right to compute on this dataset ended before the summary began.",
    "gone": "The version was removed before the summary began.",
    "broken": "The summary could not be computed. The team that runs the portal has been told; nothing was told about any row.",
    "too-large": "The summary took longer or more memory than it is allowed. Ask for fewer categories.",
}
