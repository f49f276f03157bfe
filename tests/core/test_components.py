"""Small tags of the pages."""

import pytest
from django.template import Context, Template
from heroicons.templatetags import heroicons

from portal.core.templatetags import icons
from portal.core.templatetags.components import beside


@pytest.mark.parametrize(
    ("share", "base", "words"),
    [(0.12, 0.19, "below it"), (0.19, 0.12, "above it"), (0.191, 0.189, "about as high"), (0.0, 0.0, "about as high")],
)
def test_an_answer_is_compared_with_the_base_rate_as_both_are_shown(share, base, words):
    assert beside(share, base) == words


def test_an_icon_is_drawn_once_and_is_the_same_each_time():
    first = Template('{% heroicon_mini "play" class="icon" %}').render(Context())
    before = icons._drawn.cache_info().hits
    second = Template('{% heroicon_mini "play" class="icon" %}').render(Context())

    assert (second, icons._drawn.cache_info().hits) == (first, before + 1)
    assert first == heroicons.heroicon_mini("play", **{"class": "icon"})
