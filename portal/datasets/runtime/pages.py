"""Rows as they are kept: one JSON list a line in an encrypted file, with an index at its end, so that any page opens at once."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

from portal.datasets.runtime.vault import Reader, Writer

EVERY = 200  # the index knows where each two-hundredth row begins
_END = 20


class Rows:
    """Writes rows, and at the end the index."""

    def __init__(self, path: Path, key: bytes):
        self._file, self._places, self.count = Writer(path, key), [], 0

    def add(self, row: list) -> None:
        """One row of plain values."""
        if self.count % EVERY == 0:
            self._places.append(self._file.size)
        self.count += 1
        self._file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Write the index and seal the last block."""
        begin = self._file.size
        self._file.write(json.dumps(self._places).encode())
        self._file.write(f"{begin:0{_END}d}".encode())
        self._file.close()


def every_row(path: Path, key: bytes) -> Iterator[list]:
    """All rows, one after another; the file is opened at once."""
    file = Reader(path, key)
    return _walk(file, _index(file)[1])


def _walk(file: Reader, end: int) -> Iterator[list]:
    with file:
        file.seek(0)
        lines, left = io.BufferedReader(file, 1 << 16), end
        while left > 0:
            line = lines.readline()
            left -= len(line)
            yield json.loads(line)


def some_rows(path: Path, key: bytes, after: int, count: int) -> list[list]:
    """Up to `count` rows that come after the first `after`."""
    with Reader(path, key) as file:
        places, end = _index(file)
        start = after // EVERY
        if start >= len(places):
            return []
        file.seek(places[start])
        lines, left, found = io.BufferedReader(file, 1 << 16), end - places[start], []
        skip = after - start * EVERY
        while left > 0 and len(found) < skip + count:
            line = lines.readline()
            left -= len(line)
            found.append(line)
        return [json.loads(line) for line in found[skip:]]


def _index(file: Reader) -> tuple[list[int], int]:
    file.seek(-_END, io.SEEK_END)
    end = int(_all(file))
    file.seek(end)
    return json.loads(_all(file)[:-_END]), end


def _all(file: Reader) -> bytes:
    return file.read()
