"""Server keys: `sk_live_<8 hex key id>_<40 base62>`, with which a game server sends what it logs.

They are kept among all other keys, in the main store, so that the same key also sends TTT rounds.
Where logs have a store of their own, a server's row there is held while its keys change here.
"""

from __future__ import annotations

import secrets
import string
from datetime import datetime
from typing import Any

from pydantic import ConfigDict, RootModel

from functions.shared import auth, db, fields, stores
from functions.shared.errors import NotFound

SCOPES = ["logs:write", "ttt:write"]
_BASE62 = string.digits + string.ascii_letters


class Rotation(fields.BracketPathModel, fields.CamelModel):
    """Whether the previous key is revoked at once."""

    revoke_previous: bool | None = None


class Issued(fields.CamelResponse):
    """A new key, shown this once, and until when the previous key works."""

    api_key: str
    previous_key_expires_at: datetime | None


class Key(fields.CamelResponse):
    """A live key; the key itself is shown once, when it is made."""

    key_id: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class Keys(RootModel[list[Key]]):
    """A server's live keys, the newest first."""

    model_config = ConfigDict(defer_build=True)


@db.retried
def issue(server_id: str, actor: str, revoke_previous: bool = False) -> dict[str, Any]:
    """A new key for a server, as Issued; `actor` is who asked for it, for the audit trail.

    The one before works for 24 h, or dies; older ones die at once. Raises NotFound.
    """
    key_id = secrets.token_hex(4)
    key = f"{auth.SERVER}{key_id}_{''.join(secrets.choice(_BASE62) for _ in range(40))}"
    with db.transaction():
        _hold(server_id)
        with stores.on(stores.MAIN):
            [row] = db.query(
                _ISSUE,
                {
                    "server_id": server_id,
                    "revoke": revoke_previous,
                    "key_id": key_id,
                    "actor": actor,
                    "key_hash": auth.hash_key(key),
                    "scopes": SCOPES,
                },
            )
    auth.clear_cache()
    return {"apiKey": key, "previousKeyExpiresAt": row["previous_expires_at"]}


_ISSUE = """
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
      values ('key.issue', %(key_id)s, %(actor)s)
    ), made as (
      insert into shared.api_keys (key_id, key_hash, name, scopes)
      values (%(key_id)s, %(key_hash)s, %(server_id)s, %(scopes)s)
    )
    select max(expires_at) filter (where revoked_at is null) as previous_expires_at
    from retired
"""


def _hold(server_id: str) -> None:
    """Lets two rotations, or a rotation and a removal, take turns: at most two keys are live."""
    found = db.query(
        """
        select id
        from logs.servers
        where id = %s
          and deleted_at is null
        for update
        """,
        (server_id,),
    )
    if not found:
        raise NotFound("Server not found")


def list_keys(server_id: str) -> list[db.Row]:
    """A server's live keys, the newest first; raises NotFound. Two round trips."""
    found = db.query(
        "select 1 as one from logs.servers where id = %s and deleted_at is null", (server_id,)
    )
    if not found:
        raise NotFound("Server not found")
    with stores.on(stores.MAIN):
        return db.query(
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


def revoke_all(server_id: str) -> None:
    """Ends all keys of a server. One round trip."""
    with stores.on(stores.MAIN):
        db.query(
            """
            update shared.api_keys
            set revoked_at = now()
            where name = %s
              and revoked_at is null
            """,
            (server_id,),
        )
    auth.clear_cache()


def revoke(server_id: str, key_id: str, actor: str) -> None:
    """Ends a key of a server, in warm containers within a minute; an unknown one is no error."""
    with stores.on(stores.MAIN):
        db.query(
            """
            with ended as (
              update shared.api_keys
              set revoked_at = now()
              where key_id = %s
                and name = %s
                and revoked_at is null
              returning key_id
            )
            insert into shared.audit (action, subject, actor)
            select 'key.revoke', key_id, %s
            from ended
            """,
            (key_id, server_id, actor),
        )
    auth.clear_cache()
