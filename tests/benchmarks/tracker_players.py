"""Players of the tracker to measure with: their armies, battles and tokens, what browsers send.

Derived from their number, so that every run measures the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from functions.accounts import signing_keys
from functions.shared import db
from functions.tracker.battles.battle import Actor
from functions.tracker.battles.battle import Battle as MadeBattle
from functions.tracker.battles.changes import with_frames
from functions.tracker.battles.creation import NewBattle, make_battle
from tests.benchmarks.store import Store, environ
from tests.support.armies import ARMY
from tests.support.gateway import gateway_event
from tests.support.tracker_battles import BATTLE

FIRST = 1_000_000  # the smallest user id
COPY = {name: ARMY[name] for name in ("name", "faction_id", "detachment", "points_value")}
_NOBODY = {"names": {}, "connected": []}  # who watches, and their names
_SLICE = 500  # battles that a transaction adds
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en",
    "Content-Type": "application/json",
    "Host": "api.example.org",
    "Origin": "https://tracker.example.org",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "https",
}
_USERS = """
    with added as (
      insert into accounts.users (id, public_id, username, email, display_name, role)
      overriding system value
      select n, 'usr_' || lpad(n::text, 10, '0'), 'player' || n, 'player' || n || '@example.org',
        'Player ' || n, 'organizer'
      from generate_series(%(first)s::bigint, %(last)s) as n
    ), entered as (
      insert into accounts.sessions (id, user_id, version, token_hash, expires_at)
      select lpad(n::text, 32, '0')::uuid, n, 0, sha256(n::text::bytea), now() + interval '7 days'
      from generate_series(%(first)s::bigint, %(last)s) as n
    )
    insert into tracker.armies (
      id, owner_id, name, faction_id, detachment, points_value, units, units_total, visibility
    )
    select 'army_' || lpad(n::text, 10, '0'), 'usr_' || lpad(n::text, 10, '0'), a.name,
      a.faction_id, a.detachment, a.points_value, '[]', 0, 'public'
    from generate_series(%(first)s::bigint, %(last)s) as n,
      jsonb_to_record(%(army)s) as a (
        name text, faction_id text, detachment text, points_value integer
      )
"""


class Player(NamedTuple):
    """A player, and the token in their browser."""

    number: int
    token: str

    @property
    def id(self) -> str:
        return name_user(self.number)

    def sends(
        self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str
    ) -> dict[str, Any]:
        """The Lambda event of what their browser sends."""
        sent = _HEADERS | {"Authorization": f"Bearer {self.token}"} | headers
        return gateway_event(method, path, None if body is None else json.dumps(body), sent)


class Battle(NamedTuple):
    """A battle, and the player who has its left side."""

    id: str
    player: Player

    def read(self) -> dict[str, Any]:
        """Their browser reads it."""
        return self.player.sends("GET", f"/v1/battles/{self.id}")

    def scored(self, points: int) -> dict[str, Any]:
        """They enter their primary points."""
        scores = {"primary": points, "secondary": 5}
        body = {"action": "update_scores", "player_id": self.player.id, "scores": scores}
        return self.player.sends("PATCH", f"/v1/battles/{self.id}", body)


def name_user(number: int) -> str:
    """The id under /v1 of the player of a number."""
    return f"usr_{number:010}"


def add(store: Store, count: int) -> list[Player]:
    """Players with an army and a session each."""
    values = {"first": FIRST, "last": FIRST + count - 1, "army": Jsonb(COPY)}
    with store.connect() as admin:
        admin.execute(_USERS, values)
        admin.execute("vacuum analyze")
    with connected(store):
        return [
            Player(n, signing_keys.issue({"id": n, "token_version": 0}, str(UUID(f"{n:032}"))))
            for n in range(FIRST, FIRST + min(count, 100))
        ]


@contextmanager
def connected(store: Store) -> Iterator[None]:
    """This process is a function on the store."""
    with environ(store):
        signing_keys.clear_cache()
        try:
            yield
        finally:
            db.connection().close()
            signing_keys.clear_cache()


def add_battles(
    store: Store, pairs: Sequence[tuple[int, int]], players: Sequence[Player]
) -> list[Battle]:
    """A battle of each pair of numbers, a minute after the one before; `players` begin at FIRST."""
    begun = datetime.now(UTC) - timedelta(minutes=len(pairs))
    made = [
        make_one(one, other, begun + timedelta(minutes=minute))
        for minute, (one, other) in enumerate(pairs)
    ]
    with store.connect() as admin:
        admin.execute("set synchronous_commit = off")  # not what is measured
        for first in range(0, len(made), _SLICE):
            rows = [
                {"state": battle.state, "events": with_frames(battle, _NOBODY)}
                for battle in made[first : first + _SLICE]
            ]
            admin.execute(
                """
                select tracker.add_battle(b.state, b.events)
                from jsonb_to_recordset(%s) as b (state jsonb, events jsonb)
                """,
                (Jsonb(rows),),
            )
        admin.execute("vacuum analyze")
    return [
        Battle(battle.state["id"], players[one - FIRST])
        for battle, (one, _) in zip(made, pairs, strict=True)
    ]


def make_one(one: int, other: int, now: datetime, **of_tournament: Any) -> MadeBattle:
    """A new battle of the players of two numbers."""
    sides = zip((one, other), ("left", "right"), strict=True)
    players = [
        {"user_id": name_user(n), "army_id": f"army_{n:010}", "position": side} for n, side in sides
    ]
    sent = NewBattle.model_validate(BATTLE | {"players": players}).model_dump(mode="json")
    armies = {player["army_id"]: COPY for player in players}
    return make_battle(sent, armies, Actor(name_user(one), "player", "rest"), now, **of_tournament)
