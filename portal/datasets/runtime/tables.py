"""Tables from files: CSV through the standard library, Parquet through pyarrow; faults name line and column, never a value."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite

MISSING = frozenset({"", "NA", "N/A", "NULL", "null", "NaN", "nan"})
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,15})$")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$")
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}
_LONGEST, _FAULTS, _LONGEST_NAME = 10_000, 20, 100
# CSV that begins like this is Parquet.
_PARQUET = b"PAR1"


class NotReadable(Exception):
    """The file is no table that is taken; `sentences` name each fault's place and what is allowed."""

    def __init__(self, *sentences: str):
        super().__init__()
        self.sentences = list(sentences)


@dataclass(frozen=True)
class Limits:
    """How large a table may be."""

    rows: int
    columns: int
    cells: int


@dataclass
class Table:
    """Named and typed columns, and a way to walk the rows as often as needed."""

    kind: str
    columns: list[tuple[str, str]]
    rows: Callable[[], Iterator[list]] = field(repr=False)


def open_table(source, limits: Limits) -> Table:
    """The table in a seekable stream of bytes; raises NotReadable."""
    start = source.read(4)
    source.seek(0)
    if not start:
        raise NotReadable("The file is empty. Send a table with a header line and at least one row.")
    return _parquet(source, limits) if start == _PARQUET else _csv(source, limits)


def _csv(source, limits: Limits) -> Table:
    reader = _lines(source)
    names = _header(reader, limits)
    checks = [list(_CHECKS) for _ in names]
    faults, count = [], 0
    for row in _guarded(reader):
        if not row:
            continue
        count += 1
        _check_size(count, len(names), limits)
        faults += _faults(reader.line_num, row, names)
        if len(faults) >= _FAULTS:
            faults.append(f"Reading stopped after {_FAULTS} faults.")
            break
        if len(row) == len(names):
            _narrow(checks, row)
    if faults:
        raise NotReadable(*faults)
    if not count:
        raise NotReadable("The file has a header line and no rows. Send at least one row.")
    kinds = [left[0] if left else "text" for left in checks]
    return Table("csv", list(zip(names, kinds, strict=True)), lambda: _typed(source, kinds))


def _lines(source):
    source.seek(0)
    text = io.TextIOWrapper(_Kept(source), encoding="utf-8-sig", errors="strict", newline="")
    first = _decoded(text.readline)
    text.seek(0)
    delimiter = max(",;\t|", key=first.count)
    return csv.reader(text, delimiter=delimiter, strict=True)


class _Kept(io.BufferedReader):
    """A wrapper that leaves the stream open when the text above it is gone."""

    def __init__(self, source):
        super().__init__(source, 1 << 16)

    def close(self) -> None:
        return None


def _decoded(read):
    try:
        return read()
    except UnicodeDecodeError:
        raise NotReadable("The file is not text in UTF-8. Save it as “CSV UTF-8” or as Parquet.") from None


def _guarded(reader) -> Iterator[list[str]]:
    while True:
        try:
            row = next(reader, None)
        except UnicodeDecodeError:
            raise NotReadable(
                f"After line {reader.line_num} the text is not UTF-8. Save the file as “CSV UTF-8” or as Parquet."
            ) from None
        except csv.Error:
            raise NotReadable(
                f"Line {reader.line_num}: the quotation marks do not fit together. Double a quotation mark inside a text."
            ) from None
        if row is None:
            return
        yield row


def _header(reader, limits: Limits) -> list[str]:
    names = [name.strip() for name in next(_guarded(reader), [])]
    return _named(names, limits)


def _named(names: list[str], limits: Limits) -> list[str]:
    if not 1 <= len(names) <= limits.columns:
        raise NotReadable(f"The header names {len(names)} columns; allowed are 1 to {limits.columns}.")
    faults = [f"Column {place}: has no name." for place, name in enumerate(names, 1) if not name]
    long = [place for place, name in enumerate(names, 1) if len(name) > _LONGEST_NAME]
    faults += [f"Column {place}: its name is longer than {_LONGEST_NAME} characters." for place in long]
    seen: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in seen:
            faults.append(f"Column {place} has the same name as column {seen[name]}; give each its own.")
        seen.setdefault(name, place)
    if faults:
        raise NotReadable(*faults[:_FAULTS])
    return names


def _check_size(count: int, columns: int, limits: Limits) -> None:
    if count > limits.rows:
        raise NotReadable(f"The table has more than {limits.rows:,} rows. Split it into datasets.")
    if count * columns > limits.cells:
        raise NotReadable(f"The table has more than {limits.cells:,} values (rows times columns). Leave columns out.")


