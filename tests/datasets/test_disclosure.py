"""What is told about a table gives no small cell away: played against an attacker who can only do sums, but all of them."""

import itertools
import random

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.datasets.runtime import summaries
from portal.datasets.runtime.profiles import Column, categories, profile
from portal.datasets.runtime.summaries import OTHERS, Source, Withheld, summarise

WARDS, STATES = ["north", "south", "west"], ["well", "ill"]


def table(counts: dict[tuple[str, str], int], age=lambda number: number % 90) -> list[list]:
    rows = [[ward, state] for (ward, state), count in counts.items() for _ in range(count)]
    return [[*row, age(number)] for number, row in enumerate(rows)]


def columns_of(rows) -> dict:
    """As reading a file finds them."""
    found = {}
    for place, (name, kind) in enumerate((("ward", "text"), ("state", "text"), ("age", "integer"))):
        column = Column(name, kind)
        for row in rows:
            column.take(row[place])
        found[name] = profile([column], len(rows))[0] | {"place": place}
    return found


def source_of(rows, history=()) -> Source:
    return Source(iter(rows), columns_of(rows), list(history), links=[0, 1, 2])


def ask(rows, by=("ward", "state"), of=None, where=(), history=(), earlier=()) -> dict:
    return summarise(source_of(rows, history), {"by": list(by), "of": of, "where": list(where)}, list(earlier))


def said(answer: dict, spec_by=("ward", "state"), of=None, where=()) -> dict:
    return {"spec": {"by": list(spec_by), "of": of, "where": list(where)}, "told": answer["told"]}


def shown(answer: dict) -> dict[tuple, int]:
    """The counts that were told, by the words on the two sides."""
    sides = answer["sides"]
    return {
        tuple(None if part is None else sides[axis][part] for axis, part in enumerate(wish)): count
        for wish, count in answer["counts"]
    }


def smallest_worked_out(cells: list[tuple], sizes: dict, told: list[dict]) -> tuple | None:
    """A group of cells with fewer than eleven rows whose size follows from what was told; None when there is none."""
    rows = [[1.0] * len(cells)]
    for wish in told:
        rows.append(
            [float(all(want in (None, have) for want, have in zip(wish, cell, strict=False))) for cell in cells]
        )
    span = numpy.linalg.pinv(numpy.array(rows)) @ numpy.array(rows)
    for choice in itertools.product((0.0, 1.0), repeat=len(cells)):
        weight = sum(sizes.get(cell, 0) for cell, one in zip(cells, choice, strict=False) if one)
        if any(choice) and weight < 11 and numpy.abs(numpy.array(choice) @ span - choice).max() < 1e-9:
            return choice
    return None


counts = st.dictionaries(
    st.sampled_from([(ward, state) for ward in [*WARDS, "attic"] for state in [*STATES, "odd"]]),
    st.one_of(st.integers(0, 14), st.integers(0, 60)),
    min_size=3,
)


def cells_and_sizes(found: dict) -> tuple[list[tuple], dict]:
    """Every cell there could be, with its rows, as the columns' categories cut them."""
    columns = columns_of(table(found))
    sides = [
        [*columns[name]["categories"], *([OTHERS] if columns[name]["others"] else [])] for name in ("ward", "state")
    ]
    sizes: dict = {}
    for (ward, state), count in found.items():
        cell = (ward if ward in sides[0] else OTHERS, state if state in sides[1] else OTHERS)
        sizes[cell] = sizes.get(cell, 0) + count
    return list(itertools.product(*sides)), {cell: count for cell, count in sizes.items() if count}


@given(counts)
def test_no_table_lets_anyone_work_out_a_group_of_fewer_than_eleven(found):
    assume(sum(found.values()) >= 11)
    told, (cells, sizes) = shown(ask(table(found))), cells_and_sizes(found)

    assert smallest_worked_out(cells, sizes, told) is None
    assert min(told.values()) >= 11
    assert told == {
        wish: sum(
            count
            for cell, count in sizes.items()
            if all(want in (None, have) for want, have in zip(wish, cell, strict=False))
        )
        for wish in told
    }


@given(counts, st.permutations([("ward",), ("state",), ("ward", "state"), ()]))
def test_no_series_of_tables_lets_anyone_work_it_out_either(found, order):
    assume(sum(found.values()) >= 11)
    rows, history, told = table(found), [], []
    for by in order:
        answer = ask(rows, by=by, history=history)
        history.append(said(answer, by))
        for wish in shown(answer):
            named = dict(zip(by, wish, strict=False))
            told.append((named.get("ward"), named.get("state")))

    _, sizes = cells_and_sizes(found)
    assert smallest_worked_out(list(sizes), sizes, told) is None


