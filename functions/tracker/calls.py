"""Calls of the tracker: who asks by which request, and the answer that a reply of the store means.

The store looks who calls, whether they may, and whether the request was answered before, in this
order; then it looks at what is wrong with the body. So that all of it is one round trip, what is
wrong with a body is sent along with the call.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import BaseModel

from functions.shared import db, errors, fields, ids, json_codec
from functions.shared.errors import BadRequest, Invalid, Problem
from functions.shared.request import Request
from functions.shared.response import Response

MAX_BYTES = 64 * 1024
MAX_KEY = 128  # printable ASCII characters of an Idempotency-Key
KEY_SECONDS = 24 * 3600
REPEAT_SECONDS = 60  # for which an equal creation without a key is the client's own retry
_MAX_DEPTH = 32
_NO_KEY = "\N{EMPTY SET}"  # what no client's key begins with
_TAG = re.compile(r'"(\d{1,9})"')
Call = tuple[Any, ...]  # the store's tracker.call


class Refused(Problem):
    """A refusal of the store, with its own code and details."""

    def __init__(
        self, status: int, said: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(said["message"], headers=dict(headers or {}), **said["details"])
        self.status = HTTPStatus(status)
        self.code = said["code"]


class Body(NamedTuple):
    """What was sent, or what is wrong with it as the store's answer to it, if nothing else is."""

    sent: dict[str, Any] | None
    problem: dict[str, Any] | None = None

    @property
    def json(self) -> Jsonb | None:
        """What was sent, for the store."""
        return None if self.sent is None else Jsonb(self.sent)

    @property
    def problem_json(self) -> Jsonb | None:
        """What is wrong, for the store."""
        return None if self.problem is None else Jsonb(self.problem)


def make_call(
    request: Request,
    *,
    is_creation: bool = False,
    is_repeatable: bool = True,
    max_bytes: int = MAX_BYTES,
) -> Call:
    """Who asks, and by which request; raises Invalid for a key that is none, BadRequest.

    A key counts where something may change and `is_repeatable`. `is_creation`: without a key, the
    same body again is the same request for REPEAT_SECONDS.
    """
    caller = request.user
    method = request.event["httpMethod"]
    target, key, digest, seconds = None, None, None, KEY_SECONDS
    if is_repeatable and method not in ("GET", "HEAD"):
        target = f"{method} {request.path.rstrip('/')}"
        key = _check_key(request.header("idempotency-key"))
        digest = _hash_body(request, max_bytes) if key or is_creation else None
        if digest and not key and is_creation:
            key, seconds = _NO_KEY + digest.hex(), REPEAT_SECONDS
    return (
        *(caller.user_id, caller.version, caller.session_id),
        *(target, key, digest, seconds if key else None),
        errors.get_request_id("v1", request.id),
    )


def make_socket_call(user_id: int, version: int, session_id: UUID | None, request_id: str) -> Call:
    """The call of a user whose message came by a socket, whose session is known or not."""
    return (user_id, version, session_id, None, None, None, None, request_id)


def read_body(
    model: type[BaseModel],
    request: Request,
    call: Call,
    max_bytes: int = MAX_BYTES,
    *,
    is_change: bool = False,
) -> Body:
    """What was sent as a `model`, of a change the fields that were set; raises BadRequest for what
    is no object.

    Who may not call at all hears that first.
    """
    sent = read_object_of_caller(request, call, max_bytes)
    return parse_body(model, sent, is_change=is_change)


def parse_body(model: type[BaseModel], sent: Mapping[str, Any], *, is_change: bool = False) -> Body:
    """What was sent as a `model`, of a change what was set of it, or what is wrong with it."""
    try:
        return Body(fields.parse(model, sent).model_dump(mode="json", exclude_unset=is_change))
    except Invalid as problem:
        return Body(None, describe(problem))


def read_object_of_caller(
    request: Request, call: Call, max_bytes: int = MAX_BYTES
) -> dict[str, Any]:
    """The body, an object; an empty one is {}. Raises BadRequest, Invalid.

    Who may not call at all hears that first.
    """
    try:
        return _read_object(request, max_bytes)
    except BadRequest:
        check_caller(call)
        raise


def _read_object(request: Request, max_bytes: int) -> dict[str, Any]:
    text = request.text(max_bytes)
    value = json_codec.loads(text, max_depth=_MAX_DEPTH) if text.strip() else {}
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.")
    return value


def describe(problem: Problem) -> dict[str, Any]:
    """A problem as the store keeps it: code, message and details."""
    error: dict[str, Any] = errors.build_body(problem, "v1", "")["error"]
    return error


def check_caller(call: Call) -> None:
    """Raises what a caller hears whose token does not count; one round trip."""
    row = db.fetch_one(
        """
        select (b.reply).status, (b.reply).body, (b.reply).headers
        from tracker.begin_call(row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call) as b
        """,
        call,
    )
    if row and row["status"] is not None:
        refuse(row)


def read_versions(request: Request) -> list[int] | None:
    """Of which versions the caller means one, by If-Match; None for whichever there is."""
    sent = request.header("if-match").strip()
    if not sent or sent == "*":
        return None
    return [int(tag) for tag in _TAG.findall(sent)]


def to_response(row: db.Row | None) -> Response:
    """The answer that a reply of the store means; raises the problem that it is."""
    assert row
    if row["status"] >= HTTPStatus.BAD_REQUEST:
        refuse(row)
    headers = dict(row["headers"])
    if "ETag" in headers:
        headers["Cache-Control"] = "private, no-cache"
    if row["is_replay"]:
        headers["Idempotency-Replayed"] = "true"
    is_empty = row["status"] == HTTPStatus.NO_CONTENT
    return Response("" if is_empty else row["body"], row["status"], headers)


def to_value(row: db.Row) -> Any:
    """The body of a reply of the store; raises the problem that it is."""
    if row["status"] >= HTTPStatus.BAD_REQUEST:
        refuse(row)
    return json.loads(row["body"])


def refuse(row: Mapping[str, Any]) -> NoReturn:
    """Raises the problem that a reply of the store is."""
    headers = dict(row["headers"])
    if row.get("is_replay"):
        headers["Idempotency-Replayed"] = "true"
    body = row["body"]
    raise Refused(row["status"], json.loads(body) if isinstance(body, str) else body, headers)


def keep_problem(call: Call, problem: Problem) -> None:
    """Keeps a refusal for the same request sent again; one round trip, and none without a key."""
    keep_refusal(call, errors.get_status(problem, "v1"), describe(problem))


def keep_refusal(call: Call, status: int, said: Mapping[str, Any]) -> None:
    """Keeps what a refused request is answered, as `keep_problem`."""
    if call[4] is None or call[6] != KEY_SECONDS:
        return
    db.query(
        """
        select (k.reply).status
        from (
          select tracker.keep_answer(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call,
              row(%s, %s, '{}', false)::tracker.reply
            ) as reply
        ) as k
        """,
        (*call, int(status), Jsonb(said)),
    )


def _check_key(key: str) -> str | None:
    if not key:
        return None
    if len(key) > MAX_KEY or not (key.isascii() and key.isprintable()):
        problem = f"must have 1 to {MAX_KEY} printable ASCII characters"
        raise Invalid(
            f"Idempotency-Key {problem}", [{"field": "Idempotency-Key", "problem": problem}]
        )
    return key


def _hash_body(request: Request, max_bytes: int) -> bytes:
    text = request.text(max_bytes)
    try:
        said = ids.canonical_json(json_codec.loads(text)) if text.strip() else "{}"
    except BadRequest:  # of which the caller hears in its turn
        said = text
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()
