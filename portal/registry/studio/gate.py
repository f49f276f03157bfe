"""A form that does not fit its model's signature holds an approval back."""

from portal.core.problems import BadInput
from portal.registry import bundle, overlays
from portal.registry.models import ModelVersion
from portal.registry.studio import answer


def register() -> None:
    """Called once the apps are loaded."""
    bundle.gate("form", unfit)


def unfit(version: ModelVersion) -> list[str]:
    """What of the form does not fit or was not said, as it came with the files or was made since."""
    try:
        overlays.check(version.overlay, version.facts)
    except BadInput as problem:
        return [f"The form does not fit the model. {sentence}" for sentence in problem.errors.values()]
    unsaid = answer.unsaid(version.overlay, version.facts)
    return [unsaid] if unsaid else []
