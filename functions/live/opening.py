"""Opening a socket: to which room, who opens it, and whether they may.

The edge writes the room of a socket's path into its query, before what the client says there.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from pydantic import ValidationError

from functions.live import connections, tickets
from functions.live.connections import Opening, Resumption, Seat
from functions.live.kinds import Kind, load_kinds
from functions.live.messages import MAX_EPOCH, Resume
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


class _Guest(NamedTuple):
    """Who opens a socket, and what they are in the room."""

    user: tokens.Identity
    seat: Seat


def open_socket(event: Mapping[str, Any]) -> str | None:
    """Notes a socket that the gateway is opening; returns the subprotocol to answer with.

    Raises Unauthorized, Forbidden, NotFound, TooManySockets. Two round trips, three with a ticket.
    """
    query = {
        name: values[0]
        for name, values in (event.get("multiValueQueryStringParameters") or {}).items()
    }
    kind, target = _read_room(query)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    offered = [part.strip() for part in headers.get("sec-websocket-protocol", "").split(",")]
    bearer = next((part for part in offered if part.startswith(_BEARER)), None)
    guest = _admit(kind, target, query, bearer, headers.get("authorization", ""))
    opening = Opening(
        guest.user.user_id,
        guest.user.version,
        guest.user.session_id or None,
        takes_batches=query.get("batch") in ("true", "1"),
        resumption=_read_resumption(query),
    )
    if not connections.open_connection(
        event["requestContext"]["connectionId"], guest.seat, opening
    ):
        raise TooManySockets
    return _PROTOCOL if _PROTOCOL in offered else bearer


def _read_room(query: Mapping[str, str]) -> tuple[Kind, str]:
    for name, kind in load_kinds().items():
        if target := query.get(name):
            return kind, target
    raise NotFound("No room is named.")


def _read_resumption(query: Mapping[str, str]) -> Resumption | None:
    """What the address asks for by `last_seq` and `epoch`; None where it is no number."""
    try:
        asked = Resume.model_validate(
            {"last_seq": query.get("last_seq"), "epoch": query.get("epoch", "")[:MAX_EPOCH] or None}
        )
    except ValidationError:
        return None
    return asked.to_resumption()


def _admit(
    kind: Kind, target: str, query: Mapping[str, str], bearer: str | None, authorization: str
) -> _Guest:
    """By the first credential that is there, and no other: the next does not make up for it."""
    if "ticket" in query:
        holder = tickets.take(query["ticket"])
        if holder is None:
            raise Unauthorized(WRONG)
        seat = kind.admit(holder.user, target)
        if seat.room != holder.room:
            raise Unauthorized(WRONG)
        return _Guest(holder.user, seat)
    scheme, _, sent = authorization.partition(" ")
    if "token" in query:
        token = query["token"]
    elif bearer:
        token = bearer.removeprefix(_BEARER)
    elif scheme.lower() == "bearer" and sent.strip():
        token = sent.strip()
    else:
        raise Unauthorized(MISSING)
    try:
        user = kind.verify(token)
    except tokens.WrongTokenError:
        raise Unauthorized(WRONG) from None
    return _Guest(user, kind.admit(user, target))
