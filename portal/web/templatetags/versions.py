"""Where one is among the pages of a model version."""

from django import template
from django.urls import reverse

from portal.web.lab.parts import PARTS

register = template.Library()
_ADDRESSES = {part: address for part, address, _ in PARTS}


@register.inclusion_tag("lab/_version_parts.html")
def version_parts(version, here: str) -> dict:
    """The links between the pages of a version; `here` is the part that is open."""
    return {
        "parts": [(label, reverse(address, args=[version.public_id]), part == here) for part, address, label in PARTS]
    }


@register.inclusion_tag("lab/_missing.html")
def still_missing(version, missing) -> dict:
    """What an approval of a version still waits for, each with the way to its page."""
    return {
        "missing": [
            (one.sentence, reverse(_ADDRESSES.get(one.part, "lab:version"), args=[version.public_id]))
            for one in missing
        ]
    }
