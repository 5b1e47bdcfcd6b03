"""Files of rollups: `python -m infra.ops.export NAME [--from DAY] [--to DAY] [--format csv] …`.

Reads the database of DATABASE_URL, for which an analyst's login is enough. The same buckets make
the same bytes as `GET /api/rollups/{name}` does, however many there are.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import psycopg

from functions.rollups.exports import catalog, delivery, files
from functions.rollups.exports.formats import FORMATS, FileFormat
from functions.rollups.exports.rows import Row
from functions.rollups.exports.selection import Selection, choose_columns
from functions.shared import db, fields, stores
from functions.shared.errors import Problem
from functions.shared.settings import WrongSettingError

_STATEMENT_SECONDS = 60  # as every analyst's login has it
_BAR = 24  # characters


class Progress:
    """A bar on the terminal: how far the buckets written are between the first and the last."""

    def __init__(self, selection: Selection) -> None:
        columns = [column.name for column in selection.columns]
        bucket = selection.rollup.bucket
        self._at = columns.index(bucket) if bucket in columns else None
        self._first, self._last = _find_bounds(selection)
        self._begun = time.monotonic()

    def show(self, rows: Sequence[Row], count: int) -> None:
        """Draws the bar again behind a batch of rows."""
        pace = count / max(time.monotonic() - self._begun, 0.001)
        text = f"{count:,} rows, {pace:,.0f} a second"
        if self._at is not None and self._last > self._first:
            share = (rows[-1][self._at] / 1e6 - self._first) / (self._last - self._first)
            share = min(max(share, 0.0), 1.0)
            full = round(share * _BAR)
            text = f"[{'#' * full}{'.' * (_BAR - full)}] {share:4.0%}  {text}"
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves an empty line where the bar was."""
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def main() -> None:
    """Writes a file of a rollup's rows, under its name only once it is whole."""
    arguments = _arguments()
    os.environ.setdefault("SIGNING_KEY", "unused by this command, but never empty")
    os.environ["DOMAINS"] = "site"
    signal.signal(signal.SIGTERM, _interrupt)
    if not os.environ.get("DATABASE_URL"):
        sys.exit("No database: set DATABASE_URL, for which an analyst's login is enough.")
    try:
        with stores.on((arguments.name or stores.MAIN).partition(".")[0]):
            _allow_long_statements()
            if arguments.name is None:
                _list()
            else:
                _export(arguments)
    except (WrongSettingError, Problem) as error:
        sys.exit(str(error))
    except psycopg.errors.InsufficientPrivilege as error:
        sys.exit(f"This login may not do that: {error.diag.message_primary}.")
    except psycopg.Error as error:
        sys.exit(f"The database ended the export: {error.diag.message_primary or error}")
    except OSError as error:
        sys.exit(f"The file cannot be written: {error.strerror or error}.")
    except KeyboardInterrupt:
        sys.exit("Interrupted: no file is left.")


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.ops.export", description="A file of rows of a rollup"
    )
    parser.add_argument("name", nargs="?", help="such as ttt.player_days; without one: a list")
    parser.add_argument("--from", dest="since", type=_time, help="first bucket, ISO 8601, UTC")
    parser.add_argument("--to", dest="until", type=_time, help="end of the buckets, exclusive")
    parser.add_argument("--format", choices=FORMATS, default="parquet", dest="format")
    parser.add_argument("--columns", default="", help="names with commas between them")
    parser.add_argument(
        "--dirty",
        action="store_true",
        help="with buckets that changed since the last refresh, as they are now",
    )
    parser.add_argument("-o", "--output", type=Path, help="a file or folder; - for stdout")
    return parser.parse_args()


def _time(text: str) -> datetime:
    try:
        return fields.parse_time(text).astimezone(UTC)
    except ValueError:
        raise argparse.ArgumentTypeError("must be an ISO 8601 time") from None


def _allow_long_statements() -> None:
    connection = db.connection()
    connection.wait_timeout = None
    connection.execute(f"set statement_timeout = '{_STATEMENT_SECONDS}s'")


def _list() -> None:
    for rollup in catalog.list_rollups():
        print(f"{rollup.name:<28}{rollup.width:<8}{rollup.comment}")


def _export(arguments: argparse.Namespace) -> None:
    if arguments.since and arguments.until and arguments.since >= arguments.until:
        sys.exit("--from must be before --to.")
    rollup = catalog.get_rollup(arguments.name)
    names = arguments.columns.split(",") if arguments.columns else []
    columns = choose_columns(rollup, names)
    selection = Selection(rollup, columns, arguments.since, arguments.until, arguments.dirty)
    file_format = FORMATS[arguments.format]
    progress = Progress(selection) if sys.stderr.isatty() else None
    with _open(arguments.output, selection, file_format) as (file, name):
        try:
            watch = progress.show if progress else None
            written = files.write_file(selection, file_format, file, watch=watch)
        finally:
            if progress:
                progress.end()
    report = sys.stderr if name == "-" else sys.stdout
    print(f"{name}: {written.rows:,} rows, {written.size:,} bytes", file=report)
    if written.dirty_buckets:
        says = "are counted as they are now" if arguments.dirty else "are left out (see --dirty)"
        buckets = f"{written.dirty_buckets} buckets that changed since the last refresh"
        print(f"{buckets} {says}.", file=report)


@contextmanager
def _open(
    output: Path | None, selection: Selection, file_format: FileFormat
) -> Iterator[tuple[BinaryIO, str]]:
    """The file to write; it has its name once the block has ended, and not before."""
    if output == Path("-"):
        with tempfile.TemporaryFile() as draft:
            yield draft, "-"
            draft.seek(0)
            while part := draft.read(1 << 20):
                sys.stdout.buffer.write(part)
        return
    given = output or Path()
    target = given / delivery.name_file(selection, file_format) if given.is_dir() else given
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as draft:
        try:
            yield draft, str(target)  # type: ignore[misc]  # it has all that a file has
            draft.flush()
            os.fsync(draft.fileno())
            mask = os.umask(0)
            os.umask(mask)
            os.fchmod(draft.fileno(), 0o666 & ~mask)
            Path(draft.name).replace(target)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise


def _find_bounds(selection: Selection) -> tuple[float, float]:
    """The first and last bucket that may be written, in Unix seconds."""
    row = db.run_composed(selection.find_bounds())[0]
    if row["first"] is None:
        return 0.0, 0.0
    return row["first"].timestamp(), row["last"].timestamp()


if __name__ == "__main__":
    main()
