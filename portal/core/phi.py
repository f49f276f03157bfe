"""One class of sensitivity for every model field; masking, log scrubbing and export rules follow from it."""

from enum import StrEnum

from django.apps import apps


class Phi(StrEnum):
    """How much a field says about a person."""

    NONE = "none"
    PSEUDONYM = "pseudonym"
    IDENTIFIER = "identifier"
    CLINICAL = "clinical"
    FREE_TEXT = "free text"


_ORDER = tuple(Phi)
MASKED = frozenset({Phi.IDENTIFIER, Phi.CLINICAL, Phi.FREE_TEXT})


def most(classes) -> Phi:
    """The class that says most about a person; none when there is nothing to say."""
    return max(classes, key=_ORDER.index, default=Phi.NONE)


def class_at(model, path: str) -> Phi | None:
    """The class of the field that a path such as `patient__person` ends at; None for what is no field."""
    name, _, rest = path.partition("__")
    field = next((field for field in model._meta.get_fields() if field.name == name), None)
    if field is None:
        return None
    if rest and field.is_relation:
        return class_at(field.related_model, rest) or Phi.NONE
    return classes_of(model).get(name)


def classes_of(model) -> dict[str, Phi]:
    """The class of each concrete field; primary and foreign keys are pseudonyms unless the model says otherwise."""
    declared = getattr(model, "PHI", {})
    return {field.name: declared.get(field.name) or _implied(field) for field in model._meta.concrete_fields}


def masked_fields() -> frozenset[str]:
    """The names of all fields of ours that say more than a pseudonym."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("portal.")]
    return frozenset(name for model in ours for name, kind in classes_of(model).items() if kind in MASKED)


def unclassified() -> list[str]:
    """Fields of our own models that carry no class, as `app.Model.field`."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("portal.")]
    return [f"{model._meta.label}.{name}" for model in ours for name, kind in classes_of(model).items() if kind is None]


def _implied(field) -> Phi | None:
    if field.primary_key or field.is_relation:
        return Phi.PSEUDONYM
    return None
