"""A tracing on paper: every sample and every mark where time and voltage put it."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portal.core.templatetags import traces

MICROVOLTS = some.lists(some.integers(-3000, 3000), min_size=500, max_size=4000)


def points(strip: dict) -> list[tuple[float, float]]:
    numbers = [float(word) for word in strip["path"].removeprefix("M").split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


@pytest.mark.slow
@given(MICROVOLTS, some.sampled_from([100, 125, 250]))
def test_a_second_is_25_mm_and_a_millivolt_10_mm(values, rate):
    for strip in traces.strips({"rate": rate, "microvolts": values}, []):
        drawn = points(strip)
        low, high = traces._bounds([value / 1000 for value in values])
        for place, (x, y) in enumerate(drawn):
            second = strip["start"] + place / rate
            assert abs(x - (15 + (second - strip["start"]) * 25)) < 0.006
            assert abs(y - (10 + (high - values[round(second * rate)] / 1000) * 10)) < 0.006
        assert all(0 <= y <= strip["height"] for _, y in drawn) and all(x <= strip["width"] for x, _ in drawn)
        assert low <= min(values) / 1000 and high >= max(values) / 1000


@pytest.mark.slow
@given(MICROVOLTS, some.lists(some.floats(0, 16), max_size=30, unique=True))
def test_each_beat_is_marked_once_where_it_is(values, peaks):
    peaks = sorted(round(peak, 3) for peak in peaks)
    seconds = len(values) / 250
    strips = traces.strips({"rate": 250, "microvolts": values}, peaks)
    shown = [peak for peak in peaks if peak < seconds]
    assert sum(strip["count"] for strip in strips) == len(shown)
    marks = [(strip["start"], mark) for strip in strips for mark in strip["marks"]]
    for peak, (start, mark) in zip(shown, marks, strict=True):
        x, y = (float(word) for word in mark.removeprefix("M").partition("l")[0].split())
        assert abs(x - (15 + (peak - start) * 25)) < 0.01 and y >= 0


@given(some.lists(some.floats(0, 60), min_size=2, max_size=60, unique=True))
def test_the_table_lists_every_interval_in_milliseconds(peaks):
    peaks = sorted(round(peak, 3) for peak in peaks)
    rows = traces.beats(peaks)
    assert [row["at"] for row in rows] == peaks and rows[0]["gap"] is None
    assert all(
        abs(row["gap"] - (row["at"] - before["at"]) * 1000) <= 0.5001
        for before, row in zip(rows, rows[1:], strict=False)
    )


def test_a_minute_is_drawn_in_strips_of_ten_seconds():
    strips = traces.strips({"rate": 250, "microvolts": [0] * 250 * 25}, [0.5, 9.5, 10.5, 24.5])
    assert [(strip["start"], strip["end"], strip["count"]) for strip in strips] == [
        (0, 10, 2),
        (10, 20, 1),
        (20, 25.0, 1),
    ]
    assert {strip["width"] for strip in strips} == {265}
    assert [gap["text"] for strip in strips for gap in strip["gaps"]] == ["9000", "1000", "14000"]
