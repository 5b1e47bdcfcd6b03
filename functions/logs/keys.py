"""Server keys: `sk_live_<8 hex key id>_<40 base62>`, with which a game server sends what it logs.

They are kept among all other keys, so that the same key also sends TTT rounds.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from datetime import datetime

from functions.shared import auth, db, wire

SCOPES = ["logs:write", "ttt:write"]
_BASE62 = string.digits + string.ascii_letters


class Key(wire.Shape):
    """A live key; the key itself is shown once, when it is made."""

    keyId: str  # noqa: N815  the wire's name
    createdAt: datetime  # noqa: N815
    lastUsedAt: datetime | None  # noqa: N815
    expiresAt: datetime | None  # noqa: N815


@dataclass(frozen=True)
class Issued:
    """A new key, and until when the one before it works, if there is one."""

    key: str
    previous_expires_at: datetime | None


def issue(server_id: str, revoke_previous: bool = False) -> Issued:
    """A new key for a server. The one before works for 24 h, or dies; older ones die at once.

    One round trip.
    """
    key_id = secrets.token_hex(4)
    text = f"sk_live_{key_id}_{''.join(secrets.choice(_BASE62) for _ in range(40))}"
    row = db.run(
        """
        with live as (
          select key_id, row_number() over (order by created_at desc) as age
          from shared.api_keys
          where name = %(server_id)s
            and revoked_at is null
            and (expires_at is null or expires_at > now())
        ), retired as (
          update shared.api_keys k
          set revoked_at = case when l.age > 1 or %(revoke)s then now() end,
            expires_at = least(k.expires_at, now() + interval '24 hours')
          from live l
          where k.key_id = l.key_id
          returning k.expires_at, k.revoked_at
        ), noted as (
          insert into shared.audit (action, subject, actor)
          values ('key.issue', %(key_id)s, %(server_id)s)
        ), made as (
          insert into shared.api_keys (key_id, digest, name, scopes)
          values (%(key_id)s, %(digest)s, %(server_id)s, %(scopes)s)
        )
        select max(expires_at) filter (where revoked_at is null) as previous_expires_at
        from retired
        """,
        {
            "server_id": server_id,
            "revoke": revoke_previous,
            "key_id": key_id,
            "digest": auth.digest_of(text),
            "scopes": SCOPES,
        },
    )[0]
    return Issued(text, row["previous_expires_at"])


def live(server_id: str) -> list[db.Row]:
    """A server's live keys, the newest first. One round trip."""
    return db.run(
        """
        select key_id as "keyId", created_at as "createdAt", last_used_at as "lastUsedAt",
          expires_at as "expiresAt"
        from shared.api_keys
        where name = %s
          and revoked_at is null
          and (expires_at is null or expires_at > now())
        order by created_at desc
        """,
        (server_id,),
    )


def revoke(server_id: str, key_id: str) -> None:
    """Ends a key of a server, in warm containers within a minute; an unknown one is no error."""
    db.run(
        """
        with ended as (
          update shared.api_keys
          set revoked_at = now()
          where key_id = %s
            and name = %s
            and revoked_at is null
          returning key_id, name
        )
        insert into shared.audit (action, subject, actor)
        select 'key.revoke', key_id, name
        from ended
        """,
        (key_id, server_id),
    )
