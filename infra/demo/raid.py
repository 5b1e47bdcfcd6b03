"""An evening of the web game: six players and a dragon."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from infra.demo.raider import Grant, Raider, make_password
from infra.demo.roles import lend_role
from infra.demo.service import DemoError, Service
from infra.demo.tables import format_table

NAMES = ("Mira_demo", "Otto_demo", "Rita_demo", "Ada_demo", "Piet_demo", "Noor_demo")
OPERATOR = "Operator_demo"
SECONDS = 90.0  # after which the evening is over, whoever stands
_PAUSE = 2.0  # where everybody is out of breath
_REASON = "an evening of the demo"
Row = dict[str, Any]


@dataclass
class Raid:
    """Six players against one dragon; counts what they did to it."""

    url: str
    secret: str  # of which passwords are made
    out: Callable[[str], object]
    seconds: float = SECONDS
    battle: Row = field(default_factory=dict)
    raiders: list[Raider] = field(default_factory=list)
    loot: dict[str, Row] = field(default_factory=dict)

    def play(self, grant: Grant) -> None:
        """The evening: enter, equip, join, strike until the dragon falls, claim."""
        with ExitStack() as open_ones:
            for name in NAMES:
                service = Service(self.url, "", "Authorization")
                open_ones.callback(service.close)
                self.raiders.append(Raider(name, service))
            for one in self.raiders:
                one.enter(make_password(self.secret, one.name))
                one.prepare(grant)
            self.battle = self._find()
            for one in self.raiders:
                one.join(self.battle["id"])
            self._fight()
            self.loot = {one.name: one.claim(self.battle["id"]) for one in self.raiders}

    def _find(self) -> Row:
        """The raid that an evening before did not end, else one that waits."""
        first = self.raiders[0].service
        mine = first.get("/api/battles/history/me", limit=100)
        begun = {one["battle_id"] for one in mine if one["status"] == "in_progress"}
        raids = first.get("/api/battles/boss-raids/available")
        for one in sorted(raids, key=lambda raid: raid["id"] not in begun):
            if one["id"] in begun or one["status"] == "waiting":
                found: Row = first.get(f"/api/battles/{one['id']}")
                return found
        raise DemoError("No raid waits for players: another evening fills them. Try again.")

    def _fight(self) -> None:
        """Blow by blow, in turns; a line at each quarter of what the dragon has."""
        [dragon] = self.battle["enemies"]
        self.out(
            f"{dragon['name']} has {dragon['hp_current']:,} of {dragon['hp_max']:,} hit points"
        )
        quarters = _count_quarters(dragon)
        deadline = time.monotonic() + self.seconds
        while dragon["hp_current"] and time.monotonic() < deadline:
            struck_once = False
            for one in self.raiders:
                struck = one.strike(self.battle["id"], dragon["id"])
                if struck is None:
                    continue
                struck_once = True
                dragon["hp_current"] = struck["enemy_hp_remaining"]
                if 0 < _count_quarters(dragon) < quarters:
                    quarters = _count_quarters(dragon)
                    self.out(f"{one.name} strikes: {dragon['hp_current']:,} left")
                if not dragon["hp_current"]:
                    break
            if not struck_once:
                time.sleep(min(_PAUSE, max(deadline - time.monotonic(), 0)))

    def describe(self) -> str:
        """What became of it, in sentences."""
        blows = sum(one.blows for one in self.raiders)
        left = self.battle["enemies"][0]["hp_current"]
        if not left:
            return f"The dragon fell after {blows} blows of this evening."
        return f"The evening is over after {blows} blows, and the dragon has {left:,} left."

    def build_tables(self) -> Iterator[str]:
        """Who did what, and what came of it."""
        did = ("damage", "blows", "criticals", "share", "gold", "xp", "items", "name")
        yield format_table(self.battle["name"], did, map(self._row, self.raiders))
        with closing(Service(self.url, "", "Authorization")) as anybody:
            best = anybody.get("/api/highscores")["by_level"][:8]
        columns = ("rank", "level", "exp", "gold", "total_attack", "item_score", "username")
        yield format_table("Highscores", columns, best)

    def _row(self, one: Raider) -> Row:
        got = self.loot[one.name]
        items = ", ".join(item["name"] for item in got.get("items", []))
        return {
            "name": one.name,
            "damage": one.damage,
            "blows": one.blows,
            "criticals": one.criticals,
            "share": got.get("contribution_percent"),
            "gold": got.get("gold"),
            "xp": got.get("xp"),
            "items": items or "-",
        }


def _count_quarters(dragon: Row) -> int:
    """In how many quarters of its hit points it is still."""
    return int(-(-4 * dragon["hp_current"] // dragon["hp_max"]))


@contextmanager
def hire_operator(url: str, secret: str) -> Iterator[Service]:
    """Somebody who may give: who has ADMIN_TOKEN, else an account of the checkout's own stack.

    That one is an admin only as long as the evening lasts.
    """
    token = os.environ.get("ADMIN_TOKEN")
    operator = Raider(OPERATOR, Service(url, token or "", "Authorization"))
    try:
        if token:
            yield operator.service
            return
        operator.enter(make_password(secret, OPERATOR))
        with lend_role(OPERATOR, "admin"):
            yield operator.service
    finally:
        operator.service.close()


def make_grant(operator: Service) -> Grant:
    """What an operator gives, with a reason in the ledger and in the audit trail."""

    def grant(player_id: int, given: Row) -> None:
        body = {name: amount for name, amount in given.items() if amount}
        key = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
        path = f"/api/admin/players/{player_id}/grant"
        operator.post(path, {**body, "reason": _REASON}, key)

    return grant


def build_economy(operator: Service) -> Iterator[str]:
    """The economy as operators see it: today's flows, and drops against their chance."""
    found = operator.get("/api/admin/economy", days=1)
    causes = [
        {"kind": flow["kind"], **cause} for flow in found["flows"] for cause in flow["causes"]
    ]
    moved = ("movements", "made", "destroyed", "kind", "cause")
    yield format_table("Economy of today", moved, causes)
    dropped = ("stated_percent", "drawn_percent", "offered", "drawn", "difficulty")
    yield format_table("Drops of today", dropped, found["drops"])


def main(url: str, secret: str) -> None:
    """Plays the evening and prints it."""
    raid = Raid(url, secret, lambda text: print(text, flush=True))
    with hire_operator(url, secret) as operator:
        raid.play(make_grant(operator))
        print(raid.describe())
        for text in (*raid.build_tables(), *build_economy(operator)):
            print(f"\n{text}")
    number = raid.battle["id"]
    sys.stdout.write(
        f"\nTo look at: {url}/api/battles/{number}, with a player's token its "
        f"/api/battles/{number}/logs, and {url}/api/highscores. Run it again for another dragon.\n"
    )
