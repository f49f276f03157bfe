"""Strict JSON out of files: no doubled keys, no numbers beyond a double, no nesting without end."""

import gzip
import json
import math
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from portal.core.texts import is_whole
from portal.records.fhir.problems import SourceRefused

SUFFIXES = (".json", ".json.gz", ".ndjson", ".ndjson.gz")
LARGEST = 512 * 1024 * 1024
# What may be half of a character: most documents have none, and are not looked through.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_READ_ERRORS = (gzip.BadGzipFile, zlib.error, EOFError)


def whole(path: Path) -> object:
    """The one JSON document of a file."""
    try:
        with _open(path) as file:
            raw = file.read(LARGEST + 1)
    except _READ_ERRORS:
        raise SourceRefused("The file is not a complete gzip archive.") from None
    except OSError as problem:
        raise SourceRefused(f"The file cannot be read: {problem.strerror or 'input error'}.") from None
    if len(raw) > LARGEST:
        raise SourceRefused("The file is larger than 512 MB; split it.")
    return parse(raw)


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The numbered lines of an NDJSON file that are not blank, one at a time."""
    try:
        with _open(path) as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except _READ_ERRORS:
        raise SourceRefused("The file is not a complete gzip archive.") from None
    except OSError as problem:
        raise SourceRefused(f"The file cannot be read: {problem.strerror or 'input error'}.") from None


def parse(raw: bytes) -> object:
    """A document from bytes; raises SourceRefused with what is wrong and where."""
    if not raw.strip():
        raise SourceRefused("The file is empty.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceRefused("The text is not UTF-8.") from None
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_float=_number, parse_int=_whole, parse_constant=_constant
        )
    except json.JSONDecodeError as problem:
        raise SourceRefused(f"The text is not valid JSON (line {problem.lineno}, column {problem.colno}).") from None
    except RecursionError:
        raise SourceRefused("The document is nested too deeply.") from None
    if _HALF.search(text) and not is_whole(found):
        raise SourceRefused("The text holds half a character (a lone surrogate), which no text may hold.")
    return found


def _open(path: Path):
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _object(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SourceRefused("An object has the same key twice.")
    return found


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise SourceRefused("A number is too large.")
    return value


def _whole(text: str) -> int:
    if len(text) > 18:
        raise SourceRefused("A number is too large.")
    return int(text)


def _constant(text: str):
    raise SourceRefused(f"{text} is not a JSON number.")
