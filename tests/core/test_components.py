"""Small tags of the pages."""

import pytest

from portal.core.templatetags.components import beside


@pytest.mark.parametrize(
    ("share", "base", "words"),
    [(0.12, 0.19, "below it"), (0.19, 0.12, "above it"), (0.191, 0.189, "about as high"), (0.0, 0.0, "about as high")],
)
def test_an_answer_is_compared_with_the_base_rate_as_both_are_shown(share, base, words):
    assert beside(share, base) == words
