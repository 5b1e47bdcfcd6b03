"""A minute of everything at once: six players, each from several sides, over HTTP.

What they do is drawn; requests are sent again with their keys, at the same moment too. In the end
every sum agrees with every other.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.game.maintenance import maintenance
from functions.shared import db
from tests.support.battles import events
from tests.support.client import Answered
from tests.support.game import change, in_threads, player_id
from tests.support.online import Online

SECONDS = 60.0
PLAYERS = 6
THREADS = 12
ENTRIES = ("rest-1", "rest-2", "food-1", "food-2", "sword-1", "fury-2", "fury-10", "egg-fox")
KINDS = ("quick", "normal", "power", "critical", "ultimate")
VERBS = {"purchase", "egg", "hatch", "feed", "use", "wear", "allocate", "join", "attack", "claim"}
OK = (200, 201)


@dataclass
class Tally:
    """What the answers said, of all threads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    successes: Counter[str] = field(default_factory=Counter)  # by verb, repeats not counted
    damage: int = 0
    answers: dict[tuple[int, str, str], str] = field(default_factory=dict)  # of keys
    _counted: set[tuple[int, str, str, str]] = field(default_factory=set)

    def note(self, verb: str, player: int, path: str, key: str, answered: Answered) -> None:
        assert answered.status in (*OK, 400, 404, 409), f"{verb}: {answered.text}"
        with self.lock:
            if answered.status not in OK:
                return
            if key:
                first = self.answers.setdefault((player, path, key), answered.text)
                assert first == answered.text
            is_repeat = key and (player, path, key, verb) in self._counted
            self._counted.add((player, path, key, verb))
            if not is_repeat:
                self.successes[verb] += 1
                self.damage += answered.json["damage"] if verb == "attack" else 0

    def lacks(self) -> set[str]:
        """What nobody has succeeded in yet."""
        return VERBS - self.successes.keys()


class Player:
    """One side of a player, who does what chance says."""

    def __init__(self, number: int, online: Online, dice: random.Random, tally: Tally) -> None:
        self.number, self.online, self.dice, self.tally = number, online, dice, tally

    def act(self) -> None:
        verbs: tuple[Callable[[], None], ...] = (
            *(self.fight,) * 3,
            *(self.purchase,) * 2,
            *(self.hatch, self.feed, self.use, self.wear, self.egg, self.allocate, self.claim),
        )
        self.dice.choice(verbs)()

    def post(self, verb: str, path: str, body: Any = None) -> Answered:
        """Sends it; every third one with a key, of which some were sent before."""
        key = f"k{self.dice.randrange(40)}" if self.dice.random() < 0.3 else ""
        caller = self.online.with_key(key) if key else self.online
        answered = caller.post(path, body)
        self.tally.note(verb, self.number, path, key, answered)
        if key and self.dice.random() < 0.5:
            self.tally.note(verb, self.number, path, key, caller.post(path, body))
        return answered

    def pick(self, found: list[Any], otherwise: int = 1) -> Any:
        return self.dice.choice(found)["id"] if found else otherwise

    def bag(self, kind: str) -> list[Any]:
        owned: list[Any] = self.online.get("/api/inventory/").json["items"]
        return [
            one for one in owned if kind in (one["properties"] or {}) or kind == one["item_type"]
        ]

    def kennel(self, is_egg: bool) -> list[Any]:
        pets: list[Any] = self.online.get("/api/pets/").json["pets"]
        return [one for one in pets if one["is_egg"] == is_egg]

    def purchase(self) -> None:
        body = {"item_id": self.dice.choice(ENTRIES), "currency": "gold"}
        if self.dice.random() < 0.2:
            body["currency"] = "gems"
        self.post("purchase", "/api/shop/purchase", body)

    def egg(self) -> None:
        self.post("egg", "/api/pets/egg")

    def hatch(self) -> None:
        self.post("hatch", f"/api/pets/hatch/{self.pick(self.kennel(is_egg=True))}")

    def feed(self) -> None:
        pet = self.pick(self.kennel(is_egg=False))
        self.post(
            "feed", "/api/pets/feed", {"pet_id": pet, "xp_amount": self.dice.choice((10, 60))}
        )

    def use(self) -> None:
        self.post("use", f"/api/inventory/use-potion/{self.pick(self.bag('potion_type'))}")

    def wear(self) -> None:
        place = {"set_type": self.dice.choice(("attack", "defense"))}
        self.post("wear", f"/api/inventory/equip/{self.pick(self.bag('weapon'))}", place)
        self.post("wear", f"/api/pets/equip/{self.pick(self.kennel(is_egg=False))}", place)

    def allocate(self) -> None:
        self.post("allocate", "/api/player/allocate-stats", {"attack": 1, "max_stamina": 1})

    def fight(self) -> None:
        kind = self.dice.choice(("available", "boss-raids/available"))
        battle = self.pick(self.online.get(f"/api/battles/{kind}").json)
        self.post("join", f"/api/battles/join/{battle}")
        for _ in range(self.dice.randrange(1, 5)):
            blow = {"attack_type": self.dice.choice(KINDS)}
            self.post("attack", f"/api/battles/attack/{battle}", blow)

    def claim(self) -> None:
        past = self.online.get("/api/battles/history/me?limit=20").json
        won = [one for one in past if one["status"] == "completed"] or past
        battle = self.dice.choice(won)["battle_id"] if won else 1
        self.post("claim", f"/api/battles/{battle}/claim-loot")


