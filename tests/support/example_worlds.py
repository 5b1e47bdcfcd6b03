"""Stores in which the reference's examples succeed, one a domain, and what their ids are there."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions.game import chat
from functions.game.calls import make_call
from functions.shared import auth, db
from functions.site import console
from infra.request_examples import load_examples
from tests.support import battles, game, reference, tracker
from tests.support.accounts import bearer, make_user
from tests.support.armies import make_army
from tests.support.client import Client
from tests.support.cups import Cup, make_cup
from tests.support.logs.panel import TODAY, connect, make_server, say, send
from tests.support.server import API_KEY
from tests.support.tracker_battles import Duel, act, make_duel
from tests.support.ttt.example import FIRST, SECOND

ANA, BO = "STEAM_0:1:101", "STEAM_0:1:102"
SERVER, NOTE = "srv_0a1b2c3d4e5f", "4f3f2f1f-0000-4000-8000-000000000001"


@dataclass
class World:
    """Who sends the example, and what the store has in place of the example's ids."""

    client: Client
    names: dict[Any, Any] = field(default_factory=dict)


def make(request: pytest.FixtureRequest, route: str, operation: dict[str, Any]) -> World:
    """The store for a route's example."""
    request.getfixturevalue("store")
    request.getfixturevalue("tracker_keys")
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    [domain] = operation["tags"]
    makers: dict[str, Callable[[], World]] = {
        "accounts": lambda: _accounts(route, patch),
        "game": lambda: _game(route),
        "logs": lambda: _logs(route),
        "tracker": lambda: _tracker(route),
        "ttt": lambda: _ttt(operation),
    }
    return makers.get(domain, lambda: _other(operation))()


def _keys(operation: dict[str, Any]) -> Client:
    is_plain = reference.scopes(operation) <= {"ttt:write", "tilt:read", "tilt:write"}
    if is_plain:
        return Client({"X-Api-Key": API_KEY})
    scopes = sorted(reference.scopes(operation) - {"tracker"})
    return Client({"Authorization": f"Bearer {auth.issue('ada', scopes)}"})


def _other(operation: dict[str, Any]) -> World:
    if "live" in operation["tags"]:
        return World(game.make_operator())
    return World(_keys(operation), {"0a1b2c3d4e5f6071": console.get_version()})


def _ttt(operation: dict[str, Any]) -> World:
    client = _keys(operation)
    for body in (FIRST, SECOND):
        headers = {"X-Api-Key": API_KEY}
        assert client.post("/api/collect", body, headers=headers).status == 201
    return World(client)


def _logs(route: str) -> World:
    server = make_server(SERVER)
    send(server, connect(ANA, "203.0.113.9"), say("Ana: hello", who=ANA))
    staff = Client({"Authorization": f"Bearer {auth.issue('ada', ['admin'])}"})
    note = staff.post(f"/api/players/{ANA}/notes", {"content": "Warned"}).json["id"]
    allowed = staff.post("/api/suspicious/allow", {"steamIds": [ANA, BO], "reason": "Brothers"})
    if route == "POST /api/suspicious/allow":
        staff.delete(f"/api/suspicious/allow/{allowed.json['id']}")
    [log] = staff.get("/api/logs?type=CHAT").json
    sends = route in ("POST /api/ingest/logs", "POST /api/servers/heartbeat")
    names = {"019cafd5-c400-8000-8000-000000000002": log["id"], NOTE: note}
    names |= {"4f3f2f1f-0000-4000-8000-000000000002": allowed.json["id"]}
    names["2026-01-01"] = f"{TODAY - timedelta(days=2)}"  # what is much older is not kept
    return World(server if sends else staff, names)


def _accounts(route: str, patch: pytest.MonkeyPatch) -> World:
    ada, otto = make_user("Ada", "admin"), make_user("Otto")
    key = auth.issue("bot", ["tilt:read"]).split("_")[1]
    names = {"7": str(otto["id"]), "0a1b2c3d": key}
    path = route.partition(" ")[2]
    if path.startswith("/v1/"):
        session = tracker.open_session()
        names["token-to-refresh-by"] = session["refresh_token"]
        return World(tracker.bearer(session), names)
    if path.endswith("/password/reset"):
        patch.setattr(secrets, "token_urlsafe", lambda _: "token-of-the-mail")
        Client().post("/api/auth/password/forgot", {"email": otto["email"]})
    if path.startswith("/api/player/"):
        return World(bearer(otto), names)
    return World(bearer(ada, "panel"), names)


