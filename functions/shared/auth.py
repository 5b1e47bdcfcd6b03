"""API keys of game servers and bots: who is calling, and whether their key may do this.

A key is `ty_<8 hex key id>_<64 hex secret>`; only its id and the SHA-256 of the whole text are
stored. A game server's is `sk_live_<8 hex key id>_<40 base62>`, and its hash is keyed. `API_KEY` of
the environment is one more key, for every ingest scope. A key of scope `tracker` acts as a user:
its service account.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

from functions.shared import db, stores
from functions.shared.errors import Forbidden, Unauthorized
from functions.shared.request import Caller, Request
from functions.shared.secrets import get_secrets

BOOTSTRAP = "bootstrap"  # what stands for the id of `API_KEY`
BOOTSTRAP_SCOPES = frozenset({"tilt:write", "tilt:read", "ttt:write"})
CACHE_SECONDS = 60  # how long a revoked key may go on working in a warm container
SERVER = "sk_live_"  # how the keys of game servers begin
TRACKER = "tracker"  # the scope of keys that act as a user
LIVE_KEYS = 2  # of one name: the one in use, and its successor while rotating


_KEY = re.compile(r"(?:ty|sk_live)_([0-9a-f]{8})_[0-9A-Za-z]+")
_cache: dict[bytes, tuple[float, Caller | None]] = {}


@dataclass(frozen=True)
class RequireScope:
    """The guard of a route: a key with `scope`, unless a setting makes it optional.

    `at_once`: a key that was revoked a moment ago is refused, for a round trip each time, and a
    session of the panel serves as a key of its user's role.
    """

    scope: str
    optional_when: Callable[[], bool] | None = None
    at_once: bool = False
    # For the reference: how the key may be sent, and what a wrong one is answered.
    sent_as: ClassVar[tuple[str, ...]] = ("key", "bearer")
    refused_as: ClassVar[Sequence[HTTPStatus]] = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

    def __call__(self, request: Request) -> Caller | None:
        """The caller, or None where keys are optional; raises Unauthorized or Forbidden."""
        if self.optional_when and self.optional_when():
            return None
        key = request.key()
        if not key:
            raise Unauthorized
        caller = authenticate_now(key) if self.at_once else authenticate(key)
        if caller is None or self.scope not in caller.scopes:
            raise Forbidden
        return caller


# Who may erase a person: in every domain the same, also where other keys are optional.
erase = RequireScope("admin", at_once=True)


def authenticate(api_key: str, at_once: bool = False) -> Caller | None:
    """The caller whose live key this is; None for any other text. One round trip a minute.

    `at_once`: a key that was revoked a moment ago counts as revoked, for a round trip each time.
    """
    digest = hashlib.sha256(api_key.encode("utf-8", "surrogatepass")).digest()
    bootstrap = get_secrets().api_key.get_secret_value()
    if bootstrap and hmac.compare_digest(digest, hashlib.sha256(bootstrap.encode()).digest()):
        return Caller(BOOTSTRAP, BOOTSTRAP_SCOPES)
    known, caller = _cache.get(digest, (0.0, None))
    if known > time.monotonic() and not at_once:
        return caller
    try:
        caller = _look_up(api_key)
    except db.DatabaseUnavailable:
        if caller is None or at_once:
            raise
        return caller  # nobody can revoke a key while the database is down
    if len(_cache) > 1000:  # guesses go, known keys stay: an outage must find them here
        for guess in [key for key, (_, known) in _cache.items() if known is None]:
            del _cache[guess]
    _cache[digest] = (time.monotonic() + CACHE_SECONDS, caller)
    return caller


def _look_up(key: str) -> Caller | None:
    spelled = _KEY.fullmatch(key)
    if spelled is None:
        return None
    return _find_caller(key, spelled[1])


@stores.on(stores.MAIN)
def _find_caller(key: str, key_id: str) -> Caller | None:
    stored = db.fetch_one(
        """
        select key_hash, scopes, name, coalesce(user_id, 0) as user_id,
          coalesce(last_used_at < now() - interval '1 minute', true) as is_news
        from shared.api_keys
        where key_id = %s
          and revoked_at is null
          and (expires_at is null or expires_at > now())
        """,
        (key_id,),
    )
    hashes = _hash_key(key)
    if stored is None or not any(hmac.compare_digest(stored["key_hash"], one) for one in hashes):
        return None
    if stored["is_news"] or stored["key_hash"] != hashes[0]:
        _note_use(key_id, hashes[0])
    return Caller(key_id, frozenset(stored["scopes"]), stored["name"], stored["user_id"])


def _note_use(key_id: str, key_hash: bytes) -> None:
    """Keeps that a key was used, and its hash under the signing key of today."""
    db.query(
        "update shared.api_keys set last_used_at = now(), key_hash = %s where key_id = %s",
        (key_hash, key_id),
    )


def authenticate_now(credential: str) -> Caller | None:
    """The caller whose API key, or session of the panel, this is at this moment; one round trip.

    None for any other text. Raises Forbidden for a banned user, and for one who must choose a new
    password first.
    """
    if credential.count(".") != 2:
        return authenticate(credential, at_once=True)
    from functions.shared import panel_sessions  # only who shows a token pays for the import

    return panel_sessions.authenticate(credential)


def find_dead(uses: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those uses of keys, as (key id, Unix ms), at whose moment the key did not work.

    `API_KEY` always does. One round trip, none for no other use.
    """
    asked = sorted({use for use in uses if use[0] != BOOTSTRAP})
    if not asked:
        return set()
    with stores.on(stores.MAIN):
        dead = db.query(_FIND_DEAD, ([key_id for key_id, _ in asked], [at for _, at in asked]))
    return {(row["key_id"], row["at"]) for row in dead}


