"""Files of rollups: written while their rows are read, within a size and a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import psycopg

from functions.rollups.exports.formats import FileFormat
from functions.rollups.exports.rows import Row, open_rows
from functions.rollups.exports.selection import Selection
from functions.shared.errors import BadRequest

_ADVICE = "ask for fewer columns or a shorter range, or run python -m infra.ops.export"
Watch = Callable[[Sequence[Row], int], None]


class TooMuch(BadRequest):
    """The rows do not fit into a file of this door."""

    code = "EXPORT_TOO_LARGE"


@dataclass(frozen=True)
class Limits:
    """How large a file may become, in bytes, and until when it may be written, monotonic."""

    max_bytes: int
    deadline: float


@dataclass(frozen=True)
class Written:
    """What a file holds; `dirty_buckets` of its range are in it, or left out of it."""

    rows: int
    size: int  # bytes
    dirty_buckets: int


def write_file(
    selection: Selection,
    file_format: FileFormat,
    file: BinaryIO,
    limits: Limits | None = None,
    watch: Watch | None = None,
) -> Written:
    """Writes the rows of a selection; raises TooMuch past a limit.

    `watch` gets each batch of rows and how many rows there have been.
    """
    count = 0

    def watched(batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
        nonlocal count
        for rows in batches:
            count += len(rows)
            yield rows
            _check(limits, file)
            if watch:
                watch(rows, count)

    try:
        with open_rows(selection) as reading:
            file_format.write(selection.columns, watched(reading.batches), file)
    except psycopg.errors.QueryCanceled as error:
        raise TooMuch(f"The database needs too long for so many rows: {_ADVICE}.") from error
    _check(limits, file)
    return Written(count, file.tell(), reading.dirty_buckets)


def _check(limits: Limits | None, file: BinaryIO) -> None:
    if limits is None:
        return
    if file.tell() > limits.max_bytes:
        size = limits.max_bytes // 1_000_000
        raise TooMuch(f"The file would have more than {size} MB: {_ADVICE}.")
    if time.monotonic() > limits.deadline:
        raise TooMuch(f"The file takes too long to write: {_ADVICE}.")