def _game(route: str) -> World:
    mira = game.make_operator("Mira_K")
    game.change(mira, gold=10_000, gems=50, unspent_stat_points=4, stamina=60)
    names: dict[Any, Any] = {"7": str(game.player_id(mira))}
    if re.search("/(?:inventory|pets)/(?!starter)", route):
        names |= _belongings(mira)
    if "battles" in route:
        open_one, fought, won = (battles.make_battle() for _ in range(3))
        enemy = battles.fighters(mira, fought)[0]
        names |= {"41": str(open_one), "42": str(fought), "43": str(won), 421: enemy}
        if "claim" in route:
            battles.win(mira, won)
    if "/chat/" in route:
        otto = game.make_player("Otto")
        call = make_call(game.player_id(otto), 0)
        names["501"] = str(chat.post_message(call, chat.TAVERN, "rude")["payload"]["id"])
    return World(mira, names)


def _belongings(mira: Client) -> dict[Any, Any]:
    """A sword, which is worn, a potion, food, a pet, which is carried along, and an egg."""
    bought = [game.buy(mira, name) for name in ("sword-1", "fury-2", "food-1")]
    pet, egg = game.buy(mira, "egg-fox"), game.buy(mira, "egg-fox")
    hatched = mira.post("/api/pets/hatch", {"pet_id": pet, "name": "Fox"})
    assert hatched.status == 200, hatched.text
    worn = {"item_id": bought[0], "slot": "weapon", "set_type": "attack"}
    assert mira.post("/api/inventory/equip", worn).status == 200
    place = {"pet_id": pet, "slot": 1, "set_type": "attack"}
    assert mira.post("/api/pets/equip", place).status == 200
    numbers = dict(zip((101, 102, 103, 201, 202), (*bought, pet, egg), strict=True))
    return {**numbers, **{str(key): str(value) for key, value in numbers.items()}}


def _tracker(route: str) -> World:
    if "/v1/tournaments" in route:
        return _tournament(route)
    duel = make_duel()
    db.query("update accounts.users set role = 'admin' where username = 'mira'")
    first, second = duel.make(), duel.make()
    started = act(duel.mira, second, "start", first_player_id=duel.mira_id)
    assert started.status == 200, started.text
    return World(duel.mira, _duel_names(duel, first["id"], second["id"]))


def _duel_names(duel: Duel, first: str, second: str) -> dict[Any, Any]:
    spare = make_army(duel.mira)["id"]
    return {
        **{"usr_0000000A": duel.mira_id, "usr_0000000B": duel.nils_id},
        **{"army_0000000A": duel.armies[0], "army_0000000B": duel.armies[1]},
        **{"army_0000000F": spare, "btl_0000000A": first, "btl_0000000B": second},
    }


def _tournament(route: str) -> World:
    """A is in its first round, of which nothing is played; B is open; C is a draft; D has played a
    round, after which somebody left."""
    names: dict[Any, Any] = {}
    asked = str(load_examples().get(route))
    if "trn_0000000B" in asked:
        cup = _open(names)
    elif "trn_0000000C" in asked:
        cup = make_cup(status="draft")
        names["trn_0000000C"] = cup.id
    elif "trn_0000000D" in asked:
        cup = make_cup(4)
        cup.play_round()
        cup.win_by_seed()
        names["trn_0000000D"] = cup.id
        if "reinstate" in route:
            cup.drop("D")
            names["usr_0000000D"] = cup.ids["D"]
    else:
        cup = make_cup(2)
        cup.pair()
        names |= {"usr_0000000A": cup.ids["A"], "usr_0000000B": cup.ids["B"]}
        names["trn_0000000A"] = cup.id
        names["btl_0000000C"] = cup.find_battle("A-B")["battle_id"]
    if route.endswith("/register"):
        letter = "A" if route.startswith("DELETE") else "E"
        return World(cup.players[letter], names)
    return World(cup.organiser, names)


def _open(names: dict[Any, Any]) -> Cup:
    cup = make_cup(max_participants=8)
    for letter in "AB":
        cup.add(letter)
    for letter in "CE":
        cup.recruit(letter)
        names |= {f"usr_0000000{letter}": cup.ids[letter]}
        names |= {f"army_0000000{letter}": cup.armies[letter]}
    names["trn_0000000B"] = cup.id
    return cup


def put_names(value: Any, names: dict[Any, Any]) -> Any:
    """A value of an example with what the store really has in place of its ids."""
    if isinstance(value, dict):
        return {names.get(key, key): put_names(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [put_names(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str | int) else value
