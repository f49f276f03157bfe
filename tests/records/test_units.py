"""Units of clinical values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.records import units


@pytest.mark.parametrize(
    ("value", "source", "target", "analyte", "expected"),
    [
        (100, "umol/L", "mg/dL", "2160-0", 1.131),
        (5.5, "mmol/L", "mg/dL", "2345-7", 99.09),
        (5, "mmol/L", "mg/dL", "2093-3", 193.3),
        (42, "mmol/mol", "%", "4548-4", 5.994),
        (132, "g/L", "g/dL", "718-7", 13.2),
        (98.6, "[degF]", "Cel", None, 37.0),
        (3250, "g", "kg", None, 3.25),
        (150, "lb", "kg", None, 68.04),
        (120, "mmHg", "mm[Hg]", None, 120),
        (3.5, "cm", "mm", None, 35),
    ],
)
def test_values_are_converted(value, source, target, analyte, expected):
    assert units.convert(value, source, target, analyte=analyte).value == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("unit", ["furlongs", "", "mmol\\L", "%%", "💧"])
def test_an_unknown_unit_is_refused(unit):
    with pytest.raises(units.UnitUnknown):
        units.convert(1, unit, "kg")


def test_units_of_different_kinds_are_refused():
    with pytest.raises(units.UnitMismatch, match="kg cannot be converted to mm"):
        units.convert(1, "kg", "mm")


def test_molar_units_need_to_know_what_was_measured():
    with pytest.raises(units.UnitMismatch):
        units.convert(1, "mmol/L", "mg/dL")


@given(
    st.floats(0.01, 1e4),
    st.sampled_from([("umol/L", "mg/dL", "2160-0"), ("%", "mmol/mol", "4548-4"), ("kg", "g", None)]),
)
def test_there_and_back_is_where_one_was(value, way):
    source, target, analyte = way
    there = units.convert(value, source, target, analyte=analyte).value
    assert units.convert(there, target, source, analyte=analyte).value == pytest.approx(value, rel=1e-9, abs=1e-9)
