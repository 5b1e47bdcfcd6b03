"""Players of the tests, and states that nobody reaches over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any, TypeVar

from psycopg.types.json import Jsonb

from functions.game import chance
from functions.shared import db
from tests.support.accounts import bearer, make_user
from tests.support.client import Answered, Client

T = TypeVar("T")

# A body for each route of the game that reads one.
_WORN = {"slot": "weapon", "set_type": "attack"}
_PET = {"slot": 1, "set_type": "attack"}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/player/regenerate-stamina": {},
    "POST /api/inventory/use-potion/{item_id}": {},
    "POST /api/inventory/starter-items": {},
    "POST /api/inventory/cleanup-expired-buffs": {},
    "POST /api/pets/egg": {},
    "POST /api/player/allocate-stats": {"attack": 0, "defense": 0, "max_stamina": 0},
    "POST /api/inventory/equip": {"item_id": 1, **_WORN},
    "POST /api/inventory/equip/{item_id}": _WORN,
    "POST /api/inventory/unequip": _WORN,
    "POST /api/inventory/unequip/{slot}": {"set_type": "attack"},
    "POST /api/pets/hatch": {"pet_id": 1, "name": "Rex"},
    "POST /api/pets/hatch/{egg_id}": {"name": "Rex"},
    "POST /api/pets/feed": {"pet_id": 1, "xp_amount": 10},
    "POST /api/pets/feed/{pet_id}": {"xp_amount": 10},
    "POST /api/pets/equip": {"pet_id": 1, **_PET},
    "POST /api/pets/equip/{pet_id}": _PET,
    "POST /api/pets/unequip": _PET,
    "POST /api/shop/purchase": {"item_id": "sword-1", "currency": "gold", "use_gems": False},
    "POST /api/battles/join/{battle_id}": {},
    "POST /api/battles/{battle_id}/attack": {"enemy_id": 1, "attack_type": "normal"},
    "POST /api/battles/attack/{battle_id}": {"enemy_id": 1, "attack_type": "normal"},
    "POST /api/battles/{battle_id}/claim-loot": {},
    "POST /api/battles/claim-loot/{battle_id}": {},
    "POST /api/battles/{battle_id}/resurrect": {},
    "POST /battles/{battle_id}/resurrect": {},
    "POST /api/battles/create": {},
    "POST /api/chat/messages/{message_id}/report": {"reason": "x"},
    "DELETE /api/chat/messages/{message_id}": {"reason": "x"},
    "POST /api/admin/players/{player_id}/grant": {
        "gold": 1,
        "gems": 1,
        "xp": 1,
        "item": "rest-1",
        "quantity": 1,
        "dry_run": False,
        "reason": "x",
    },
}
# Gold goes with its row in the ledger, as it came.
DROP_PLAYERS = """
    with gone as (
      delete from game.players
      returning user_id, gold, gems
    )
    insert into game.ledger (player_id, kind, amount, balance_after, cause)
    select user_id, 'gold', -gold, 0, 'test'
    from gone
    where gold > 0
    union all
    select user_id, 'gem', -gems, 0, 'test'
    from gone
    where gems > 0
"""
_PARTS = {"set_type": "attack", "slot": "weapon"}


def to_url(path: str) -> str:
    """A route's path with parts that it can read, and that name nothing."""
    return re.sub(
        r"{(\w+)}",
        lambda found: _PARTS.get(found[1], "999999" if found[1].endswith("_id") else "nobody"),
        path,
    )


def make_player(name: str = "Mira_K") -> Client:
    """Somebody who registered, with their token."""
    return bearer(make_user(name))


def make_operator(name: str = "Ada", role: str = "admin") -> Client:
    """Somebody who runs the game, with their token; they play too."""
    return bearer(make_user(name, role))


def player_id(client: Client) -> int:
    """The id of whose token a client has."""
    return int(client.get("/api/player/me").json["id"])


def export(client: Client) -> dict[str, Any]:
    """What is kept about whose token a client has: the first page."""
    answered = client.get("/api/player/me/export")
    assert answered.status == 200, answered.text
    exported: dict[str, Any] = answered.json
    return exported


def change(client: Client, **columns: Any) -> None:
    """Sets columns of a player; gold and gems with the row in the ledger that they need."""
    found = db.query(
        """
        with wanted as (
          select p.*
          from jsonb_populate_record(
              (select p from game.players as p where p.user_id = %(id)s), %(columns)s::jsonb
            ) as p
        ), entered as (
          insert into game.ledger (player_id, kind, amount, balance_after, cause)
          select p.user_id, 'gold', w.gold - p.gold, w.gold, 'test'
          from game.players as p
          join wanted as w on w.user_id = p.user_id
          where w.gold <> p.gold
          union all
          select p.user_id, 'gem', w.gems - p.gems, w.gems, 'test'
          from game.players as p
          join wanted as w on w.user_id = p.user_id
          where w.gems <> p.gems
        )
        update game.players as p
        set gold = w.gold,
          gems = w.gems,
          level = w.level,
          xp = w.xp,
          stamina = w.stamina,
          stamina_max = w.stamina_max,
          stamina_rest = w.stamina_rest,
          unspent_stat_points = w.unspent_stat_points
        from wanted as w
        where p.user_id = w.user_id
        returning p.user_id
        """,
        {"id": player_id(client), "columns": Jsonb(columns)},
    )
    assert found


def audited() -> list[db.Row]:
    """What operators and others did, oldest first."""
    return db.query(
        """
        select action, user_id, actor, reason, details
        from accounts.audit
        order by occurred_at
        """
    )


def pass_time(client: Client, seconds: float) -> None:
    """Lets time pass for a player: what is stored of them moves into the past."""
    db.query(
        """
        with moved as (
          update game.buffs
          set applied_at = applied_at - make_interval(secs => %(seconds)s),
            expires_at = expires_at - make_interval(secs => %(seconds)s)
          where player_id = %(id)s
        )
        update game.players
        set stamina_anchor = stamina_anchor - make_interval(secs => %(seconds)s)
        where user_id = %(id)s
        """,
        {"id": player_id(client), "seconds": seconds},
    )


def buy(client: Client, item_id: str, currency: str = "gold") -> int:
    """Buys something; the id of the item or the pet."""
    answered = client.post("/api/shop/purchase", {"item_id": item_id, "currency": currency})
    assert answered.status == 200, answered.text
    return int(answered.json["item_id"])


class Fixed:
    """A source of draws that are known, the last one again and again."""

    def __init__(self, *draws: int) -> None:
        self.draws = list(draws)

    def getrandbits(self, k: int, /) -> int:
        return self.draws.pop(0) if len(self.draws) > 1 else self.draws[0]


@contextmanager
def drawing(*draws: int) -> Iterator[None]:
    """Puts known draws in the place of chance."""
    before, chance.source = chance.source, Fixed(*draws)
    try:
        yield
    finally:
        chance.source = before


def at_once(count: int, call: Callable[[int], Answered]) -> list[Answered]:
    """The answers to calls that begin at the same moment, each in a thread."""
    return in_threads(count, call)


def in_threads(count: int, call: Callable[[int], T]) -> list[T]:
    """What calls return that begin at the same moment, each in a thread."""
    start = Barrier(count)

    def one(number: int) -> T:
        start.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
