"""Where one is among the pages of a model version."""

from django import template
from django.urls import reverse

from portal.registry.cards import overview as words
from portal.registry.intake import origin
from portal.web.lab.parts import PARTS, owing

register = template.Library()


@register.inclusion_tag("lab/_version_parts.html")
def version_parts(version, here: str) -> dict:
    """The links between the pages of a version; `here` is the part that is open."""
    return {
        "parts": [(label, reverse(address, args=[version.public_id]), part == here) for part, address, label in PARTS]
    }


@register.inclusion_tag("lab/_missing.html", takes_context=True)
def still_missing(context, version, missing) -> dict:
    """What an approval of a version still waits for, each with the way to its page."""
    return {"missing": owing(context["request"].user, version, missing)}


@register.simple_tag
def overview(version) -> dict:
    """What a version's first page says of it: its use, cautions and measures, and how its files stand to their run."""
    return vars(words.of(version)) | {"run": origin.sentence(version)}
