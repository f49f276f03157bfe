"""Counting shares and telling them without giving a few people away."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.monitoring import calibration
from portal.monitoring.calibration import Result, count, told, told_bins, wilson, withheld

BANDS = [{"upto": 0.1, "label": "Low"}, {"upto": 0.3, "label": "Raised"}, {"upto": 1.0, "label": "High"}]
CROOKED = [{"upto": 0.15, "label": "Low"}, {"upto": 0.4, "label": "Raised"}, {"upto": 1.0, "label": "High"}]
RESULTS = st.lists(
    st.builds(
        Result, person=st.integers(1, 40), share=st.floats(0, 1), happened=st.booleans(), sex=st.sampled_from(["female", "male"]),
        age=st.none() | st.integers(0, 110), run=st.sampled_from(["2025-01-01", "2025-02-01"]),
    ),
    max_size=120,
)  # fmt: skip


def results(n: int, share=0.2, hits=0, **more) -> list[Result]:
    facts = {"sex": "female", "age": 60, "run": "2025-01-01"} | more
    return [Result(person, share, person < hits, **facts) for person in range(n)]


def test_the_interval_is_wilsons():
    # Newcombe 1998, table I: 81 of 263 and 15 of 148, and no event in 20.
    assert [round(edge, 4) for edge in wilson(81, 263)] == [0.2553, 0.3662]
    assert [round(edge, 4) for edge in wilson(15, 148)] == [0.0624, 0.1605]
    assert [round(edge, 4) for edge in wilson(0, 20)] == [0.0, 0.1611]


@given(n=st.integers(1, 5000), data=st.data())
def test_the_interval_holds_the_share_within_bounds(n, data):
    hits = data.draw(st.integers(0, n))
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1


@given(found=RESULTS)
def test_every_result_is_counted_once_in_each_table(found):
    counted = count(found, BANDS, 0.3)

    tables = [counted["bands"], counted["bins"], *(group["cells"] for group in counted["groups"])]
    assert [sum(cell["n"] for cell in table) for table in tables] == [len(found)] * 4
    assert [sum(cell["hits"] for cell in table) for table in tables] == [counted["whole"]["hits"]] * 4


@given(found=RESULTS)
def test_no_small_cell_is_told_nor_left_over(found):
    counted = count(found, BANDS, 0.3)
    for table in (counted["bands"], *(group["cells"] for group in counted["groups"])):
        shown = told(table)
        hidden = [cell["people"] for cell, share in zip(table, shown, strict=True) if not share.told and cell["people"]]
        assert all(cell["people"] >= 11 for cell, share in zip(table, shown, strict=True) if share.told)
        # What is hidden together comes out as the total less the rest: it must hold a cell that is large.
        assert max(hidden, default=11) >= 11 or len(hidden) == len([cell for cell in table if cell["people"]])


@given(found=RESULTS)
def test_no_tenth_comes_out_beside_its_band(found):
    counted = count(found, BANDS, 0.3)
    shown = told_bins(counted["bins"], counted["bands"])
    for band, inside in zip(counted["bands"], (slice(0, 1), slice(1, 3), slice(3, 10)), strict=True):
        people = [cell["people"] for cell in counted["bins"][inside]]
        hidden = [number for number, share in zip(people, shown[inside], strict=True) if number and not share.told]
        assert band["people"] < 11 or len(hidden) != 1 or len([number for number in people if number]) == 1


def spans(*cells) -> list[tuple[float, float]]:
    return [(cell.start, cell.end) for cell in cells if cell.told]


def is_small(found: list[Result], *within: tuple[float, float]) -> bool:
    inside = lambda item: any(low < item.share <= high or (low == 0 and item.share == 0) for low, high in within)  # noqa: E731
    return 0 < len({item.person for item in found if inside(item)}) < 11


def comes_out(told: list[tuple[float, float]], span: tuple[float, float]) -> bool:
    """Whether the sum over a span follows from the sums that are told, by adding them up and taking them away."""
    # Sums over spans are differences between edges: a span follows when what is told leads from one end to the other.
    reached, grew = {span[0]}, True
    while grew:
        more = {b for a, b in told if a in reached} | {a for a, b in told if b in reached}
        grew, reached = not more <= reached, reached | more
    return span[1] in reached


@given(found=RESULTS, bands=st.sampled_from([BANDS, CROOKED, []]), threshold=st.sampled_from([None, 0.3, 0.4, 0.25]))
def test_no_few_people_come_out_between_tenths_bands_and_the_threshold(found, bands, threshold):
    counted = count(found, bands, threshold)
    told_spans = spans(*told(counted["bands"]), *told_bins(counted["bins"], counted["bands"], threshold))
    at = calibration.told_at(counted["at"], counted["bands"])
    told_spans += [(threshold, 1.0)] if at["ppv"] or at["sensitivity"] or at["alerts"] else []
    told_spans = [(round(low, 3), round(high, 3)) for low, high in [(0.0, 1.0), *told_spans]]
    edges = sorted({edge for span in told_spans for edge in span})
    if len({item.person for item in found}) < 11:
        return
    for low, high in combinations(edges, 2):
        assert not (is_small(found, (low, high)) and comes_out(told_spans, (low, high)))
    for a, b, c, d in combinations(edges, 4):
        around = comes_out(told_spans, (a, d)) and comes_out(told_spans, (b, c))
        assert not (around and is_small(found, (a, b), (c, d)))


@given(found=RESULTS)
def test_no_few_people_of_a_group_come_out_at_the_threshold(found):
    cells = count(found, BANDS, 0.3)["groups"][0]["cells"]
    said = calibration.told_groups(cells)
    for side in ("called", "spared"):
        hidden = [cell["at"][side] for cell, (_, ppv, _) in zip(cells, said, strict=True) if ppv is None]
        told_ones = [cell["at"][side] for cell, (_, ppv, _) in zip(cells, said, strict=True) if ppv is not None]
        assert [number for number in told_ones if 0 < number < 11] == []
        assert not told_ones or max(hidden, default=0) >= 11 or not any(hidden) or not any(told_ones)


def test_the_few_whom_a_version_does_not_call_are_not_told_by_those_whom_it_calls():
    found = [
        *results(30, 0.5, hits=12),
        *[Result(100 + place, 0.2, place < 2, "male", 80, "2025-03-01") for place in range(4)],
    ]
    counted = count(found, BANDS, 0.3)
    assert [share.told for share in told(counted["bands"])] == [False, False, False]
    assert set(calibration.told_at(counted["at"], counted["bands"]).values()) == {None}
    assert not any(share.told for share in told_bins(counted["bins"], counted["bands"], 0.3))


@pytest.mark.parametrize(
    ("people", "hidden"),
    [
        ([], set()),
        ([20, 30], set()),
        ([20, 0, 30], set()),
        ([4, 20, 30], {0, 1}),
        ([4, 5, 30], {0, 1, 2}),
        ([4, 5, 30, 40], {0, 1, 2}),
        ([4], {0}),
        ([11, 10], {0, 1}),
    ],
)
def test_what_would_come_out_as_the_rest_is_withheld_as_well(people, hidden):
    assert withheld(people) == hidden


def test_many_results_of_a_few_people_are_few_people():
    found = [*results(10, hits=3)] * 5
    assert [share.told for share in told(count(found, BANDS, None)["bands"])] == [False, False, False]


def test_the_numbers_at_the_threshold():
    found = [
        *results(20, 0.5, hits=12),
        *[Result(100 + item.person, 0.1, item.happened, "male", 80, "2025-03-01") for item in results(20, hits=4)],
    ]
    counted = count(found, BANDS, 0.3)

    at = calibration.told_at(counted["at"], counted["bands"])
    assert {name: share.value for name, share in at.items()} == {"alerts": 0.5, "ppv": 0.6, "sensitivity": 0.75}
    assert [(cell["label"], cell["n"], cell["hits"]) for cell in counted["groups"][1]["cells"]] == [
        ("45 to 64", 20, 12),
        ("80 and over", 20, 4),
    ]
    assert (counted["whole"]["days"], counted["bands"][0]["days"]) == (
        ["2025-01-01", "2025-03-01"],
        ["2025-03-01", "2025-03-01"],
    )
