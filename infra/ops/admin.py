"""Accounts from the command line: `python -m infra.ops.admin create|grant-role|issue-key|…`.

Works on the database of DATABASE_URL, else on the local one, which must be running. What hashes a
password or encrypts a key needs PASSWORD_PEPPER and TRACKER_KEY as the functions have them.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys

from functions.shared.errors import Problem
from functions.shared.settings import WrongSettingError
from infra.ops import keys

ROLES = ("player", "organizer", "staff", "admin")


def main() -> None:
    """Does what the command line says; exits with a sentence when it cannot."""
    parser = argparse.ArgumentParser(prog="make admin", description="Users, roles and keys")
    verbs = parser.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser("create", help="make an admin; prints a password for the first login")
    create.add_argument("username")
    create.add_argument("email")
    grant = verbs.add_parser("grant-role", help="give a user a role")
    grant.add_argument("username")
    grant.add_argument("role", choices=ROLES)
    issue = verbs.add_parser("issue-key", help="make an API key; prints it once")
    issue.add_argument("name", type=keys.parse_name)
    issue.add_argument("scopes", nargs="+", choices=keys.SCOPES)
    verbs.add_parser("revoke-key", help="end an API key within a minute").add_argument("key_id")
    verbs.add_parser("rotate-keys", help="sign the tracker's tokens with a new RSA key")
    arguments = parser.parse_args()
    try:
        _use_database()
        print(_do(arguments))
    except (WrongSettingError, Problem) as error:
        sys.exit(str(error))


def _use_database() -> None:
    """The database of DATABASE_URL with the secrets of the environment, else the local stack's."""
    if not os.environ.get("DATABASE_URL"):
        from infra.local import stack

        local = stack.secret_keys()
        for name in ("signing_key", "tracker_key", "password_pepper"):
            os.environ.setdefault(name.upper(), local[name])
    keys.use_database()


def _do(arguments: argparse.Namespace) -> str:
    """What was done, as it is printed."""
    from functions.accounts import service_accounts, users
    from functions.shared import auth

    if arguments.verb == "create":
        return _create(arguments.username, arguments.email)
    if arguments.verb == "grant-role":
        if not users.grant_role(arguments.username, arguments.role):
            raise Problem(f"No user is called {arguments.username}.")
        return f"{arguments.username} is {arguments.role}, from the next request on."
    if arguments.verb == "issue-key":
        return service_accounts.issue_key(arguments.name, arguments.scopes, "operator")
    if arguments.verb == "revoke-key":
        if not auth.revoke(arguments.key_id, "operator"):
            raise Problem(f"No live key has the id {arguments.key_id}.")
        return f"{arguments.key_id} is revoked; warm containers follow within a minute."
    from functions.accounts import signing_keys

    return f"{signing_keys.rotate()} signs from now on; the key before it is valid for an hour."


def _create(username: str, email: str) -> str:
    from pydantic import BaseModel

    from functions.accounts import fields, users
    from functions.shared.fields import parse

    class Admin(BaseModel):
        """Who is to be an admin."""

        username: fields.GameName
        email: fields.Email

    admin = parse(Admin, {"username": username, "email": email})
    password = secrets.token_urlsafe(12)
    users.create(
        users.NewUser(
            admin.username, admin.email, password, role="admin", must_change_password=True
        )
    )
    return password


if __name__ == "__main__":
    main()
