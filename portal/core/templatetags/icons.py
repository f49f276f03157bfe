"""The icons of the pages, each drawn once: a list draws the same few hundreds of times."""

from functools import lru_cache

from django import template
from heroicons.templatetags import heroicons

register = template.Library()


@lru_cache(maxsize=512)
def _drawn(style: str, name: str, attributes: tuple) -> str:
    return getattr(heroicons, f"heroicon_{style}")(name, **dict(attributes))


@register.simple_tag
def heroicon_mini(name: str, **attributes) -> str:
    """An icon of 20 pixels, for use beside words."""
    return _drawn("mini", str(name), tuple(attributes.items()))


@register.simple_tag
def heroicon_outline(name: str, **attributes) -> str:
    """An outlined icon of 24 pixels."""
    return _drawn("outline", str(name), tuple(attributes.items()))


@register.simple_tag
def heroicon_solid(name: str, **attributes) -> str:
    """A filled icon of 24 pixels."""
    return _drawn("solid", str(name), tuple(attributes.items()))
