"""Tickets: what opens one socket within half a minute, so that no token stands in an address."""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

from functions.shared import db
from functions.shared.tokens import Identity

SECONDS = 30


class Holder(NamedTuple):
    """Whom the token named with which a ticket was asked for, and which room it opens."""

    room: str
    user: Identity


def issue(room: str, user_id: int, version: int, session_id: str = "") -> str:
    """A ticket for a room, kept as a hash. The caller has looked whether the user may come in."""
    ticket = secrets.token_urlsafe(32)
    db.query(
        """
        insert into live.tickets (hash, room, user_id, version, session_id, expires_at)
        values (%s, %s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s))
        """,
        (_hash(ticket), room, user_id, version, session_id or None, SECONDS),
    )
    return ticket


def take(ticket: str) -> Holder | None:
    """Whose a ticket is, once; None for one that is used or too old."""
    row = db.fetch_once(
        """
        delete from live.tickets
        where hash = %s
        returning room, user_id, version, coalesce(session_id::text, '') as session_id,
          expires_at > clock_timestamp() as counts
        """,
        (_hash(ticket),),
    )
    if row is None or not row["counts"]:
        return None
    return Holder(row["room"], Identity(row["user_id"], row["version"], row["session_id"]))


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).digest()
