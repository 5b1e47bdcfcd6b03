"""`python -m infra.ops.rollups [VERB]`: how rollups are, and what the schedule does to them, now.

VERB: rebuild NAME --from … --to …, keep SOURCE DAYS, refresh, audit, retention or maintain.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from functions.rollups import audit, maintenance, rebuild, refresh, retention
from functions.rollups.status import get_status_everywhere
from functions.shared import db, stores

_JOBS: dict[str, Callable[[db.Connection], Any]] = {
    "refresh": refresh.run,
    "audit": audit.run,
    "retention": retention.run,
    "maintain": maintenance.run,
}


def main() -> None:
    """Without a verb: one line a rollup, with its lag, dirty buckets and last audit."""
    arguments = _arguments()
    os.environ.setdefault("SIGNING_KEY", "unused by this command, but never empty")
    if arguments.verb == "rebuild":
        _rebuild(arguments.rollup, arguments.since, arguments.until)
    elif arguments.verb == "keep":
        _keep(arguments.source, arguments.days)
    elif arguments.verb:
        for store in stores.list_stores():
            with stores.on(store):
                print(store, vars(_JOBS[arguments.verb](db.connection())))
    else:
        _show()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.ops.rollups", description=main.__doc__)
    verbs = parser.add_subparsers(dest="verb")
    again = verbs.add_parser("rebuild", help="recompute buckets, online; may be ended and repeated")
    again.add_argument("rollup")
    again.add_argument("--from", dest="since", type=_day, required=True, help="YYYY-MM-DD, UTC")
    again.add_argument("--to", dest="until", type=_day, required=True, help="YYYY-MM-DD, exclusive")
    kept = verbs.add_parser("keep", help="set how long raw rows are kept; for logs 31 days or more")
    kept.add_argument("source")
    kept.add_argument("days", type=_days, help="a number, or: forever")
    for name in _JOBS:
        verbs.add_parser(name, help=f"do now what the schedule does: {name}")
    return parser.parse_args()


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def _days(text: str) -> int | None:
    if text == "forever":
        return None
    days = int(text)
    if not 1 <= days <= 100_000:
        raise argparse.ArgumentTypeError("must be from 1 to 100000, or: forever")
    return days


def _show() -> None:
    head = ("rollup", "version", "dirty", "oldest dirty", "last audit", "wrong rows")
    print("{:<24}{:>8}{:>8}  {:<18}{:<18}{}".format(*head))
    for row in get_status_everywhere():
        oldest, audited = (
            f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else "-"
            for moment in (row["oldest_dirty"], row["audited_at"])
        )
        wrong = "-" if row["wrong_rows"] is None else row["wrong_rows"]
        note = "" if row["is_current"] else "  (being filled)"
        print(
            f"{row['name']:<24}{row['version']:>8}{row['dirty']:>8}  {oldest:<18}{audited:<18}"
            f"{wrong}{note}"
        )


def _keep(source: str, days: int | None) -> None:
    try:
        with stores.on(source.partition(".")[0]):
            kept = retention.set_retention(db.connection(), source, days)
    except retention.RetentionError as error:
        sys.exit(str(error))
    for name in kept:
        print(f"{name} is kept {'permanently' if days is None else f'for {days} days'}.")


def _rebuild(name: str, since: datetime, until: datetime) -> None:
    try:
        with stores.on(name.partition(".")[0]):
            for reached, done in rebuild.run(db.connection(), name, since, until):
                moment = f"{reached.astimezone(UTC):%Y-%m-%d %H:%M}"
                print(f"{name}: {done} buckets, up to {moment}", flush=True)
    except rebuild.RebuildError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