def _faults(line: int, row: list[str], names: list[str]) -> list[str]:
    if len(row) != len(names):
        return [f"Line {line} has {len(row)} values; the header names {len(names)} columns."]
    found = []
    for place, value in enumerate(row, 1):
        if len(value) > _LONGEST:
            found.append(f"Line {line}, column {place}: is longer than {_LONGEST:,} characters.")
        if "\x00" in value:
            found.append(f"Line {line}, column {place}: holds a NUL character, which no text may.")
    return found


def _narrow(checks: list[list[str]], row: list[str]) -> None:
    for left, value in zip(checks, row, strict=True):
        if left and value.strip() not in MISSING:
            left[:] = [kind for kind in left if _CHECKS[kind](value.strip())]


def _is_date(value: str) -> bool:
    return len(value) == 10 and _reads(date.fromisoformat, value)


def _is_moment(value: str) -> bool:
    return len(value) > 10 and value[4:5] == "-" and _reads(datetime.fromisoformat, value)


def _reads(reader, value: str) -> bool:
    try:
        reader(value)
    except ValueError:
        return False
    return True


_CHECKS = {
    "integer": lambda value: bool(_INTEGER.match(value)),
    # A number like 007 is a code, and stays a text.
    "number": lambda value: bool(_NUMBER.match(value)) and not re.match(r"-?0\d", value) and isfinite(float(value)),
    "boolean": lambda value: value.lower() in _BOOLEANS,
    "date": _is_date,
    "moment": _is_moment,
}
_READ = {
    "integer": int,
    "number": float,
    "boolean": lambda value: _BOOLEANS[value.lower()],
    "date": str,
    "moment": str,
}


def _typed(source, kinds: list[str]) -> Iterator[list]:
    reader = _lines(source)
    next(reader)
    readers = [_READ.get(kind) for kind in kinds]
    for row in reader:
        if row:
            yield [_value(read, value) for read, value in zip(readers, row, strict=True)]


def _value(read, value: str):
    bare = value.strip()
    if bare in MISSING:
        return None
    return read(bare) if read else value


def _parquet(source, limits: Limits) -> Table:
    from pyarrow import ArrowException, parquet

    try:
        file = parquet.ParquetFile(source)
        fields = list(file.schema_arrow)
    except (ArrowException, OSError, ValueError):
        raise NotReadable("The file begins like Parquet but cannot be read as such. Write it again.") from None
    names = _named([one.name for one in fields], limits)
    kinds = [_kind_of(place, one.type) for place, one in enumerate(fields, 1)]
    wrong = [kind for kind in kinds if kind not in (*_READ, "text")]
    if wrong:
        raise NotReadable(*wrong[:_FAULTS])
    if not file.metadata.num_rows:
        raise NotReadable("The table has no rows. Send at least one row.")
    _check_size(file.metadata.num_rows, len(names), limits)
    return Table("parquet", list(zip(names, kinds, strict=True)), lambda: _batches(file, kinds))


def _kind_of(place: int, kind) -> str:
    from pyarrow import types

    for name, tests in (
        ("integer", (types.is_integer,)),
        ("number", (types.is_floating, types.is_decimal)),
        ("boolean", (types.is_boolean,)),
        ("date", (types.is_date,)),
        ("moment", (types.is_timestamp,)),
        ("text", (types.is_string, types.is_large_string, types.is_dictionary, types.is_null)),
    ):
        if any(test(kind) for test in tests):
            return name
    return f"Column {place}: holds values of a kind that is not taken; allowed are numbers, texts, yes or no, dates and moments."


def _batches(file, kinds: list[str]) -> Iterator[list]:
    from pyarrow import ArrowException

    count = 0
    try:
        for batch in file.iter_batches(batch_size=5_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                count += 1
                yield [
                    _plain(place, count, kind, value)
                    for place, (kind, value) in enumerate(zip(kinds, row, strict=True), 1)
                ]
    except (ArrowException, OSError):
        raise NotReadable(f"After row {count} the file cannot be read. Write it again.") from None


def _plain(place: int, row: int, kind: str, value):
    if value is None:
        return None
    if kind == "number":
        number = float(value)
        return number if isfinite(number) else None
    if kind in ("date", "moment"):
        return value.isoformat()
    if kind == "text":
        return _text(place, row, str(value))
    return value


def _text(place: int, row: int, value: str) -> str | None:
    if len(value) > _LONGEST or "\x00" in value:
        raise NotReadable(
            f"Row {row}, column {place}: is longer than {_LONGEST:,} characters or holds a NUL character."
        )
    return None if value in MISSING else value
