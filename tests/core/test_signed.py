"""The portal's own signature: one form for every JSON value, and keys that rotate."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core import signed
from portal.core.keys import new_signing_key

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def turned(value):
    """The same value with every object's members in the other order."""
    if isinstance(value, dict):
        return {name: turned(value[name]) for name in reversed(value)}
    return [turned(part) for part in value] if isinstance(value, list) else value


@given(_json)
def test_the_order_of_members_changes_nothing(value):
    assert signed.canonical(turned(value)) == signed.canonical(value)


@given(st.integers())
def test_numbers_that_json_cannot_carry_exactly_stay_apart(number):
    assert signed.digest(number) != signed.digest(number + 1)


def test_the_canonical_form_is_that_of_the_standard():
    # The example of RFC 8785, section 3.2.3: members in the order of their UTF-16 code units.
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = list(json.loads(signed.canonical(dict.fromkeys(names, 0))))
    assert ordered == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert signed.canonical({"b": 1.0, "a": 1e21, "c": 0.000001}) == b'{"a":1e+21,"b":1,"c":0.000001}'


def test_a_signature_holds_over_its_own_record_alone(settings):
    settings.SIGNING_KEYS = new_signing_key()
    token = signed.sign({"meaning": "approval", "reason": "Read."})

    assert signed.holds(token, {"reason": "Read.", "meaning": "approval"})
    assert not signed.holds(token, {"reason": "Read.", "meaning": "refusal"})
    head, body, end = token.split(".")
    other = signed.sign({"meaning": "refusal", "reason": "Read."}).split(".")
    assert not signed.holds(f"{head}.{other[1]}.{end}", {"reason": "Read.", "meaning": "refusal"})
    assert not any(signed.holds(odd, {}) for odd in ("", "a.b.c", token[:-4]))


@pytest.mark.parametrize("kept", [True, False])
def test_after_a_rotation_older_signatures_hold_as_long_as_their_key_is_kept(kept, settings):
    old, new = new_signing_key(), new_signing_key()
    settings.SIGNING_KEYS = old
    token = signed.sign({"a": 1})
    settings.SIGNING_KEYS = f"{new}\n{old}" if kept else new

    assert signed.holds(token, {"a": 1}) is kept
    assert signed.holds(signed.sign({"a": 2}), {"a": 2})
