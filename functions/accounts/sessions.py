"""Sessions of the tracker: a login, and the refresh tokens that follow one another from it.

A refresh token names its session and its generation, under a MAC of the server's: so its successor
can be derived again for a request that ran beside the one that exchanged it. What is stored of it
is a hash.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID, uuid4

from functions.live import closing
from functions.shared import db, log, tokens, tracker_tokens
from functions.shared.errors import Forbidden
from functions.shared.request import Caller
from functions.shared.secrets import get_secrets

LIFETIME_SECONDS = 7 * 86_400  # of a refresh token, from the exchange that made it
_MAX_AGE = 29.0  # seconds after which the gateway has hung up
_PREFIX = "rt_"
_LENGTH = 16 + 4 + 32  # bytes: session, generation, MAC
_MESSAGES = {
    "malformed": "The refresh token is not valid",
    "expired": "The refresh token has expired",
    "revoked": "The session has ended",
    "reused": "The refresh token was used before; the session has ended",
}


class RefreshTokenError(Forbidden):
    """A refresh token that does not count: 403, because the client repeats a 401 for ever."""

    code = "INVALID_REFRESH_TOKEN"

    def __init__(self, reason: str) -> None:
        super().__init__(_MESSAGES[reason], reason=reason)


@dataclass(frozen=True)
class Opened:
    """A session with its user and its current refresh token."""

    id: str
    user: db.Row
    refresh_token: str


def open_session(user: db.Row) -> Opened:
    """A new session of a user who has just logged in. One round trip."""
    session = uuid4()
    token = _derive(session, 0)
    [played] = db.query(
        """
        with opened as (
          insert into accounts.sessions (id, user_id, version, token_hash, expires_at)
          values (%s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s))
        )
        select total_battles, tournament_wins
        from tracker.count_played(%s)
        """,
        (
            *(session, user["id"], user["token_version"], _hash(token), LIFETIME_SECONDS),
            user["public_id"],
        ),
    )
    return Opened(str(session), user | played, token)


def refresh(token: str, received_at: float, address_hash: str) -> Opened:
    """Exchanges a refresh token for its successor; raises RefreshTokenError. One round trip.

    `received_at`: when the request was received, in Unix seconds. One that was received before the
    exchange of this token had committed gets the same successor; any later one ends the session.
    """
    session, generation = parse(token)
    successor = _derive(session, generation + 1)
    db.connection()  # a connection that must be opened first would make the request look younger
    age = min(max(time.time() - received_at, 0.0), _MAX_AGE)
    found = db.query(
        """
        select e.outcome, u.id, u.public_id, u.username, u.email, u.display_name,
          u.profile_image_url, u.role, u.must_change_password, u.is_active, u.token_version,
          u.created_at, u.updated_at, p.total_battles, p.tournament_wins,
          case when e.outcome = 'reused' then live.is_connected(u.id) end as is_connected
        from accounts.exchange_refresh_token(%s, %s, %s, %s, %s, %s, %s) as e
        left join accounts.users as u on u.id = e.user_id
        left join lateral tracker.count_played(u.public_id) as p on true
        """,
        (
            session,
            generation,
            _hash(token),
            _hash(successor),
            age,
            float(LIFETIME_SECONDS),
            address_hash,
        ),
    )[0]
    if found["outcome"] == "reused":
        log.event("token.reused", level="ERROR", user_id=found["id"])
        log.metric("TokensReused", 1)
    if found["outcome"] not in ("exchanged", "same"):
        closing.announce_sign_out(found["id"], is_connected=bool(found["is_connected"]))
        raise RefreshTokenError(found["outcome"])
    return Opened(str(session), found, successor)


def revoke(session_id: str | UUID) -> None:
    """Ends a session: its access tokens and its refresh token are refused from now on."""
    row = db.fetch_one(
        """
        update accounts.sessions
        set revoked_at = now()
        where id = %s
          and revoked_at is null
        returning user_id, live.is_connected(user_id) as is_connected
        """,
        (session_id,),
    )
    if row:
        closing.announce_sign_out(row["user_id"], is_connected=row["is_connected"])


def log_out(caller: Caller, everywhere: bool) -> None:
    """Ends the caller's session or, `everywhere`, refuses all their tokens at every door.

    Raises Unauthorized and Forbidden. One round trip.
    """
    found = db.query(
        """
        with caller as (
          select *
          from accounts.session_caller(%(user_id)s, %(version)s, %(session_id)s::uuid)
        ), ended as (
          update accounts.sessions
          set revoked_at = now()
          where id = %(session_id)s::uuid
            and user_id = (select id from caller)
        ), raised as (
          update accounts.users
          set token_version = token_version + 1
          where id = (select id from caller)
            and %(everywhere)s
        )
        select id, is_active, live.is_connected(id) as is_connected
        from caller
        """,
        {
            "user_id": caller.user_id,
            "version": caller.version,
            "session_id": caller.session_id,
            "everywhere": everywhere,
        },
    )
    row = tracker_tokens.check(found[0] if found else None)
    closing.announce_sign_out(row["id"], is_connected=row["is_connected"])


def delete_old(connection: db.Connection) -> int:
    """Deletes sessions whose last token expired a day ago; returns how many."""
    return connection.execute(
        "delete from accounts.sessions where expires_at < now() - make_interval(secs => 86400)"
    ).rowcount


def parse(token: str) -> tuple[UUID, int]:
    """The session and generation of a refresh token of ours; raises RefreshTokenError."""
    try:
        if not token.startswith(_PREFIX) or len(token) > 100:
            raise ValueError
        raw = urlsafe_b64decode(token.removeprefix(_PREFIX) + "==")
    except ValueError:
        raise RefreshTokenError("malformed") from None
    says, mac = raw[:20], raw[20:]
    if len(raw) != _LENGTH or not any(hmac.compare_digest(mac, one) for one in _macs(says)):
        raise RefreshTokenError("malformed")
    return UUID(bytes=says[:16]), int.from_bytes(says[16:], "big")


def _derive(session: UUID, generation: int) -> str:
    says = session.bytes + generation.to_bytes(4, "big")
    return _PREFIX + urlsafe_b64encode(says + _macs(says)[0]).decode().rstrip("=")


def _macs(says: bytes) -> list[bytes]:
    """The MAC under the key that is in use, and under the one that it replaces."""
    return [
        hmac.digest(tokens.derive_key(secret, "refresh"), says, hashlib.sha256)
        for secret in get_secrets().tracker_secrets
    ]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
