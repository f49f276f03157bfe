"""Whether a file is of the chosen patient: what counts as the same, and what never does."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portal.predictions import identity
from portal.predictions.identity import BORN, NAME, NUMBER

PERSON = {
    "prefix": "Dr.",
    "given": "José María",
    "family": "Núñez-Müller",
    "birth_date": "1950-01-02",
    "mrn": "MRN-00 17",
}


def compared(**header) -> tuple[tuple, tuple]:
    found = identity.compare(header, PERSON)
    return found.agree, found.differ


@pytest.mark.parametrize(
    "name",
    ["NUNEZ-MULLER^JOSE MARIA", "Núñez Müller^José", "NUNEZ MUELLER^JOSE^MARIA^Dr.", "Nunez-Muller^Jose Maria Luis",
     "JOSE NUNEZ MULLER", "NU\u0301N\u0303EZ-MU\u0308LLER^JOSE", "Núñez-Müller^José=ideographic"],
)  # fmt: skip
def test_one_name_is_spelled_in_many_ways(name):
    assert compared(name=name) == ((NAME,), ())


@pytest.mark.parametrize(
    "name", ["NUNEZ-MULLER^MARIA", "NUNEZ^JOSE MARIA", "MULLER^JOSE", "NUNEZ-MULLER", "JOSE^NUNEZ-MULLER", "NUNEZ-MULLER^J", "NUNEZ-MULLER^JOSEFA"]
)  # fmt: skip
def test_another_name_is_another_name(name):
    assert compared(name=name) == ((), (NAME,))


@pytest.mark.parametrize("name", ["", "  ", "^", "ANONYMOUS", "Anonymous^", "unknown"])
def test_what_names_nobody_neither_agrees_nor_differs(name):
    assert compared(name=name, number="", born="") == ((), ())


@pytest.mark.parametrize(
    ("number", "born", "agree", "differ"),
    [
        ("mrn 0017", "19500102", (BORN, NUMBER), ()),
        ("MRN-0017", "1950-01-02", (BORN, NUMBER), ()),
        ("MRN-17", "19500201", (), (BORN, NUMBER)),
        ("MRN-00170", "195001", (), (BORN, NUMBER)),
    ],
)
def test_numbers_and_days(number, born, agree, differ):
    assert compared(number=number, born=born) == (agree, differ)


def test_the_number_of_a_record_that_was_merged_is_the_patients():
    assert identity.compare({"number": "OLD 9"}, PERSON | {"former": ["OLD-9", None]}).agree == (NUMBER,)
    assert identity.compare({"number": "OLD 8"}, PERSON | {"former": ["OLD-9", None]}).differ == (NUMBER,)


def test_a_record_that_knows_the_year_alone_agrees_with_any_day_of_it():
    person = PERSON | {"birth_date": "1950", "mrn": "", "given": "", "family": ""}
    assert identity.compare({"born": "19501231", "number": "7", "name": "X^Y"}, person).agree == (BORN,)
    assert identity.compare({"born": "19511231"}, person).differ == (BORN,)


WORDS = some.text(string.ascii_letters + "áéíóúñüöäçšž", min_size=2, max_size=9).filter(
    lambda word: identity._bare(word) not in identity._NOBODY
)


@given(WORDS, WORDS, some.dates(), some.text(string.ascii_letters + string.digits, min_size=3, max_size=9))
def test_a_header_made_of_the_record_agrees_in_whatever_case(family, given_name, day, number):
    person = {"family": family, "given": given_name, "birth_date": day.isoformat(), "mrn": number}
    header = {
        "name": f"{family}^{given_name}".upper(),
        "born": f"{day:%Y%m%d}".rjust(8, "0"),
        "number": f" {number.lower()} ",
    }
    found = identity.compare(header, person)
    assert found.differ == () and found.enough


@given(WORDS, WORDS, WORDS, some.dates(), some.dates())
def test_who_has_another_name_or_day_is_never_enough(family, given_name, other, day, another):
    person = {"family": family, "given": given_name, "birth_date": day.isoformat(), "mrn": "17"}
    header = {"name": f"{other}^{given_name}", "born": f"{another:%Y%m%d}".rjust(8, "0"), "number": "17"}
    found = identity.compare(header, person)
    same_name = any(x[0] == y[0] for x in identity._spellings(other) for y in identity._spellings(family))
    assert found.enough == (same_name and day == another)