_FIND_DEAD = """
    select u.key_id, u.at
    from unnest(%s::text[], %s::bigint[]) as u (key_id, at)
    left join shared.api_keys k on k.key_id = u.key_id
      and coalesce(k.revoked_at > to_timestamp(u.at / 1000.0), true)
      and coalesce(k.expires_at > to_timestamp(u.at / 1000.0), true)
    where k.key_id is null
"""


def hash_key(key: str) -> bytes:
    """What is stored of a key. A server's is shorter than ours: its hash needs our secret too."""
    return _hash_key(key)[0]


def _hash_key(key: str) -> list[bytes]:
    """What may be stored of a key: of a server's, its hash under each signing key."""
    if not key.startswith(SERVER):
        return [hashlib.sha256(key.encode()).digest()]
    named = b"key\0" + key.encode()
    return [hmac.digest(one, named, hashlib.sha256) for one in get_secrets().signing_secrets]


def clear_cache() -> None:
    """Makes this process look up every key again, so that a revocation counts at once."""
    _cache.clear()


@stores.on(stores.MAIN)
def issue(
    name: str, scopes: list[str], actor: str | None = None, user_id: int | None = None
) -> str:
    """A new key for `name`, to be shown once; an older one of that name lives on beside it.

    `actor`: who issued it, for the audit; None for its holder. `user_id`: the service account of a
    key of scope `tracker`.

    Of a third the oldest dies at once, so that at most two keys of a name are live.
    """
    key_id, secret = secrets.token_hex(4), secrets.token_hex(32)
    text = f"ty_{key_id}_{secret}"
    db.query(
        """
        with older as (
          select key_id
          from shared.api_keys
          where name = %(name)s
            and revoked_at is null
          order by created_at desc
          offset %(live)s - 1
        ), retired as (
          update shared.api_keys
          set revoked_at = now()
          where key_id in (select key_id from older)
        ), noted as (
          insert into shared.audit (action, subject, actor)
          values ('key.issue', %(key_id)s, coalesce(%(actor)s, %(name)s))
        )
        insert into shared.api_keys (key_id, key_hash, name, scopes, user_id)
        values (%(key_id)s, %(key_hash)s, %(name)s, %(scopes)s, %(user_id)s)
        """,
        {
            "key_id": key_id,
            "key_hash": hash_key(text),
            "name": name,
            "scopes": scopes,
            "user_id": user_id,
            "actor": actor,
            "live": LIVE_KEYS,
        },
    )
    return text


@stores.on(stores.MAIN)
def revoke(key_id: str, actor: str | None = None) -> bool:
    """Ends a key, in warm containers within CACHE_SECONDS; False when no live key has that id.

    `actor`: who revoked it, for the audit; None for its holder.
    """
    return bool(
        db.query(
            """
            with ended as (
              update shared.api_keys
              set revoked_at = now()
              where key_id = %(key_id)s
                and revoked_at is null
              returning key_id, name
            )
            insert into shared.audit (action, subject, actor)
            select 'key.revoke', key_id, coalesce(%(actor)s, name)
            from ended
            returning subject
            """,
            {"key_id": key_id, "actor": actor},
        )
    )


@stores.on(stores.MAIN)
def list_live_keys() -> list[db.Row]:
    """The keys that work now: key_id, name, scopes, last_used_at; the newest first."""
    return db.query(
        """
        select key_id, name, scopes, last_used_at
        from shared.api_keys
        where revoked_at is null
          and (expires_at is null or expires_at > now())
        order by created_at desc
        """
    )
