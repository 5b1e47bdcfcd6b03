"""A simulated player: plays an hour a day, alone, through the same nouns as the routes do.

Nothing of the rules is written here: levels, damage, loot, prices and stamina are the store's. It
acts every few seconds, as often as a person clicks who also reads. Its clock is moved in the store,
so that an hour takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from functions.game import attacks, battles, inventory, loot, pets, player, potions, shop
from functions.shared import db
from functions.shared.errors import BadRequest
from functions.shared.response import Response

HOUR = 3600
STEP = 5  # seconds, of which all that passes is a multiple
GEAR = ("weapon", "gloves", "ring", "amulet", "helmet", "boots")  # what has attack
RESTORES = "rest-1"  # the potion that is drunk where stamina is out
# How hard a blow is and what it costs, cheapest first, for those who know what they do.
BLOWS: tuple[tuple[attacks.AttackType, float, int], ...] = (
    ("quick", 0.7, 5),
    ("normal", 1.0, 10),
    ("power", 1.5, 20),
    ("critical", 2.2, 35),
)


@dataclass
class Day:
    """What became of a day."""

    number: int
    level: int = 1
    xp: int = 0
    gold: int = 0
    battles: int = 0
    loot: int = 0
    potions: int = 0
    bought: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.number:3}  {self.level:5}  {self.xp:6}  {self.gold:6}  {self.battles:7}  "
            f"{self.loot:4}  {self.potions:7}  {', '.join(self.bought)}"
        )


_PLAIN: attacks.AttackType = "normal"
HEADER = "day  level      xp    gold  battles  loot  potions  bought"


@dataclass
class SimulatedPlayer:
    """Who calls as `call`, acts every `seconds`, and may drink where stamina is out."""

    call: tuple[Any, ...]
    seconds: int = STEP
    drinks: bool = True
    me: dict[str, Any] = field(init=False)
    worn: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.entries = read(shop.list_entries(self.call))
        self.me = read(player.get_me(self.call))
        read(inventory.take_starter_items(self.call))
        self.today = Day(1)

    def play_day(self, number: int) -> Day:
        """An hour, and what became of it; the rest of the day passes after it."""
        self.today = Day(number)
        self.left = HOUR // self.seconds
        self._dress()
        while self.left > 0:
            self._spend_points()
            self._shop()
            self._fight()
        self.me = read(player.get_me(self.call))
        self.today.level, self.today.xp = self.me["level"], self.me["total_exp"]
        self.today.gold = self.me["gold"]
        self._pass(23 * HOUR)
        return self.today

    def _act(self, act: Callable[[], Response]) -> Any:
        """Does something, which takes its time; the answer."""
        self.left -= 1
        self._pass(self.seconds)
        return read(act())

    def _pass(self, seconds: int) -> None:
        """Time passes for the player, in whole steps: what the machine took does not count."""
        db.query(
            """
            with boosts as (
              update game.buffs as b
              set expires_at = clock_timestamp() + make_interval(
                  secs => round(extract(epoch from b.expires_at - clock_timestamp()) / %(step)s)
                    * %(step)s - %(seconds)s
                )
              where b.player_id = %(id)s
                and b.expires_at > clock_timestamp()
            )
            update game.players as p
            set stamina_anchor = clock_timestamp() - make_interval(
                secs => round(extract(epoch from clock_timestamp() - p.stamina_anchor) / %(step)s)
                  * %(step)s + %(seconds)s
              )
            where p.user_id = %(id)s
            """,
            {"id": self.call[0], "seconds": seconds, "step": STEP},
        )

    @property
    def power(self) -> int:
        """What a blow is reckoned from; pets, which are worn too, stay at level 1."""
        worn = sum(item["attack_bonus"] for item in self.worn.values())
        return int(self.me["base_attack"]) + worn

    def _spend_points(self) -> None:
        """Two points of three go into attack, the others into stamina."""
        self.me = read(player.get_me(self.call))
        if points := self.me["unspent_stat_points"]:
            more = points // 3
            sent = player.Allocation(attack=points - more, max_stamina=more)
            self.me = self._act(lambda: player.allocate_stats(self.call, sent))["player"]

    def _shop(self) -> None:
        """Buys what gives the most attack for its gold, keeping some for potions."""
        spare = self.me["gold"] - 100
        offers = []
        for entry in (*self.entries["equipment"], *self.entries["eggs"]):
            gain = self._gain(entry)
            if gain > 0 and entry["price"] <= spare and entry["level"] <= self.me["level"]:
                offers.append((gain / entry["price"], gain, entry))
        if offers:
            # A better weapon in a while is worth more than a slightly better one now.
            _, gain, entry = max(offers, key=lambda offer: offer[:2])
            if gain >= max(3, self.power // 20):
                self._buy(entry)

    def _gain(self, entry: dict[str, Any]) -> int:
        if entry["type"] == "EGG":
            is_known = entry["pet_type"] is not None
            return int(entry["pet_stats"]["attack"]) if is_known and self.slots_left else 0
        worn = self.worn.get(self._slot(entry["type"].lower()))
        return int(entry["stats"]["attack"] - (worn["attack_bonus"] if worn else 0))

    @property
    def slots_left(self) -> int:
        return 3 - len([name for name in self.worn if name.startswith("pet")])

    def _slot(self, item_type: str) -> str:
        """Where an item goes: of two rings, where the worse one is."""
        if item_type != "ring":
            return item_type
        rings = {slot: self.worn.get(slot, {}).get("attack_bonus", 0) for slot in ("ring", "ring2")}
        return min(rings, key=lambda slot: rings[slot])

    def _buy(self, entry: dict[str, Any]) -> None:
        wanted = shop.NewPurchase(item_id=entry["id"])
        bought = self._act(lambda: shop.buy(self.call, wanted))
        self.me["gold"] = bought["gold_remaining"]
        self.today.bought.append(entry["id"])
        item_id = int(bought["item_id"])
        if entry["type"] == "EGG":
            self._act(lambda: pets.hatch(self.call, item_id, None))
            self._act(lambda: pets.equip(self.call, item_id, None, "attack"))
            self.worn[f"pet{self.slots_left}"] = {"attack_bonus": entry["pet_stats"]["attack"]}
        else:
            self._wear(item_id, entry["type"].lower(), entry["stats"]["attack"])

    def _wear(self, item_id: int, item_type: str, attack: int) -> None:
        slot: Any = self._slot(item_type)
        self._act(lambda: inventory.equip(self.call, item_id, slot, "attack"))
        self.worn[slot] = {"attack_bonus": attack}

    def _dress(self) -> None:
        """Wears what is better than what is worn, such as loot."""
        for item in read(inventory.get_inventory(self.call))["items"]:
            kind, attack = item["item_type"], item["attack_bonus"]
            worn = self.worn.get(self._slot(kind), {"attack_bonus": 0})
            fits = kind in GEAR and item["level_requirement"] <= self.me["level"]
            if fits and attack > worn["attack_bonus"]:
                self._wear(item["id"], kind, attack)

    def _fight(self) -> None:
        """The battle that earns the most for its work, to its end or that of the hour."""
        listed = self._act(lambda: battles.list_battles(self.call, "standard"))
        open_ones = [read(battles.get_battle(self.call, one["id"])) for one in listed]
        battle = max(open_ones, key=self._worth)
        self._act(lambda: battles.join(self.call, battle["id"]))
        for enemy in battle["enemies"]:
            hp = enemy["hp_current"]
            while hp > 0:
                if self.left <= 0:
                    return
                hp = self._strike(battle["id"], enemy, hp)
        claimed = self._act(lambda: loot.claim(self.call, battle["id"]))
        self.today.battles += 1
        if claimed["items"]:
            self.today.loot += 1
            self._dress()

    def _worth(self, battle: dict[str, Any]) -> float:
        """Experience an action: a battle that was begun is worth what is left of it."""
        blows = sum(
            -(-one["hp_current"] // max(self.power - one["defense"] // 2, 1))
            for one in battle["enemies"]
        )
        return float(battle["exp_reward"] / (blows + 3))

    def _strike(self, battle_id: int, enemy: dict[str, Any], hp: int) -> int:
        """A blow, the cheapest that probably kills; waits or drinks where stamina is out."""
        base = max(self.power - enemy["defense"] // 2, 1)
        kind = next((name for name, factor, _ in BLOWS if base * factor * 0.95 >= hp), _PLAIN)
        try:
            struck = self._act(lambda: attacks.attack(self.call, battle_id, enemy["id"], kind))
        except BadRequest as refused:
            if "Not enough stamina" not in refused.message:
                raise
            self._rest()
            return hp
        return int(struck["enemy_hp_remaining"])

    def _rest(self) -> None:
        """Drinks where there is gold for it, else waits."""
        if not self.drinks or self.me["gold"] < 50:
            return
        wanted = shop.NewPurchase(item_id=RESTORES)
        bought = self._act(lambda: shop.buy(self.call, wanted))
        self.me["gold"] = bought["gold_remaining"]
        self._act(lambda: potions.use(self.call, int(bought["item_id"])))
        self.today.potions += 1


def read(answered: Response) -> Any:
    return json.loads(answered.body)
