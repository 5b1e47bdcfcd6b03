"""Formats of files, read back by what analysts use."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest

from functions.rollups.exports.catalog import Column, Type
from functions.rollups.exports.formats import FORMATS, Name
from functions.rollups.exports.rows import format_time

NOON = 1_772_452_800_000_000  # 2026-03-02 12:00 UTC, in microseconds
TYPES: dict[str, Type] = {"at": "timestamp", "who": "text", "total": "bigint", "share": "double"}
COLUMNS = [Column(name, kind, kind, None, None) for name, kind in TYPES.items()]
HOSTILE = (
    '<img src=x onerror="alert(1)">',
    'a "quoted", part',
    "line\nbreak\r\nand\ttab",
    "=HYPERLINK(1)",
    "\u202eright to left\u2028",
    "\u7532" * 128,
    "\x01\x1f\\",
    "NULL",
    "",
)
ROWS: list[tuple[Any, ...]] = [
    *((NOON + number, text, number, number / 3) for number, text in enumerate(HOSTILE)),
    (NOON - 1, "large", 2**63 - 1, 1.7976931348623157e308),
    (NOON - 86_400_000_000, "small", -(2**63), -0.1),
    (-1, "just before 1970", 2**53 + 1, 5e-324),
    (None, None, None, None),
]
READ = [(time and format_time(time), *rest) for time, *rest in ROWS]
# In CSV, which people open in spreadsheets, no text begins a formula.
READ_CSV = [(time, who and who.replace("=HYPER", "'=HYPER"), *rest) for time, who, *rest in READ]


def write(name: Name, rows: list[tuple[Any, ...]] = ROWS, size: int = 4) -> bytes:
    file = io.BytesIO()
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    FORMATS[name].write(COLUMNS, batches, file)
    return file.getvalue()


def read_times(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows whose times, which were read as such, are texts of files."""
    shown = []
    for time, *rest in rows:
        text = time and time.isoformat().replace("+00:00", "Z")
        shown.append((text, *rest))
    return shown


def query(tmp_path: Path, name: Name, read: str) -> list[tuple[Any, ...]]:
    file = tmp_path / f"file.{name}"
    file.write_bytes(write(name))
    with duckdb.connect() as database:
        database.execute("set TimeZone = 'UTC'")
        return database.sql(read.format(file)).fetchall()


def test_times_are_iso_8601_by_utc() -> None:
    assert READ[0][0] == "2026-03-02T12:00:00Z"
    assert READ[1][0] == "2026-03-02T12:00:00.000001Z"
    assert format_time(-62_135_596_800_000_000) == "0001-01-01T00:00:00Z"


def test_csv_is_read_by_duckdb(tmp_path: Path) -> None:
    kinds = "{'at': 'TEXT', 'who': 'TEXT', 'total': 'BIGINT', 'share': 'DOUBLE'}"
    read = (
        "select * from read_csv('{}', header = true, allow_quoted_nulls = false, "
        f"delim = ',', quote = '\"', escape = '\"', columns = {kinds})"
    )
    assert (
        query(tmp_path, "csv", read.replace(kinds, kinds.replace("{", "{{").replace("}", "}}")))
        == READ_CSV
    )


def test_csv_is_read_by_python() -> None:
    """Which tells no null from an empty text."""
    head, *rows = csv.reader(io.StringIO(write("csv").decode(), newline=""))
    assert head == list(TYPES)
    expected = [["" if cell is None else str(cell) for cell in row] for row in READ_CSV]
    assert rows == expected


def test_ndjson_is_read_by_python_and_duckdb(tmp_path: Path) -> None:
    text = write("ndjson").decode()
    assert [tuple(json.loads(line).values()) for line in text.splitlines()] == READ
    kinds = "{{'at': 'TEXT', 'who': 'TEXT', 'total': 'BIGINT', 'share': 'DOUBLE'}}"
    read = f"select * from read_json('{{}}', format = 'newline_delimited', columns = {kinds})"
    assert query(tmp_path, "ndjson", read) == READ


def test_parquet_is_read_by_duckdb_and_pyarrow(tmp_path: Path) -> None:
    assert read_times(query(tmp_path, "parquet", "select * from read_parquet('{}')")) == READ
    table = pyarrow.parquet.read_table(io.BytesIO(write("parquet")))
    assert [str(kind) for kind in table.schema.types] == [
        *("timestamp[us, tz=UTC]", "string", "int64", "double")
    ]
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    assert read_times(rows) == READ


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_rows_make_the_same_bytes(name: Name) -> None:
    assert write(name) == write(name)


@pytest.mark.parametrize("name", ["csv", "ndjson"])
def test_batches_leave_no_mark(name: Name) -> None:
    assert write(name, size=1) == write(name, size=100)


def test_no_rows_make_a_file_with_columns() -> None:
    assert write("csv", []) == b"at,who,total,share\n"
    assert write("ndjson", []) == b""
    table = pyarrow.parquet.read_table(io.BytesIO(write("parquet", [])))
    assert (table.column_names, table.num_rows) == (list(TYPES), 0)


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("name", FORMATS)
def test_what_breaks_the_rows_breaks_the_file_as_it_is(name: Name) -> None:
    """Regression: the writer of Parquet knew the message alone, and the caller heard 500."""

    def batches() -> Any:
        yield ROWS
        raise BrokenError

    with pytest.raises(BrokenError):
        FORMATS[name].write(COLUMNS, batches(), io.BytesIO())


def test_a_number_that_json_lacks_is_null() -> None:
    rows = [(NOON, "x", 1, float("nan"))]
    assert write("ndjson", rows).endswith(b'"share":null}\n')
