"""Why something was not taken, in sentences that never repeat what a record says."""


class ResourceRefused(ValueError):
    """One resource is not acceptable; the rest of its source goes on."""


class SourceRefused(ValueError):
    """A file as a whole is not acceptable; nothing of it is stored."""
