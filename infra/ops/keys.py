"""API keys from the command line: `python -m infra.ops.keys issue NAME SCOPE…|list|revoke KEY_ID`.

Works on the database of DATABASE_URL, else on the local one, which must be running.
"""

from __future__ import annotations

import argparse
import os
import sys

from functions.shared.errors import Problem
from functions.shared.settings import WrongSettingError
from infra.local import timescale

SCOPES = ("tilt:write", "tilt:read", "ttt:write", "tracker", "analyst", "staff", "admin")


def main() -> None:
    """Issues, lists or revokes keys; prints a new key once, since only its hash is kept."""
    parser = argparse.ArgumentParser(prog="make key", description="API keys of bots and servers")
    verbs = parser.add_subparsers(dest="verb", required=True)
    issue = verbs.add_parser("issue", help="make a key; of one name at most two are live")
    issue.add_argument(
        "name", type=parse_name, help="1 to 64 characters; of a key for the tracker a user's name"
    )
    issue.add_argument("scopes", nargs="+", choices=SCOPES)
    verbs.add_parser("list", help="show the live keys")
    verbs.add_parser("revoke", help="end a key within a minute").add_argument("key_id")
    arguments = parser.parse_args()
    try:
        use_database()
        _do(arguments)
    except (WrongSettingError, Problem) as error:
        sys.exit(str(error))


def parse_name(text: str) -> str:
    """The name of a key; raises ArgumentTypeError."""
    if not 1 <= len(text) <= 64 or not text.isprintable():
        raise argparse.ArgumentTypeError("a name has 1 to 64 printable characters")
    return text


def _do(arguments: argparse.Namespace) -> None:
    if arguments.verb == "issue":
        _issue(arguments.name, arguments.scopes)
    elif arguments.verb == "revoke":
        _revoke(arguments.key_id)
    else:
        _list()


def use_database() -> None:
    """Points this process to the database of DATABASE_URL, else to the local one, if it runs."""
    if not os.environ.get("DATABASE_URL"):
        local = timescale.read_record()
        if local is None:
            sys.exit("No database: set DATABASE_URL, or start the local one with `make run`.")
        os.environ["DATABASE_URL"] = local.url(timescale.APP)
    os.environ.setdefault("SIGNING_KEY", "unused by this command, but never empty")


def _issue(name: str, scopes: list[str]) -> None:
    from functions.accounts import service_accounts

    print(service_accounts.issue_key(name, scopes))


def _revoke(key_id: str) -> None:
    from functions.shared import auth

    if not auth.revoke(key_id):
        sys.exit(f"No live key has the id {key_id}.")
    print(f"{key_id} is revoked; warm containers follow within a minute.")


def _list() -> None:
    from functions.shared import auth

    for key in auth.list_live_keys():
        used = key["last_used_at"] or "never used"
        print(key["key_id"], key["name"], ",".join(key["scopes"]), f"({used})", sep="  ")


if __name__ == "__main__":
    main()
