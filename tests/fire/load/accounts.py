"""People who register and log in, and an operator who issues keys."""

from __future__ import annotations

from collections.abc import Callable

from tests.fire.account import Verdict, compare_equal, compare_once
from tests.fire.client import Client, bearer
from tests.fire.journal import Op
from tests.fire.load.domain import Audited
from tests.support.accounts import PASSWORD
from tests.support.game import make_operator, make_player

_PACE = 1.5  # seconds
_TAKEN = 400


class Accounts:
    """The load of accounts."""

    def __init__(self) -> None:
        self._admin = make_operator("Fire Marshal").headers
        make_player("Fire Guest")
        self._shown: list[str] = [self._admin["Authorization"].removeprefix("Bearer ")]

    def list_clients(self) -> list[Callable[[Client], None]]:
        return [self._visit, self._operate]

    def list_secrets(self) -> list[str]:
        return [PASSWORD, *self._shown]

    def _visit(self, client: Client) -> None:
        number = 0
        while not client.is_over:
            name = f"Fireman {number}"
            login = {"email": "fire_guest@example.com", "password": PASSWORD}
            if number % 2:
                login["email"] = f"fireman_{number}@example.com"
                new = {**login, "username": name}
                client.do(Op("accounts", name, "POST", "/api/auth/register", new))
            answer = client.do(Op("accounts", name, "POST", "/api/auth/login", login)).answer
            token = (answer or {}).get("access_token")
            if token:
                self._shown.append(token)
                client.do(Op("accounts", name, "GET", "/api/player/me", None, bearer(token)))
            number += 1
            client.rest(_PACE)

    def _operate(self, client: Client) -> None:
        number = 0
        while not client.is_over:
            body = {"name": f"fire-key-{number}", "scopes": ["tilt:read"], "reason": "Fire drill"}
            op = Op("accounts", body["name"], "POST", "/api/admin/keys", body, dict(self._admin))  # type: ignore[arg-type]
            client.do(op)
            if op.is_done:
                self._shown.append(op.answer["key"])
            number += 1
            client.rest(2 * _PACE)

    def account(self, audited: Audited) -> list[Verdict]:
        registered = audited.journal.of("accounts", "/api/auth/register")
        for op in registered:
            _forgive_repeat(op)
        users = audited.counts(
            """
            select username, count(*)
            from accounts.users
            where username like 'Fireman %%'
            group by username
            """
        )
        keys = audited.journal.of("accounts", "/api/admin/keys")
        stored = audited.counts(
            "select name, count(*) from shared.api_keys where name like 'fire-key-%%' group by 1"
        )
        live = {
            row[0]
            for row in audited.rows(
                """
                select key_id
                from shared.api_keys
                where name like 'fire-key-%%'
                  and revoked_at is null
                """
            )
        }
        shown = {op.answer["key"].split("_")[1] for op in keys if op.is_done}
        refused = [
            op.name for op in audited.journal.of("accounts", "/api/player/me") if not op.is_done
        ]
        return [
            compare_once("accounts", "every registration once", registered, users),
            compare_once("accounts", "every key is stored", keys, stored, is_repeatable=False),
            compare_equal("accounts", "and works", len(shown), set(), shown - live),
            compare_equal("accounts", "every login's token is let in", len(refused), [], refused),
        ]


def _forgive_repeat(op: Op) -> None:
    """A name that is taken after an attempt without an answer was taken by that very attempt."""
    if op.status == _TAKEN and len(op.attempts) > 1:
        op.attempts[-1].status = 200