@pytest.fixture
def players(new_player: Callable[[str], Online]) -> list[Online]:
    made = [new_player("Econ") for _ in range(PLAYERS)]
    for one in made:
        change(
            one, gold=20_000, gems=300, level=10, xp=1675, stamina_max=900, stamina=900,
            unspent_stat_points=40,
        )  # fmt: skip
    db.query("update game.players set base_attack = 60 where user_id = any(%s)", (ids_of(made),))
    return made


def ids_of(players: list[Online]) -> list[int]:
    return [player_id(one) for one in players]


def fetch(statement: str, ids: list[int]) -> Any:
    return db.fetch_value(statement, {"ids": ids})  # type: ignore[arg-type]


def test_a_minute_of_everything(players: list[Online]) -> None:
    ids = ids_of(players)
    tally, end = Tally(), time.monotonic() + SECONDS
    ledger_before = db.fetch_value("select max(id) from game.ledger")

    def run(thread: int) -> int:
        number = thread % PLAYERS
        one = Player(number, players[number], random.Random(thread), tally)
        actions = 0
        while (now := time.monotonic()) < end or (now < end + 2 * SECONDS and tally.lacks()):
            one.act()
            actions += 1
        return actions

    assert min(in_threads(THREADS, run)) > 0
    assert tally.lacks() == set()
    for kind in ("available", "boss-raids/available"):  # who looks for battles fills the pool
        assert players[0].get(f"/api/battles/{kind}").status == 200
    check_money(ids, ledger_before)
    check_things(ids, tally)
    check_battles(ids, tally)


def check_money(ids: list[int], ledger_before: int) -> None:
    """Created − destroyed = held, and each movement has its cause."""
    assert maintenance.check(db.connection()) == {}
    for kind, column, cost in (("gold", "gold", "cost_gold"), ("gem", "gems", "cost_gems")):
        [row] = db.query(
            f"""
            select
              (select sum(amount) filter (where amount > 0) from game.ledger
               where player_id = any(%(ids)s) and kind = %(kind)s) as created,
              (select coalesce(-sum(amount) filter (where amount < 0), 0) from game.ledger
               where player_id = any(%(ids)s) and kind = %(kind)s) as destroyed,
              (select sum({column}) from game.players where user_id = any(%(ids)s)) as held,
              (select coalesce(-sum(amount), 0) from game.ledger
               where player_id = any(%(ids)s) and kind = %(kind)s
                 and cause in ('purchase', 'egg')) as paid,
              (select coalesce(sum({cost}), 0) from game.purchases
               where player_id = any(%(ids)s)) as bought
            """,  # type: ignore[arg-type]
            {"ids": ids, "kind": kind},
        )
        assert row["created"] - row["destroyed"] == row["held"]
        assert row["paid"] == row["bought"]
    claimed = fetch(
        """
        select coalesce(sum((rewards -> 'gold')::bigint), 0)
        from game.participants
        where player_id = any(%(ids)s)
        """,
        ids,
    )
    entered = "coalesce(sum(amount), 0) from game.ledger where player_id = any(%(ids)s)"
    assert fetch(f"select {entered} and cause = 'claim'", ids) == claimed
    causes = db.query(
        "select distinct cause from game.ledger where player_id = any(%s) and id > %s",
        (ids, ledger_before),
    )
    assert {row["cause"] for row in causes} <= {"purchase", "egg", "claim"}
    chain = """
        select count(*)
        from (
          select balance_after - amount <> lag(balance_after, 1, 0::bigint)
              over (partition by player_id, kind order by id) as is_odd
          from game.ledger
          where player_id = any(%(ids)s)
        ) as l
        where is_odd
    """
    assert fetch(chain, ids) == 0


