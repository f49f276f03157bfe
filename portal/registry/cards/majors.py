"""Which versions of a model are read about once, and which must be read about again.

A version is major when its intended use, patients, warnings, outputs or inputs are not those of the approved version
before it, or when its author marks it. New weights, new training data and better measures alone make no major version.
"""

from portal.registry import spec
from portal.registry.cards.card import values_of
from portal.registry.models import ModelVersion

_SAID = tuple(f"attribute.{number}" for number in (3, 4, 5, 6, 9, 10))
_WORDS = ("intended_use", "cautions", "eligibility", "synthetic")
# What moves with every new training without changing what an answer means.
_MEASURED = frozenset({"base_rate", "base_rate_note", "contributions", "interval_note", "interval_plain"})


def major_of(version: ModelVersion) -> int:
    """The number of the version with which the present major version began."""
    approved = ModelVersion.objects.filter(model_id=version.model_id, number__lt=version.number)
    here, said = version, values_of(version)
    for before in approved.exclude(approved_at=None).order_by("-number"):
        earlier = values_of(before)
        if said.get("major") or _substance(here, said) != _substance(before, earlier):
            return here.number
        here, said = before, earlier
    return here.number


def _substance(version: ModelVersion, said: dict) -> dict:
    overlay = version.overlay
    output = overlay.get("output", {})
    return {
        "said": {key: said.get(key) for key in _SAID},
        "words": {name: overlay.get(name) for name in _WORDS},
        "output": {name: value for name, value in output.items() if name not in _MEASURED},
        "inputs": [_input(field) for field in spec.form_of(version).fields],
    }


def _input(field: spec.Field) -> tuple:
    return (
        field.name, field.type, field.label, field.help, field.unit, field.required, field.minimum, field.maximum,
        field.options, repr(field.fixed), field.unknown, repr(field.tracing),
    )  # fmt: skip
