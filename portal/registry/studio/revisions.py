"""The saved states of a form: each numbered, never changed, with what it changed; call these inside actions."""

from portal.registry.models import FormRevision, ModelVersion
from portal.registry.studio import differences

AS_REGISTERED = "As it came with the model's files."


def first(version: ModelVersion) -> FormRevision:
    """The state that came with the files, number 1."""
    return FormRevision.objects.create(
        version=version, number=1, overlay=version.overlay, why=AS_REGISTERED, saved_by=version.created_by
    )


def newest(version: ModelVersion) -> int:
    """The number of the form as it stands."""
    return version.forms.values_list("number", flat=True).first() or 0


def add(version: ModelVersion, overlay: dict, by, why: str, *, back_to: int | None = None) -> FormRevision:
    """Save another state and make it the form of the version."""
    changes = differences.between(version.overlay, overlay)
    version.overlay = overlay
    version.save(update_fields=("overlay",))
    return FormRevision.objects.create(
        version=version, number=newest(version) + 1, overlay=overlay, changes=[change.plain() for change in changes],
        why=why, saved_by=by, back_to=back_to,
    )  # fmt: skip
