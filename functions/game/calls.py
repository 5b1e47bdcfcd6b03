"""Calls of the game: each verb is one function of the store, one round trip, one kind of reply.

The function looks who calls, locks the player, answers a request that is sent again with its
`Idempotency-Key` as it was answered before, and refuses before it changes anything.
"""

from __future__ import annotations

import hashlib
import json
from http import HTTPStatus
from typing import Any

from functions.shared import db, ids
from functions.shared.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    TooManyRequests,
    Unauthorized,
)
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.settings import settings
from functions.shared.users import RequireUser

MAX_KEY = 128  # printable characters of an Idempotency-Key
MAX_BYTES = 64 * 1024
Call = tuple[Any, ...]  # the store's game.call
player = RequireUser("game")
_PROBLEMS: dict[int, type[Problem]] = {
    HTTPStatus.BAD_REQUEST: BadRequest,
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.TOO_MANY_REQUESTS: TooManyRequests,
}


def build_call(request: Request) -> Call:
    """Who calls what, as the functions of the store take it; raises Invalid.

    A key counts where something is changed.
    """
    caller = request.user
    is_change = request.event["httpMethod"] == "POST"
    key = request.header("idempotency-key") if is_change else ""
    if not key:
        return make_call(caller.user_id, caller.version)
    sent = (request.path.rstrip("/"), _check_key(key), _hash_body(request))
    return make_call(caller.user_id, caller.version, sent)


def make_call(
    user_id: int,
    version: int,
    sent: tuple[str | None, str | None, bytes | None] = (None, None, None),
) -> Call:
    """The call of a user whose token has that version, as one that comes by a socket.

    `sent`: the path, key and body's hash of a request that may be repeated.
    """
    chosen = settings()
    return (
        user_id,
        version,
        *sent,
        round(chosen.stamina_regen_percent * 1000),
        chosen.stamina_regen_interval,
    )


def _check_key(key: str) -> str:
    if len(key) > MAX_KEY or not key.isprintable():  # NUL and lone surrogates are not
        problem = f"must have 1 to {MAX_KEY} printable characters"
        raise Invalid(
            f"Idempotency-Key {problem}", [{"field": "Idempotency-Key", "problem": problem}]
        )
    return key


def _hash_body(request: Request) -> bytes:
    text = request.text(MAX_BYTES)
    said = ids.canonical_json(request.body(MAX_BYTES)) if text.strip() else ""
    return hashlib.sha256(said.encode()).digest()


def to_response(row: db.Row | None) -> Response:
    """The answer that a reply of the store means; raises the problem that it names."""
    assert row
    _check(row)
    return Response(row["body"], row["status"])


def to_value(row: db.Row | None) -> Any:
    """The body of a reply of the store, for more to be done with it; raises as `to_response`."""
    assert row
    _check(row)
    return json.loads(row["body"])


def _check(row: db.Row) -> None:
    if problem := _PROBLEMS.get(row["status"]):
        raise problem(json.loads(row["body"]))
