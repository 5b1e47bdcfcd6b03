"""The formats of files: CSV, newline-delimited JSON and Parquet.

The same rows make the same bytes. Files have four types of columns: times (by UTC), whole numbers
of 64 bits, doubles and text; those of the lake also decimals of 38 digits, 18 after the point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from functions.rollups.exports.catalog import Column, StoredType
from functions.rollups.exports.rows import Row, format_time
from functions.shared.csv_cells import neutralise

if TYPE_CHECKING:
    from arro3.core import DataType, RecordBatch, Schema

Name = Literal["csv", "ndjson", "parquet"]
Batches = Iterable[Sequence[Row]]
Write = Callable[[Sequence[Column], Batches, BinaryIO], None]
_ROW_GROUP = 100_000  # rows that a reader of Parquet can skip together; the writer holds as many


@dataclass(frozen=True)
class FileFormat:
    """How files of a format are called, declared and written."""

    name: Name
    media_type: str
    write: Write


_time = lru_cache(maxsize=4096)(format_time)  # most times are starts of buckets


def _write_csv(columns: Sequence[Column], batches: Batches, file: BinaryIO) -> None:
    """RFC 4180 with line feeds: a header, text always in quotes, nothing at all for null.

    Names of players are in them: see csv_cells. The other formats have texts as they are.
    """
    cells = [_CSV_CELLS[column.type] for column in columns]
    file.write((",".join(column.name for column in columns) + "\n").encode())
    for rows in batches:
        lines = (
            ",".join(
                "" if value is None else cell(value) for cell, value in zip(cells, row, strict=True)
            )
            for row in rows
        )
        file.write("".join(line + "\n" for line in lines).encode())


def _write_ndjson(columns: Sequence[Column], batches: Batches, file: BinaryIO) -> None:
    """An object a line, in ASCII: some readers end lines at U+2028 too.

    Whole numbers keep all their digits, also above 2^53.
    """
    cells = [
        (f"{encode_basestring_ascii(column.name)}:", _JSON_CELLS[column.type]) for column in columns
    ]
    for rows in batches:
        lines = (
            ",".join(
                name + ("null" if value is None else cell(value))
                for (name, cell), value in zip(cells, row, strict=True)
            )
            for row in rows
        )
        file.write("".join(f"{{{line}}}\n" for line in lines).encode())


def _write_parquet(columns: Sequence[Column], batches: Batches, file: BinaryIO) -> None:
    """Parquet with Zstandard; times are of microseconds, by UTC."""
    from arro3.core import Field, RecordBatchReader, Schema  # only who writes Parquet pays for it
    from arro3.io import write_parquet

    types = _arrow_types()
    schema = Schema([Field(one.name, types[one.type], nullable=True) for one in columns])
    failed: list[BaseException] = []

    def record_batches() -> Iterator[RecordBatch]:
        try:
            for rows in batches:
                yield _to_record_batch(columns, schema, rows)
        except BaseException as error:
            failed.append(error)  # the writer knows only its message
            raise

    reader = RecordBatchReader.from_batches(schema, record_batches())
    try:
        write_parquet(reader, file, compression="zstd(3)", max_row_group_size=_ROW_GROUP)
    except Exception:
        if failed:
            raise failed[0] from None
        raise


def _to_record_batch(columns: Sequence[Column], schema: Schema, rows: Sequence[Row]) -> RecordBatch:
    from arro3.core import Array, RecordBatch

    types, read_as = _arrow_types(), _read_types()
    arrays = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        array = Array(values, type=read_as.get(column.type, types[column.type]))
        arrays.append(array.cast(types[column.type]))
    return RecordBatch.from_arrays(arrays, schema=schema)


def _read_types() -> dict[StoredType, DataType]:
    """As what values are read that Python has no fast type for."""
    from arro3.core import DataType

    return {"timestamp": DataType.int64(), "decimal": DataType.string()}


def _arrow_types() -> dict[StoredType, DataType]:
    from arro3.core import DataType

    return {
        "timestamp": DataType.timestamp("us", tz="UTC"),
        "bigint": DataType.int64(),
        "double": DataType.float64(),
        "decimal": DataType.decimal128(38, 18),
        "text": DataType.string(),
    }


def _quote(text: str) -> str:
    return '"' + neutralise(text).replace('"', '""') + '"'


def _json_time(microseconds: int) -> str:
    return f'"{_time(microseconds)}"'


def _json_double(number: float) -> str:
    return repr(number) if math.isfinite(number) else "null"


_CSV_CELLS: dict[StoredType, Callable[[Any], str]] = {
    "timestamp": _time,
    "bigint": str,
    "double": repr,
    "decimal": str,
    "text": _quote,
}
_JSON_CELLS: dict[StoredType, Callable[[Any], str]] = {
    "timestamp": _json_time,
    "bigint": str,
    "double": _json_double,
    "decimal": str,
    "text": encode_basestring_ascii,
}
FORMATS: dict[Name, FileFormat] = {
    one.name: one
    for one in (
        FileFormat("csv", "text/csv; charset=utf-8", _write_csv),
        FileFormat("ndjson", "application/x-ndjson", _write_ndjson),
        FileFormat("parquet", "application/vnd.apache.parquet", _write_parquet),
    )
}
