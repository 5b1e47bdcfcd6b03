"""Opening a socket: to which room, who opens it, and whether they may.

The edge writes the room of a socket's path into its query, before what the client says there.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from functions.live import connections
from functions.live.kinds import load_kinds
from functions.shared import tokens
from functions.shared.errors import NotFound, Problem, Unauthorized
from functions.shared.roles import WRONG
from functions.shared.users import MISSING

_BEARER = "bearer."
_PROTOCOL = "tracker.v1"


class TooManySockets(Problem):
    """The user has as many sockets as one may have."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "RATE_LIMITED"
    message = "Ten sockets are open already."


class _Shown(NamedTuple):
    """The token that a client shows, and the subprotocol that says that it was read."""

    token: str
    protocol: str | None


def open_socket(event: Mapping[str, Any]) -> str | None:
    """Notes a socket that the gateway is opening; returns the subprotocol to answer with.

    Raises Unauthorized, Forbidden, NotFound and TooManySockets. Two round trips.
    """
    query = {
        name: values[0]
        for name, values in (event.get("multiValueQueryStringParameters") or {}).items()
    }
    kind, target = _read_room(query)
    shown = _read_token(query, _headers(event))
    try:
        user = tokens.verify(shown.token, kind.audience)
    except tokens.WrongTokenError:
        raise Unauthorized(WRONG) from None
    seat = kind.admit(user.user_id, user.version, target)
    if not connections.open_connection(
        event["requestContext"]["connectionId"],
        user.user_id,
        user.version,
        seat,
        takes_batches=query.get("batch") in ("true", "1"),
    ):
        raise TooManySockets
    return shown.protocol


def _read_room(query: Mapping[str, str]) -> tuple[Any, str]:
    for name, kind in load_kinds().items():
        if target := query.get(name):
            return kind, target
    raise NotFound("No room is named.")


def _read_token(query: Mapping[str, str], headers: Mapping[str, str]) -> _Shown:
    """The first that is there, and no other: one that is wrong is not made up for by the next."""
    offered = [part.strip() for part in headers.get("sec-websocket-protocol", "").split(",")]
    bearer = next((part for part in offered if part.startswith(_BEARER)), None)
    protocol = _PROTOCOL if _PROTOCOL in offered else bearer
    if "token" in query:
        return _Shown(query["token"], protocol)
    if bearer:
        return _Shown(bearer.removeprefix(_BEARER), protocol)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return _Shown(token.strip(), protocol)
    raise Unauthorized(MISSING)


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}
