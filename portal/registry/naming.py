"""The short name of a model, which stands in addresses and never changes."""

import re

from portal.core.problems import BadInput
from portal.registry.models import RegisteredModel
from portal.studies.models import Study

_SLUG = re.compile(r"[a-z0-9_-]{1,80}")

# Words that stand in the place of a model's name in addresses.
_TAKEN = frozenset({"new"})


def check(slug: str) -> None:
    """Raise BadInput when it cannot be a model's name."""
    if slug in _TAKEN:
        raise BadInput({"name": f"“{slug}” is the name of a page; choose another name."})
    if not _SLUG.fullmatch(slug):
        raise BadInput({"name": "A model's name has small letters, digits and hyphens, at most 80 of them."})


def find(slug: str, study: Study) -> RegisteredModel | None:
    """The model of that name; raises BadInput when it is another study's."""
    model = RegisteredModel.objects.filter(slug=slug).first()
    if model:
        check_study(model, study)
    return model


def check_study(model: RegisteredModel, study: Study) -> None:
    """Raise BadInput when a model is another study's."""
    if model.study_id != study.pk:
        raise BadInput({"name": f"The name {model.slug} belongs to another study; choose another name."})
