"""Days and moments in words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core import days


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2024-05-22", "22 May 2024"),
        ("2024-05-22T09:30:00+00:00", "22 May 2024"),
        ("2024-05", "May 2024"),
        ("2024", "2024"),
        ("", ""),
        (None, ""),
        ("2024-13-01", "2024-13-01"),
    ],
)
def test_a_day_is_said_as_exactly_as_it_is_known(text, said):
    assert days.said(text) == said


def test_a_moment_is_said_by_the_hospitals_clock(settings):
    settings.TIME_ZONE = "Europe/Zurich"
    assert days.moment(datetime(2026, 11, 8, 13, 2, tzinfo=UTC)) == "8 Nov 2026, 14:02"


@given(st.text(max_size=30))
def test_what_is_no_day_stays_as_it_is(text):
    assert days.said(text) == text or days.said(text)[-4:].isdigit()