EDGES = (20, 40, 60)
conditions = st.lists(
    st.tuples(st.sampled_from(("at-least", "below")), st.sampled_from(EDGES)),
    max_size=2,
    unique_by=lambda pair: pair[0],
)
questions = st.lists(st.tuples(st.sampled_from([(), ("ward",)]), conditions), min_size=2, max_size=7)


@given(st.lists(st.one_of(st.integers(0, 12), st.integers(0, 40)), min_size=8, max_size=8), questions)
def test_no_series_of_filtered_questions_corners_a_few(sizes, asked):
    """Two wards and four spans of age: eight groups of rows, and every sum and difference of what was told."""
    places = list(itertools.product(("north", "south"), (10, 30, 50, 70)))
    rows = [[ward, "well", age] for (ward, age), size in zip(places, sizes, strict=True) for _ in range(size)]
    assume(len(rows) >= 11)
    history, told = [], [[1.0] * 8]
    for by, criteria in asked:
        where = [{"column": "age", "test": test, "value": edge} for test, edge in criteria]
        try:
            answer = ask(rows, by=by, where=where, history=history)
        except Withheld:
            continue
        history.append(said(answer, by, where=where))
        for wish in shown(answer):
            ward = wish[0] if by else None
            inside = [all((age >= edge) == (test == "at-least") for test, edge in criteria) for _, age in places]
            told.append([float(one and ward in (None, place[0])) for one, place in zip(inside, places, strict=True)])

    filled = [place for place, size in enumerate(sizes) if size]
    matrix = numpy.array(told)[:, filled]
    span = numpy.linalg.pinv(matrix) @ matrix
    choices = numpy.array(list(itertools.product((0.0, 1.0), repeat=len(filled))))
    weights = choices @ numpy.array([sizes[place] for place in filled], dtype=float)
    reached = numpy.abs(choices @ span - choices).max(axis=1) < 1e-9
    assert weights[reached & (weights > 0) & (weights < 11)].tolist() == []


def test_a_small_cell_takes_another_with_it():
    answer = ask(table({("north", "well"): 40, ("north", "ill"): 5, ("south", "well"): 30, ("south", "ill"): 60}))

    assert shown(answer)[None, None] == 135
    assert ("north", "ill") not in shown(answer) and ("north", "well") not in shown(answer)


def test_a_cell_that_is_empty_is_not_told_either():
    answer = ask(table({("north", "well"): 50, ("north", "ill"): 0, ("south", "well"): 30, ("south", "ill"): 40}))

    assert not {("north", "ill"), ("north", "well")} & set(shown(answer))


@pytest.mark.parametrize("apart", [1, 5, 10])
def test_a_question_that_differs_from_an_earlier_one_by_a_few_rows_is_refused(apart):
    rows = table({("north", "well"): 60, ("south", "ill"): 60}, age=lambda number: 90 if number < apart else 40)
    first = ask(rows, by=())
    where = [{"column": "age", "test": "below", "value": 90}]

    with pytest.raises(Withheld) as refused:
        ask(rows, by=(), where=where, history=[said(first, ())])
    assert refused.value.code == "too-near"


def test_one_that_differs_by_eleven_is_answered():
    rows = table({("north", "well"): 60, ("south", "ill"): 60}, age=lambda number: 90 if number < 11 else 40)
    answer = ask(
        rows, by=(), where=[{"column": "age", "test": "below", "value": 90}], history=[said(ask(rows, by=()), ())]
    )

    assert shown(answer) == {(): 109}


def test_cells_of_two_tables_are_not_set_off_against_each_other():
    """Forty rows leave through the filter, but only two of them from the north."""
    ages = {0: 90, 1: 90} | dict.fromkeys(range(60, 98), 90)
    rows = table({("north", "well"): 60, ("south", "well"): 90}, age=lambda number: ages.get(number, 40))
    first = ask(rows, by=("ward",))
    where = [{"column": "age", "test": "below", "value": 90}]
    second = ask(rows, by=("ward",), where=where, history=[said(first, ("ward",))])

    assert shown(first)["north",] == 60
    assert ("north",) not in shown(second)


def test_three_questions_together_do_not_corner_a_few():
    rows = table({("north", "well"): 100}, age=lambda number: 85 if number < 5 else 60 if number < 50 else 20)
    young = [{"column": "age", "test": "below", "value": 40}]
    middle = [{"column": "age", "test": "at-least", "value": 40}, {"column": "age", "test": "below", "value": 80}]
    history = [said(ask(rows, by=()), ())]
    history.append(said(ask(rows, by=(), where=young, history=history), (), where=young))

    with pytest.raises(Withheld):
        ask(rows, by=(), where=middle, history=history)


