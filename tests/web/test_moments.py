"""A moment on the clinician's form: the browser's own field, and a text where that field cannot say what is meant."""

import re
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string

from portal.registry import answers, spec
from portal.web.clinic import forms

FORM = spec.build([{"name": "at", "type": "datetime", "required": True}], {"at": {"zone": "UTC"}})
LOCAL = spec.build([{"name": "at", "type": "datetime", "required": True}], {})


@pytest.fixture(autouse=True)
def berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"


def drawn(form: spec.FormSpec, typed: str) -> str:
    errors = answers.check(form, {"at": typed}).errors if typed else {}
    blank = SimpleNamespace(form=form, version=SimpleNamespace(overlay={}), prefilled={}, last={})
    ((_, (question,)),) = forms.groups(blank, typed={"in.at": typed}, errors=errors)
    return render_to_string("_components/field.html", {"field": question})


def test_the_hour_that_comes_twice_is_offered_as_two_and_either_is_taken():
    page = drawn(FORM, "2026-10-25T02:30")
    assert 'type="text"' in page and "datetime-local" not in page and 'value="2026-10-25T02:30"' in page
    offered = re.findall(r'data-take="([^"]+)"', page)
    assert offered == ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"]

    given = [answers.check(FORM, {"at": one}).given["at"].value for one in offered]
    assert given == ["2026-10-25T00:30:00", "2026-10-25T01:30:00"]


@pytest.mark.parametrize("typed", ["", "2026-10-25T01:30", "2026-10-25T01:30:05", "2026-03-29T02:30"])
def test_any_other_moment_stands_in_the_browsers_own_field(typed):
    page = drawn(FORM, typed)
    assert 'type="datetime-local"' in page and f'value="{typed}"' in page and "data-take" not in page


@pytest.mark.parametrize("typed", ["2026-10-25T02:30+01:00", "2026-10-25", "yesterday"])
def test_what_that_field_would_drop_stays_as_it_was_typed(typed):
    page = drawn(FORM, typed)
    assert 'type="text"' in page and f'value="{typed}"' in page


def test_a_model_that_goes_by_the_hospitals_clock_is_told_what_the_clock_showed():
    assert 'type="datetime-local"' in drawn(LOCAL, "2026-10-25T02:30")
    assert answers.check(LOCAL, {"at": "2026-10-25T02:30"}).errors == {}


@pytest.mark.parametrize(
    ("kind", "sizes", "said"),
    [
        ("array(double)", [], "One value on each line."),
        ("array(double)", [-1], "One value on each line."),
        ("array(double)", [3], "One value on each line. The model takes exactly 3 values."),
        ("array(array(long))", [2, 4], "One row on each line, with semicolons between its values. The model takes exactly 2 rows of 4 values each."),
        ("array(array(long))", [-1, 4], "One row on each line, with semicolons between its values. The model takes exactly 4 values each."),
        ("datetime", [], "By the hospital’s clock."),
        ("double", [], ""),
    ],
)  # fmt: skip
def test_how_many_values_a_model_takes_is_said_before_it_refuses(kind, sizes, said):
    (field,) = spec.build([{"name": "x", "type": kind, "required": True, "sizes": sizes}], {}).fields
    assert forms.how(field) == said
