"""A player of the web game: registers, equips, and does what its front-end would ask for."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from infra.demo.service import Answer, DemoError, Service

Row = dict[str, Any]
LEVEL = 30  # of everybody in the raid, which asks for 10
_XP = 40_000  # enough for it
_GOLD = 35_000  # enough for the best of the shop at that level
_POTIONS = 1_000  # gold for those of an evening
# What is worn, the slot of each, and the type that fits.
_SLOTS = {
    **{name: name.upper() for name in ("weapon", "helmet", "armor", "boots", "gloves", "amulet")},
    "ring": "RING",
    "ring2": "RING",
}
_PETS = 3
_BOOSTS = ("STAMINA_BOOST", "ATTACK_BOOST")
_ATTACK = "ultimate"

Grant = Callable[[int, Row], None]  # gives something to a player


def make_password(secret: str, name: str) -> str:
    """The same for the same stack, and of no use at another."""
    digest = hmac.digest(secret.encode(), f"demo:{name}".encode(), hashlib.sha256)
    return digest.hex()[:32]


@dataclass
class Raider:
    """One of the six, with a connection of their own."""

    name: str
    service: Service
    id: int = 0
    blows: int = 0
    damage: int = 0
    criticals: int = 0
    _shop: list[Row] = field(default_factory=list)

    def enter(self, password: str) -> None:
        """Registers, or logs in where an evening before did."""
        email = f"{self.name.lower()}@example.com"
        who = {"email": email, "password": password}
        answer = self.service.attempt("/api/auth/register", {**who, "username": self.name})
        if answer.status != HTTPStatus.CREATED:
            answer = self.service.attempt("/api/auth/login", who)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise DemoError(f"{self.name} cannot enter the game: {_detail(answer)}")
        self.service.key = answer.body["access_token"]
        self.id = self.service.get("/api/player/me")["id"]

    def prepare(self, grant: Grant) -> None:
        """Is given what some evenings of play would have earned, and spends it in the shop."""
        me = self.service.get("/api/player/me")
        is_new = me["level"] < LEVEL
        wanted = _GOLD if is_new else _POTIONS
        given = {"xp": _XP if is_new else 0, "gold": max(wanted - me["gold"], 0)}
        if any(given.values()):
            grant(self.id, given)
        me = self.service.get("/api/player/me")
        if me["unspent_stat_points"]:
            self._post("/api/player/allocate-stats", {"attack": me["unspent_stat_points"]})
        shop = self.service.get("/api/shop/items")
        self._dress([one for one in shop["equipment"] if one["level"] <= me["level"]])
        self._tame(shop["eggs"])
        self._drink(shop["potions"])

    def _dress(self, offers: list[Row]) -> None:
        """The strongest of the shop for each slot that is empty."""
        worn = self.service.get("/api/inventory/")["attack_set"]
        for slot, kind in _SLOTS.items():
            fitting = [one for one in offers if one["type"] == kind]
            if worn[slot] is None and fitting:
                best = max(fitting, key=lambda one: (one["stats"]["attack"], one["price"]))
                item = {"item_id": self._buy(best["id"]), "slot": slot, "set_type": "attack"}
                self._post("/api/inventory/equip", item)

    def _tame(self, eggs: list[Row]) -> None:
        """Pets of the dearest species that three of are affordable, where slots are empty."""
        worn = self.service.get("/api/pets/")["attack_set"]
        for slot in range(1, _PETS + 1):
            if worn[f"pet_{slot}"] is not None:
                continue
            gold = self.service.get("/api/player/me")["gold"] // (_PETS + 1 - slot) - 500
            known = [one for one in eggs if one["pet_type"] and one["price"] <= gold]
            if not known:
                return
            egg = max(known, key=lambda one: one["pet_stats"]["attack"])
            pet = {"pet_id": self._buy(egg["id"])}
            self._post("/api/pets/hatch", {**pet, "name": egg["pet_type"].capitalize()})
            self._post("/api/pets/equip", {**pet, "slot": slot, "set_type": "attack"})

    def _drink(self, potions: list[Row]) -> None:
        """The strongest boost of each kind; one that still lasts is as good."""
        for kind in _BOOSTS:
            of_kind = [one for one in potions if one["potion_type"] == kind]
            best = max(of_kind, key=lambda one: one["effect_value"])
            self.service.attempt(f"/api/inventory/use-potion/{self._buy(best['id'])}", {})

    def join(self, battle_id: int) -> None:
        """Joins, or comes back."""
        self._post(f"/api/battles/join/{battle_id}", {})

    def strike(self, battle_id: int, enemy_id: int) -> Row | None:
        """The answer to a blow; None where stamina is out or the enemy is down."""
        sent = {"enemy_id": enemy_id, "attack_type": _ATTACK}
        answer = self.service.attempt(f"/api/battles/{battle_id}/attack", sent)
        if answer.status == HTTPStatus.BAD_REQUEST:
            return None
        struck: Row = answer.body
        self.blows += 1
        self.damage += struck["damage"]
        self.criticals += struck["is_critical"]
        return struck

    def claim(self, battle_id: int) -> Row:
        """What the loot was; a second time it is none."""
        answer = self.service.attempt(f"/api/battles/{battle_id}/claim-loot", {})
        found: Row = answer.body if answer.status == HTTPStatus.OK else {}
        return found

    def _buy(self, entry_id: str) -> int:
        sent = {"item_id": entry_id, "currency": "gold"}
        return int(self._post("/api/shop/purchase", sent)["item_id"])

    def _post(self, path: str, payload: Row) -> Row:
        answer = self.service.attempt(path, payload)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise DemoError(f"{self.name} is refused POST {path}: {_detail(answer)}")
        body: Row = answer.body
        return body


def _detail(answer: Answer) -> str:
    return str(answer.body.get("detail")) if isinstance(answer.body, dict) else "no reason"
