"""When a field is asked at all: a condition on the answer to another one.

What is not asked is not sent and is missing, whatever was typed into it before.
"""

from dataclasses import dataclass

TESTS = {"is": "is", "above": "is above", "below": "is below", "in": "is one of"}


@dataclass(frozen=True)
class When:
    """A field is asked only when the answer to `input` passes the test."""

    input: str
    test: str
    value: object

    @classmethod
    def of(cls, entry) -> "When | None":
        """From an overlay: `input` and one of is, above, below, in."""
        if not isinstance(entry, dict):
            return None
        test = next((name for name in TESTS if name in entry), "")
        value = entry.get(test) if test else None
        return cls(str(entry.get("input", "")), test, tuple(value) if isinstance(value, list) else value)

    def holds(self, answer) -> bool:
        """Whether an answer, in the model's own unit, passes; what is not known never does."""
        if answer is None:
            return False
        if self.test in ("above", "below"):
            is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
            return is_number and (answer > self.value if self.test == "above" else answer < self.value)
        return any(same(answer, one) for one in (self.value if self.test == "in" else (self.value,)))


def same(answer, value) -> bool:
    """Whether two answers are the same one."""
    # True is no 1 here, while 1.0 and 1 are the same answer.
    return isinstance(answer, bool) == isinstance(value, bool) and answer == value


def hidden(form, values: dict) -> frozenset[str]:
    """The fields of a form that are not asked while these are the answers."""
    fields = {field.name: field for field in form.fields}
    if not any(field.when for field in form.fields):
        return frozenset()
    return frozenset(name for name in fields if not _shows(name, fields, values, ()))


def _shows(name: str, fields: dict, values: dict, above: tuple[str, ...]) -> bool:
    when = fields[name].when
    if when is None or when.input not in fields or when.input in above:
        return True
    return _shows(when.input, fields, values, (*above, name)) and when.holds(values.get(when.input))


def sentence(form, field) -> str:
    """The condition in words; an empty text where there is none."""
    when = field.when
    other = next((one for one in form.fields if when and one.name == when.input), None)
    if other is None:
        return ""
    labels = {option.value: option.label for option in other.options}
    values = when.value if when.test == "in" else (when.value,)
    said = " or ".join(str(labels.get(value, _plain(value))) for value in values)
    return (
        f"Asked only when {other.label} {TESTS[when.test]} {said} {other.unit_label if not labels else ''}".strip()
        + "."
    )


def _plain(value) -> str:
    return (
        f"{value:.10g}"
        if isinstance(value, float)
        else "Yes"
        if value is True
        else "No"
        if value is False
        else str(value)
    )