@pytest.mark.parametrize("apart", [1, 10])
def test_a_version_that_differs_by_a_few_rows_gives_none_of_them_away(apart):
    """What was told of the version before counts: the same question on both would tell who came or went."""
    old = table({("north", "well"): 60, ("south", "ill"): 60}, age=lambda number: number)
    new = old[apart:]
    before = source_of(old, [said(ask(old, by=()), ())])

    with pytest.raises(Withheld) as refused:
        ask(new, by=(), earlier=[before])
    assert refused.value.code == "too-near"


def test_a_version_that_differs_by_many_rows_is_answered_but_not_in_the_cells_where_few_differ():
    old = table({("north", "well"): 60, ("south", "ill"): 60}, age=lambda number: number)
    new = [*old[3:60], *old[80:]]
    before = source_of(old, [said(ask(old, by=("ward",)), ("ward",))])
    told = shown(ask(new, by=("ward",), earlier=[before]))

    assert told[(None,)] == 97 and ("north",) not in told


def test_rows_that_both_versions_share_are_answered_even_where_a_few_others_went():
    old = table({("north", "well"): 60, ("south", "ill"): 60}, age=lambda number: number)
    before = source_of(old, [said(ask(old, by=("ward",)), ("ward",))])
    south = [{"column": "ward", "test": "is", "value": "south"}]

    assert shown(ask(old[3:], by=(), where=south, earlier=[before])) == {(): 60}


def test_figures_rest_on_eleven_rows_and_name_no_extreme_one():
    rows = table({("north", "well"): 30, ("south", "well"): 40, ("west", "ill"): 8})
    rows[0][2] = 1_234_579_999
    answer = ask(rows, by=("ward",), of="age")
    figures = {tuple(wish): found for wish, found in answer["figures"]}

    assert set(figures) == {(None,)} | {tuple(wish) for wish in answer["told"]}
    assert "1234579" not in str(answer) and "e+" not in str(answer)
    assert set(figures[None,]) == {"quarter", "half", "three_quarters"}
    assert {"mean", "sd", "half"} <= set(figures[0,])
    assert "quarter" not in figures[0,]


def test_rows_without_the_number_do_not_count():
    rows = table({("north", "well"): 30, ("south", "well"): 30})
    for row in rows[:5]:
        row[2] = None

    with pytest.raises(Withheld):
        ask(rows, by=(), of="age", history=[said(ask(rows, by=()), ())])


def test_too_many_answers_are_the_end_of_answering(monkeypatch):
    monkeypatch.setattr(summaries, "MOST_WORK", 1)

    with pytest.raises(Withheld) as refused:
        ask(table({("north", "well"): 30}))
    assert refused.value.code == "too-much-told"


def of(values: list, kind: str, name: str = "v") -> dict:
    column = Column(name, kind)
    for value in values:
        column.take(value)
    return profile([column], len(values))[0]


def test_the_open_telling_of_a_column_holds_no_rare_value_and_no_extreme_one():
    told = of(["common"] * 30 + ["other"] * 20 + ["rarest"] * 3, "text")

    assert told["open"]["top"] == [["common", 30]] and told["open"]["rest"]
    assert "rarest" not in str(told["open"]) + str(told["categories"])
    assert ["rarest", 3] in told["full"]["top"]
    numbers = of([*range(100, 199), 987_654], "integer")
    assert "mean" not in numbers["open"] and numbers["open"]["half"] == 149
    assert "987654" not in str(numbers["open"]) and numbers["full"]["greatest"] == 987_654


@given(st.lists(st.sampled_from("abcdef"), max_size=120))
def test_no_open_count_is_a_small_one(values):
    told = of(values, "text")["open"]

    assert [count for _, count in told["top"] if count < 10] == []
    left = len(values) - sum(values.count(value) for value, _ in told["top"])
    assert left == 0 or left >= 11 or not told["top"]


@given(st.lists(st.integers(0, 5), max_size=60))
def test_a_value_to_group_by_is_shared_by_eleven(values):
    from collections import Counter

    assert [value for value in categories(Counter(values)) if values.count(value) < 11] == []


def test_the_attacker_of_these_tests_can_win():
    """Or the properties above would prove nothing."""
    sizes = {("north", "well"): 40, ("north", "ill"): 5}

    assert smallest_worked_out(list(sizes), sizes, [("north", None), ("north", "well")]) is not None


def test_a_thousand_rows_with_a_long_history_stay_quick():
    dice = random.Random(7)
    rows = [[dice.choice(WARDS), dice.choice(STATES), dice.randrange(90)] for _ in range(1000)]
    history = []
    for limit in range(10, 90, 10):
        where = [{"column": "age", "test": "below", "value": limit}]
        history.append(said(ask(rows, where=where, history=history), where=where))

    assert len(history) == 8
