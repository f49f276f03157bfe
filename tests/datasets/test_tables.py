"""Parsers and the encrypted container, against whatever may come."""

import csv
import io
import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.compute.runtime import landlock
from portal.datasets.runtime import identifiers, pages, tables, vault
from tests.conftest import ROOT

LIMITS = tables.Limits(rows=1000, columns=50, cells=10_000)
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda text: text.strip() and text.strip() not in tables.MISSING
)
cells = st.one_of(
    st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False, width=32), st.booleans(), st.dates(),
    words, st.none(),
)  # fmt: skip


def read(content: bytes) -> tuple[list, list]:
    table = tables.open_table(io.BytesIO(content), LIMITS)
    return table.columns, list(table.rows())


@given(st.binary(max_size=400))
def test_no_bytes_are_more_than_refused(content):
    try:
        columns, rows = read(content)
    except tables.NotReadable as refusal:
        assert refusal.sentences and all(sentence.endswith(".") for sentence in refusal.sentences)
        return
    assert all(len(row) == len(columns) for row in rows)
    json.dumps(rows)


@given(st.text(max_size=300))
def test_no_text_is_more_than_refused_and_no_refusal_repeats_it(text):
    try:
        read(f"ab,cd\n{text}Zebra\n".encode("utf-8", "replace"))
    except tables.NotReadable as refusal:
        assert "Zebra" not in " ".join(refusal.sentences)


@given(st.data(), st.integers(1, 5))
def test_what_was_written_as_csv_is_read_again(data, width):
    kinds = data.draw(st.lists(st.sampled_from([int, bool, date, str]), min_size=width, max_size=width))
    make = {int: st.integers(-(10**12), 10**12), bool: st.booleans(), date: st.dates(), str: words.filter(
        lambda text: text.strip()[:1].isalpha() and text.strip().lower() not in ("true", "false", "yes", "no"))}  # fmt: skip
    rows = data.draw(st.lists(st.tuples(*(st.one_of(make[kind], st.none()) for kind in kinds)), min_size=1, max_size=8))
    rows.append(tuple(data.draw(make[kind]) for kind in kinds))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([f"column {place}" for place in range(width)])
    writer.writerows(rows)
    columns, found = read(out.getvalue().encode())

    named = {int: "integer", bool: "boolean", date: "date", str: "text"}
    assert [kind for _, kind in columns] == [named[kind] for kind in kinds]
    blank = [row for row in rows if width == 1 and row[0] is None]
    assert len(found) == len(rows) - len([row for row in blank if out.getvalue().count('""') == 0])
    full = [[value.isoformat() if isinstance(value, date) else value for value in row] for row in rows]
    assert found[-1] == full[-1]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("007", "text"), ("7", "integer"), ("-0", "integer"), ("7.50", "number"), ("1e3", "number"), ("1e999", "text"), ("1,5", "text"),
     ("2026-11-08", "date"), ("2026-13-08", "text"), ("2026-11-08T07:00:00Z", "moment"), ("Yes", "boolean"),
     ("12345678901234567890", "number")],
)  # fmt: skip
def test_a_value_has_the_kind_that_a_reader_expects(text, kind):
    columns, _ = read(f"a;b\n{text};x\n".encode())

    assert columns[0] == ("a", kind)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_what_parts_the_columns(delimiter):
    assert read(f"a{delimiter}b\n1{delimiter}2\n".encode()) == ([("a", "integer"), ("b", "integer")], [[1, 2]])


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"rows": 2}, "The table has more than 2 rows. Split it into datasets."),
        ({"columns": 1}, "The header names 2 columns; allowed are 1 to 1."),
        ({"cells": 5}, "The table has more than 5 values (rows times columns). Leave columns out."),
    ],
)
def test_a_table_that_is_too_large_is_refused_with_its_limit(limits, sentence):
    allowed = tables.Limits(**{"rows": 100, "columns": 100, "cells": 100, **limits})

    with pytest.raises(tables.NotReadable) as refusal:
        tables.open_table(io.BytesIO(b"a,b\n1,2\n3,4\n5,6\n"), allowed)
    assert refusal.value.sentences == [sentence]


@given(st.lists(st.binary(max_size=70_000), max_size=4), st.integers(0, 300_000), st.integers(1, 100_000))
def test_the_container_gives_back_what_it_took_from_any_place(pieces, place, count):
    with tempfile.TemporaryDirectory() as folder:
        path, key, plain = Path(folder) / "a.raw", vault.new_key(), b"".join(pieces)
        writer = vault.Writer(path, key)
        for piece in pieces:
            writer.write(piece)
        writer.close()
        with vault.Reader(path, key) as reader:
            assert reader.size == len(plain)
            reader.seek(place)
            assert io.BufferedReader(reader).read(count) == plain[place : place + count]
        with vault.Reader(path, vault.new_key()) as reader, pytest.raises(vault.Tampered):
            reader.read()


@given(
    st.lists(
        st.lists(cells.map(lambda value: str(value) if isinstance(value, date) else value), max_size=3), max_size=450
    ),
    st.integers(0, 460),
)
def test_any_page_of_rows_is_found(rows, after):
    with tempfile.TemporaryDirectory() as folder:
        path, key = Path(folder) / "a.rows", vault.new_key()
        file = pages.Rows(path, key)
        for row in rows:
            file.add(row)
        file.close()

        assert list(pages.every_row(path, key)) == rows
        assert pages.some_rows(path, key, after, 50) == rows[after : after + 50]


@pytest.mark.parametrize(
    ("name", "values", "holds"),
    [("MRN", ["a"] * 20, "mrn"), ("Family name", ["a"] * 20, "names"), ("birthDate", ["2026-01-01"] * 20, "dates"), ("zip", ["8000"] * 20, "geography"),
     ("contact", ["a@b.ch"] * 20, "email"), ("seen from", ["10.0.0.1"] * 20, "ip"), ("code", [str(n) for n in range(40)], "other"),
     ("age", [91, 40], "dates"), ("age", [40, 50], "none"), ("ward", ["north"] * 20, "none"), ("email", [], "email"),
     ("who", ["756.1234.5678.97"] * 20, "ssn"), ("image", ["a"], "photo"), ("sodium", [140] * 20, "none")],
)  # fmt: skip
def test_an_identifier_is_guessed_by_name_then_by_values(name, values, holds):
    kind = "integer" if values and isinstance(values[0], int) else "text"
    share = len(set(values)) / len(values) if values else 0.0

    assert identifiers.guess(name, kind, values, share) == holds


def test_behind_the_fence_no_other_file_and_no_network_is_left(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("Zebra")
    code = (
        "import socket, sys\n"
        "from portal.datasets.runtime.__main__ import _fence\n"
        "_fence()\n"
        "for attempt in (lambda: open(sys.argv[1]), lambda: open(sys.argv[1] + '2', 'w'),\n"
        "                lambda: socket.create_connection(('127.0.0.1', 9))):\n"
        "    try:\n        attempt()\n        print('open')\n    except PermissionError:\n        print('shut')\n"
        "    except OSError:\n        print('open')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(secret)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    # Landlock fences files from its first version on, and TCP from its fourth.
    fenced = [landlock.abi() > 0, landlock.abi() > 0, landlock.abi() >= 4]
    assert done.stdout.split() == ["shut" if one else "open" for one in fenced]
