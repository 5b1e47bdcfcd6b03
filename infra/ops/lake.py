"""`python -m infra.ops.lake`: writes what is due into the lake now; also lists and verifies it.

Works on the bucket of --bucket, else of LAKE_BUCKET, in the AWS account of the shell; else on that
of the running local stack.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO

import boto3
import psycopg
from arro3.io import read_parquet
from botocore.exceptions import BotoCoreError, ClientError

from functions.lake import days, lake
from functions.lake.days import LakeFile
from functions.lake.relations import Relation, list_relations
from functions.lake.store import MANIFEST, Store, name_manifest
from functions.shared import db
from functions.shared.errors import Problem
from infra.local import state

_NO_LIMIT = 10.0**9  # seconds


class LakeError(Exception):
    """Why nothing can be done, in a sentence."""


def main() -> None:
    """Prints a report; with --verify each difference, and an exit code of 1 if there is any."""
    arguments = _arguments()
    os.environ.setdefault("SIGNING_KEY", "unused by this command, but never empty")
    try:
        store = _open_store(arguments.bucket)
        connection = db.connection()
        connection.wait_timeout = None
        connection.execute("set statement_timeout = 0")
        if arguments.list:
            print("\n".join(list_tables(connection)))
        elif arguments.verify:
            _verify(connection, store)
        else:
            print(vars(_write(connection, store, arguments)))
    except (LakeError, Problem, BotoCoreError, ClientError) as error:
        sys.exit(str(error))
    except psycopg.Error as error:
        sys.exit(f"The database ended it: {error.diag.message_primary or error}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make lake", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the tables, their days and rows")
    parser.add_argument("--verify", action="store_true", help="read and check all files")
    parser.add_argument("--all", action="store_true", help="write all again: the bucket is new")
    parser.add_argument("--table", metavar="NAME", help="write this table again, such as ttt.kills")
    parser.add_argument("--day", type=_day, help="of the table, or of all: YYYY-MM-DD, UTC")
    parser.add_argument("--bucket", metavar="NAME")
    return parser.parse_args()


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def list_tables(connection: db.Connection) -> Iterator[str]:
    """A line a table that has files."""
    for relation in list_relations(connection):
        if files := days.list_whole(connection, relation):
            rows, size = sum(file.row_count for file in files), sum(file.size for file in files)
            span = f"{files[0].day:%Y-%m-%d} to {files[-1].day:%Y-%m-%d}"
            line = f"{relation.name:<28}{relation.kind:<8}{span}  {len(files):>6,} files"
            yield f"{line}  {rows:>12,} rows  {size:>14,} bytes"


def find_differences(connection: db.Connection, store: Store) -> Iterator[str]:
    """A line for each file that is not what manifest and database say, and each that is too many.

    All files are read. While the lake is written, it finds what is being replaced.
    """
    expected = set()
    for relation in list_relations(connection):
        files = days.list_whole(connection, relation)
        expected |= {file.key for file in files}
        yield from _compare_manifest(store, relation, files)
        for file in files:
            yield from _check_file(store, file)
    for key in store.list_keys():
        if key not in expected and not key.endswith(f"/{MANIFEST}"):
            yield f"{key}: in no manifest"


def _compare_manifest(store: Store, relation: Relation, files: list[LakeFile]) -> Iterator[str]:
    body = store.read(name_manifest(relation.name))
    listed = json.loads(body)["files"] if body else []
    if [(file["key"], file["sha256"]) for file in listed] != [(f.key, f.sha256) for f in files]:
        yield f"{name_manifest(relation.name)}: lists other files than were written"


def _check_file(store: Store, file: LakeFile) -> Iterator[str]:
    with tempfile.TemporaryFile() as copy:
        try:
            store.client.download_fileobj(store.bucket, file.key, copy)
        except ClientError:
            yield f"{file.key}: is not there"
            return
        copy.seek(0)
        if hashlib.file_digest(copy, "sha256").hexdigest() != file.sha256:
            yield f"{file.key}: is not what was written"
        elif _count_rows(copy) != file.row_count:
            yield f"{file.key}: has other rows than were written"


def _count_rows(file: IO[bytes]) -> int:
    file.seek(0)
    return sum(batch.num_rows for batch in read_parquet(file))


def _verify(connection: db.Connection, store: Store) -> None:
    count = 0
    for line in find_differences(connection, store):
        print(line, flush=True)
        count += 1
    print(f"{count} differences")
    sys.exit(count > 0)


def _write(connection: db.Connection, store: Store, arguments: argparse.Namespace) -> lake.Report:
    is_forced = bool(arguments.all or arguments.table or arguments.day)
    if arguments.all:
        days.unmark_rollups(connection)
    elif is_forced:
        _mark(connection, arguments.table, arguments.day)
    report = lake.run(connection, _NO_LIMIT, store=store, force=is_forced)
    if report.busy:
        raise LakeError("Somebody else is writing the lake: try again later.")
    return report


def _mark(connection: db.Connection, table: str | None, day: datetime | None) -> None:
    meant = [one for one in list_relations(connection) if table in (None, one.name)]
    if not meant:
        raise LakeError(f"There is no table {table} in the lake; --list shows them.")
    for relation in meant:
        known = {file.day for file in days.list_whole(connection, relation)}
        days.mark_days(connection, relation.follows, [day] if day else sorted(known))


def _open_store(bucket: str | None) -> Store:
    bucket = bucket or os.environ.get("LAKE_BUCKET")
    if bucket:
        return Store(bucket, boto3.client("s3"))
    if not state.get_owner(state.HOME) or not (state.HOME / "state.json").exists():
        raise LakeError(
            "No bucket: give --bucket or set LAKE_BUCKET (the output LakeBucket of the deployed "
            "stack), or start the local one with `make run`."
        )
    known = state.State.read(state.HOME)
    return Store(known.deployed.lake, boto3.client("s3", **known.cloud().access))


if __name__ == "__main__":
    main()