def check_things(ids: list[int], tally: Tally) -> None:
    """What was bought and not used up is there, and experience is what claims gave."""
    bought = Counter(
        row["item_type"]
        for row in db.query(
            "select item_type from game.purchases where player_id = any(%s)", (ids,)
        )
    )
    assert bought.total() == tally.successes["purchase"] + tally.successes["egg"]
    assert (
        fetch("select count(*) from game.pets where player_id = any(%(ids)s)", ids)
        == (bought["EGG"])
    )
    hatched = "select count(*) from game.pets where player_id = any(%(ids)s) and not is_egg"
    assert fetch(hatched, ids) == tally.successes["hatch"]
    potions = """
        select coalesce(sum(quantity), 0)
        from game.items
        where player_id = any(%(ids)s)
          and properties ? 'potion_type'
    """
    assert fetch(potions, ids) == bought["CONSUMABLE"] - tally.successes["use"]
    weapons = """
        select count(*)
        from game.items
        where player_id = any(%(ids)s)
          and item_type <> 'consumable'
          and catalogue_id is not null
    """
    assert fetch(weapons, ids) == bought["WEAPON"]
    drops = """
        select coalesce(sum(jsonb_array_length(rewards -> 'items')), 0)
        from game.participants
        where player_id = any(%(ids)s)
    """
    looted = (
        "select count(*) from game.items where player_id = any(%(ids)s) and properties ? 'source'"
    )
    assert fetch(drops, ids) == fetch(looted, ids)
    gained = """
        select 1675 * cardinality(%(ids)s::bigint[]) + coalesce(sum((rewards -> 'xp')::bigint), 0)
        from game.participants
        where player_id = any(%(ids)s)
    """
    assert fetch("select sum(xp) from game.players where user_id = any(%(ids)s)", ids) == (
        fetch(gained, ids)
    )
    claims = "select count(claimed_at) from game.participants where player_id = any(%(ids)s)"
    assert fetch(claims, ids) == tally.successes["claim"]


def check_battles(ids: list[int], tally: Tally) -> None:
    """Σ damage is the same in answers, seats, rolls and events; the pool has its 3 + 1."""
    dealt = "select sum(total_damage_dealt) from game.participants where player_id = any(%(ids)s)"
    rolled = """
        select sum(result::bigint)
        from game.rolls
        where player_id = any(%(ids)s)
          and kind = 'damage'
    """
    assert fetch(dealt, ids) == fetch(rolled, ids) == tally.damage
    seen: Counter[str] = Counter()
    damage = 0
    fought = "select distinct battle_id from game.participants where player_id = any(%s)"
    battles = [row["battle_id"] for row in db.query(fought, (ids,))]
    named = "select array_agg(username) from game.players where user_id = any(%(ids)s)"
    names = fetch(named, ids)
    for battle in battles:
        for kind, payload in events(battle):
            # Others may have struck and claimed in a battle of the pool before.
            if kind not in ("attack", "loot_claimed") or payload["player_name"] in names:
                seen[kind] += 1
                damage += payload["damage"] if kind == "attack" else 0
    assert damage == tally.damage
    assert seen["attack"] == tally.successes["attack"]
    assert seen["loot_claimed"] == tally.successes["claim"]
    completed = "select count(*) from game.battles where id = any(%(ids)s) and status = 'completed'"
    assert seen["battle_completed"] == fetch(completed, battles)
    fallen = """
        select count(*)
        from game.battle_enemies
        where battle_id = any(%(ids)s)
          and hp_current = 0
    """
    assert seen["enemy_defeated"] == fetch(fallen, battles)
    seats = """
        select count(*)
        from game.battles as b
        where b.id = any(%(ids)s)
          and b.current_players <> (
            select count(*)
            from game.participants as t
            where t.battle_id = b.id
          )
    """
    assert fetch(seats, battles) == 0
    waiting = "select array_agg(pool_place order by pool_place) from game.battles"
    assert db.fetch_value(f"{waiting} where status = 'waiting'") == [  # type: ignore[arg-type]
        "easy",
        "hard",
        "medium",
        "raid",
    ]
