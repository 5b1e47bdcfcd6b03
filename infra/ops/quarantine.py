"""`python -m infra.ops.quarantine [replay [ID]]`: refused bodies, and recording them."""

from __future__ import annotations

import argparse
import sys

from functions.shared import stores
from functions.shared.errors import Problem
from functions.shared.settings import WrongSettingError
from functions.ttt import quarantine


def main() -> None:
    """Without a verb: one line a body, never what is in it, which is about people."""
    parser = argparse.ArgumentParser(prog="make quarantine", description=__doc__)
    verbs = parser.add_subparsers(dest="verb")
    again = verbs.add_parser("replay", help="record what is no longer refused, as of its receipt")
    again.add_argument("id", nargs="?", help="one body only")
    arguments = parser.parse_args()
    try:
        with stores.on("ttt"):
            if arguments.verb:
                _replay(arguments.id)
            else:
                _show()
    except (WrongSettingError, Problem) as problem:
        sys.exit(str(problem))


def _show() -> None:
    kept = quarantine.list_quarantined()
    for row in kept:
        server, reason = _plain(row["server"] or "-"), _plain(row["reason"])
        at = f"{row['received_at']:%Y-%m-%d %H:%M}"
        print(f"{row['id']}  {at}  {row['bytes']:>9} bytes  {server}  {reason}")
    if not kept:
        print("nothing was refused in the last 30 days")


def _plain(text: str) -> str:
    """A text that cannot command a terminal."""
    return text.encode("unicode_escape").decode()


def _replay(which: str | None) -> None:
    recorded, refused = quarantine.replay(which)
    print(f"{recorded} recorded")
    if refused:
        sys.exit("\n".join(refused))


if __name__ == "__main__":
    main()
