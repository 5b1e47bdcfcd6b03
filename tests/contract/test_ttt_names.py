"""`POST /api/player/update`, names and bots."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.queues import Mapping, Queues
from tests.support.ttt.contract import (
    ROUND,
    collect,
    count,
    read,
)
from tests.support.ttt.example import A

Away = Callable[[], None]


def test_the_first_name_is_201_and_each_later_one_200(client: Client) -> None:
    sent = {"steam_id": A, "display_name": "Ana"}
    first = client.post("/api/player/update", sent)
    assert (first.status, first.json) == (201, {"message": "Player created successfully"})
    for name in ("Ana", "Ana ☾"):
        again = client.post("/api/player/update", {**sent, "display_name": name})
        assert (again.status, again.json) == (200, {"message": "Player updated successfully"})


def test_somebody_known_only_from_rounds_is_still_created(client: Client) -> None:
    collect(client)
    sent = {"steam_id": "STEAM_0:1:1", "display_name": "Ana"}
    assert client.post("/api/player/update", sent).status == 201


@pytest.mark.parametrize("body", ["", "{", '{"steam_id":"s","display_name":NaN,}', "steam_id=s"])
def test_a_name_that_is_no_json_is_refused(client: Client, body: str) -> None:
    answered = client.post("/api/player/update", body)
    assert (answered.status, answered.json["error"]) == (400, "Invalid JSON")


@pytest.mark.parametrize(
    "changed",
    [{}, {"steam_id": None}, {"steam_id": ""}, {"display_name": None}, {"display_name": ""}],
)
def test_a_name_without_either_part_is_refused(client: Client, changed: dict[str, Any]) -> None:
    body = {"steam_id": A, "display_name": "Ana", **changed} if changed else {}
    answered = client.post("/api/player/update", body)
    assert (answered.status, answered.json) == (
        400,
        {"error": "Missing steam_id or display_name"},
    )


@pytest.mark.parametrize(
    "changed", [{"steam_id": 7}, {"steam_id": "s" * 65}, {"display_name": 7}, {"display_name": [1]}]
)
def test_a_name_of_another_type_is_refused(client: Client, changed: dict[str, Any]) -> None:
    answered = client.post("/api/player/update", {"steam_id": A, "display_name": "Ana", **changed})
    [field] = changed
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}")
    assert "pydantic" not in answered.text


# SteamIDs that several people share, as all bots share BOT.
PSEUDO = ("BOT", "STEAM_0:0:0", "STEAM_ID_LAN", "STEAM_ID_PENDING", "UNKNOWN", "NULL")


@pytest.mark.parametrize("steam_id", PSEUDO)
def test_a_bot_is_answered_but_never_stored(client: Client, steam_id: str) -> None:
    for name in ("Bot01", "Bot02"):
        sent = {"steam_id": steam_id, "display_name": name}
        assert client.post("/api/player/update", sent).status in (200, 201)
    assert count("ttt.names") == 0


@pytest.mark.parametrize("steam_id", PSEUDO)
def test_whoever_shares_a_steam_id_counts_as_a_bot(client: Client, steam_id: str) -> None:
    """Regression: who was not authenticated yet killed himself, was a duo, and led the tables."""
    assert db.query("select ttt.is_pseudo(%s) as is_pseudo", (steam_id,))[0]["is_pseudo"]
    kill = {"attacker_role": "traitor", "victim_role": "traitor", "weapon": "w", "headshot": True}
    roles = [{"player_steamid": who, "role": "traitor"} for who in (steam_id, A)]
    kills = [
        {**kill, "attacker_steamid": steam_id, "victim_steamid": steam_id},
        {**kill, "attacker_steamid": A, "victim_steamid": steam_id},
        {**kill, "attacker_steamid": steam_id, "victim_steamid": "BOT"},
    ]
    buys = [{"steam_id": steam_id, "item": "Radar"}]
    body = {**ROUND, "start_roles": roles, "end_roles": [], "kills": kills, "buys": buys}
    assert client.post("/api/collect", body).status == 201
    [one] = read(client, "players")["items"]
    assert (one["steam_id"], one["kills"], one["kills_on_bots"]) == (A, 1, 1)
    assert read(client, "duos?kind=frequent")["items"] == []
    assert read(client, "nemesis")["items"] == []
    assert read(client, "buys")["items"] == []
    assert client.get(f"/api/ttt/players/{steam_id}").status == 404
    total = read(client, "overview?include_bots=true")
    assert (total["suicides"], total["kills"], total["team_kills"]) == (0, 3, 1)
    assert read(client, f"players/{steam_id}?include_bots=true")["kills"] == 2


def test_a_long_name_is_cut_after_128_code_points(client: Client) -> None:
    client.post("/api/player/update", {"steam_id": A, "display_name": "🏴" * 200})
    assert read(client, f"players/{A}/names")["current"] == "🏴" * 128


@pytest.mark.commits
def test_a_name_queued_while_the_database_is_away_keeps_its_time(
    client: Client, store: str, queues: Queues, away: Away, setting: Callable[..., None]
) -> None:
    away()
    queued = client.post("/api/player/update", {"steam_id": A, "display_name": "Ana"})
    assert queued.status == 202
    setting(DATABASE_URL=store)
    [message] = [json.loads(body) for body in queues.bodies()]
    client.post("/api/player/update", {"steam_id": A, "display_name": "Ana ☾"})
    Mapping(queues).deliver(json.dumps(message | {"at": 1_772_500_000_123}))
    now, before = read(client, f"players/{A}/names")["items"]
    assert (now["name"], now["valid_to"]) == ("Ana ☾", None)
    assert before == {
        "name": "Ana",
        "valid_from": "2026-03-03T01:06:40.123Z",
        "valid_to": now["valid_from"],
        "last_seen": "2026-03-03T01:06:40.123Z",
    }


def test_names_of_nobody_are_none(client: Client) -> None:
    assert read(client, "players/nobody/names") == {
        "steam_id": "nobody",
        "current": None,
        "items": [],
    }
