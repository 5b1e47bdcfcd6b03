"""Battles: game.md 3.5 and joining of 3.6."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from functions.shared import db
from tests.support.battles import (
    claim,
    enemies,
    events,
    fighters,
    join,
    make_battle,
    make_raid,
    strike,
    win,
)
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import at_once, change, export, make_player, player_id


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


def refused(answered: Any, detail: str, status: int = 400) -> None:
    assert (answered.status, answered.json) == (status, {"detail": detail})


# --- reading ---


def test_a_battle_shows_enemies_and_players(mira: Client) -> None:
    battle = make_battle()
    other = make_player("Other")
    for client in (other, mira):
        join(client, battle)
    found = mira.get(f"/api/battles/{battle}").json
    assert (found["status"], found["current_players"]) == ("in_progress", 2)
    assert [one["username"] for one in found["participants"]] == ["Other", "Mira_K"]
    assert found["participants"][1] | {"id": 0} == {
        "id": 0,
        "player_id": player_id(mira),
        "username": "Mira_K",
        "level": 1,
        "total_damage_dealt": 0,
        "is_dead": False,
    }
    assert found["enemies"][0].keys() == {
        *("id", "name", "type", "level", "icon", "hp_current", "hp_max", "attack", "defense"),
        "is_defeated",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/battles/{}"),
        ("GET", "/api/battles/{}/logs"),
        ("POST", "/api/battles/join/{}"),
        ("POST", "/api/battles/{}/attack"),
        ("POST", "/api/battles/attack/{}"),
        ("POST", "/api/battles/{}/claim-loot"),
        ("POST", "/api/battles/claim-loot/{}"),
        ("POST", "/api/battles/{}/resurrect"),
        ("POST", "/battles/{}/resurrect"),
    ],
)
def test_unknown_battles_are_404_and_words_422(mira: Client, method: str, path: str) -> None:
    body = '{"enemy_id": 1}' if method == "POST" else None
    refused(mira.call(method, path.format(10**9), body), "Battle not found", 404)
    answered = mira.call(method, path.format("x1"), body)
    assert answered.status == 422
    assert answered.json["detail"][0]["type"]


@pytest.mark.parametrize("path", ["/api/battles/create", "/api/battles/boss-raids/create"])
def test_nobody_makes_battles_over_http(mira: Client, path: str) -> None:
    refused(mira.post(path, {"difficulty": "easy"}), "Not Found", 404)
    refused(Client().post(path), "Not Found", 404)


def test_the_history_is_newest_first_and_clamped(mira: Client) -> None:
    made = [make_battle() for _ in range(3)]
    for battle in made:
        join(mira, battle)
    for path in ("/api/battles/history/me", "/api/battles/history"):
        found = mira.get(path).json
        assert [one["battle_id"] for one in found] == made[::-1]
        assert [one["battle_id"] for one in mira.get(f"{path}?limit=0").json] == made[2:]
        assert len(mira.get(f"{path}?limit=x").json) == 3
    assert found[0] | {"id": 0, "joined_at": ""} == {
        "id": 0,
        "player_id": player_id(mira),
        "total_damage_dealt": 0,
        "attacks_count": 0,
        "has_claimed_loot": False,
        "joined_at": "",
        "battle_id": made[2],
        "battle_name": "Easy Battle - Wave 1",
        "status": "in_progress",
        "rewards": None,
        "claimed_at": None,
    }
    assert make_player("Other").get("/api/battles/history/me").json == []


def test_logs_tell_blows_and_defeats_oldest_first(mira: Client) -> None:
    battle = make_battle()
    goblin, *_ = fighters(mira, battle)
    db.query("update game.battle_enemies set hp_current = 1")
    strike(mira, battle, goblin)
    found = mira.get(f"/api/battles/{battle}/logs").json
    assert (found["battle_id"], found["count"]) == (battle, 2)
    blow, defeat = found["logs"]
    assert (blow["type"], defeat["type"]) == ("attack", "enemy_defeated")
    assert blow["id"] < defeat["id"]
    assert (blow["userId"], blow["username"], blow["player_name"]) == (
        player_id(mira),
        "Mira_K",
        "Mira_K",
    )
    assert (blow["enemy_id"], blow["enemy_hp_remaining"]) == (goblin, 0)
    assert blow["enemy_name"] in blow["message"]
    assert "Mira_K" in defeat["message"]
    last = mira.get(f"/api/battles/{battle}/logs?limit=1").json
    assert last["logs"] == [defeat]
    assert mira.get(f"/api/battles/{battle}/logs?limit=1&offset=1").json["logs"] == [blow]
    assert mira.get(f"/api/battles/{battle}/logs?limit=9999").json["count"] == 2


def test_the_log_never_tells_that_a_battle_is_over(mira: Client) -> None:
    battle = make_battle()
    win(mira, battle)
    kinds = {one["type"] for one in mira.get(f"/api/battles/{battle}/logs").json["logs"]}
    assert kinds == {"attack", "enemy_defeated"}


def test_the_taverns_history_is_oldest_first(mira: Client) -> None:
    assert mira.get("/api/chat/history").json == []
    for text in ("one", "two", "three"):
        db.query(
            "insert into game.chat_messages (user_id, username, text) values (7, 'Ada', %s)",
            (text,),
        )
    db.query("update game.chat_messages set deleted_at = now() where text = 'two'")
    found = mira.get("/api/chat/history?limit=2").json
    assert [one["text"] for one in found] == ["one", "three"]
    assert found[0].keys() == {"id", "userId", "username", "text", "type", "timestamp"}
    for query in ("limit=0", "limit=501", "limit=x", "offset=-1"):
        assert mira.get(f"/api/chat/history?{query}").status == 422


# --- joining ---


def test_the_first_to_join_starts_the_battle(mira: Client) -> None:
    battle = make_battle()
    answered = join(mira, battle)
    assert answered.json == {
        "success": True,
        "message": "Joined battle successfully",
        "battle_id": battle,
        "participant_id": answered.json["participant_id"],
    }
    assert events(battle) == [
        (
            "player_joined_battle",
            {
                "player_name": "Mira_K",
                "username": "Mira_K",
                "player_level": 1,
                "participant_id": answered.json["participant_id"],
                "battle_status": "in_progress",
            },
        )
    ]


def test_a_member_is_let_in_again_whatever_has_changed(mira: Client) -> None:
    raid = make_raid()
    change(mira, level=10, stamina=50)
    first = join(mira, raid)
    change(mira, level=1, stamina=0)
    db.query("update game.battles set max_players = 1")
    again = join(mira, raid)
    assert again.json == first.json | {"message": "Rejoined battle successfully"}
    assert mira.get("/api/player/me").json["stamina"] == 0
    assert len(events(raid)) == 1


def test_joining_is_refused_in_this_order(mira: Client) -> None:
    raid = make_raid()
    change(mira, stamina=19)
    db.query("update game.battles set max_players = 1, current_players = 1")
    db.query("update game.battles set status = 'completed', ended_at = now()")
    refused(join(mira, raid), "Battle is already completed")
    db.query("update game.battles set status = 'abandoned'")
    refused(join(mira, raid), "Battle has been abandoned")
    db.query("update game.battles set status = 'waiting', ended_at = null")
    refused(join(mira, raid), "Requires level 10")
    change(mira, level=10)
    refused(join(mira, raid), "Not enough stamina (need 20, have 19)")
    change(mira, stamina=20)
    refused(join(mira, raid), "Battle is full")
    assert mira.get("/api/player/me").json["stamina"] == 20
    assert events(raid) == []
    db.query("update game.battles set max_players = 2")
    assert join(mira, raid).status == 200
    assert mira.get("/api/player/me").json["stamina"] == 0


def test_a_join_repeated_with_its_key_is_the_same_join(mira: Client) -> None:
    battle = make_battle()
    headers = mira.headers | {"Idempotency-Key": "one click"}
    answers = [mira.post(f"/api/battles/join/{battle}", headers=headers).json for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["message"] == "Joined battle successfully"


@pytest.mark.parametrize("prefix", ["/api/battles", "/battles"])
def test_nobody_is_dead(mira: Client, prefix: str) -> None:
    battle, raid = make_battle(), make_raid()
    for query in ("", "?use_potion=true", "?use_potion=false"):
        refused(
            mira.post(f"{prefix}/{battle}/resurrect{query}"),
            "Resurrection is only available in boss raids",
        )
        refused(mira.post(f"{prefix}/{raid}/resurrect{query}"), "Not in this battle", 404)
    fighters(mira, raid, level=10)
    refused(mira.post(f"{prefix}/{raid}/resurrect?use_potion=true"), "Player is not dead")


def test_an_erased_player_leaves_sums_without_a_name(mira: Client) -> None:
    battle = make_battle()
    win(mira, battle)
    claim(mira, battle)
    other = make_player("Other")
    db.query("select game.erase_player(%s)", (player_id(mira),))
    found = other.get(f"/api/battles/{battle}").json["participants"][0]
    assert found["username"] == "Deleted player"
    assert found["total_damage_dealt"] > 0
    text = str(events(battle)) + str(other.get(f"/api/battles/{battle}/logs").json)
    assert "Mira_K" not in text
    assert "Deleted player" in text


def test_an_export_holds_the_battles(mira: Client) -> None:
    win(mira, make_battle())
    records = export(mira)["records"]
    assert records["battles"][0]["attacks_count"] == 3
    assert {one["kind"] for one in records["rolls"]} == {"critical", "damage"}
    assert [one["type"] for one in records["battle_events"]][:2] == [
        "player_joined_battle",
        "attack",
    ]


# --- at the same moment ---


@pytest.mark.commits
def test_of_thirty_players_ten_get_a_seat(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    players = [make_player(f"Player {n}") for n in range(30)]
    for one in players:
        change(one, level=10)
    raid = make_raid()
    db.query("update game.players set stamina_anchor = now()")  # making thirty took its time
    with own_connections(store, monkeypatch):
        answers = at_once(30, lambda n: join(players[n], raid))
    counted = Counter((one.status, one.json.get("detail")) for one in answers)
    assert counted == {(200, None): 10, (400, "Battle is full"): 20}
    found = players[0].get(f"/api/battles/{raid}").json
    assert (found["current_players"], len(found["participants"])) == (10, 10)
    assert len(events(raid)) == 10
    spent = [100 - one.get("/api/player/me").json["stamina"] for one in players]
    assert sorted(spent) == [0] * 20 + [20] * 10


@pytest.mark.commits
def test_one_player_who_joins_twenty_times_has_one_seat(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira = make_player()
    change(mira, level=10)
    raid = make_raid()
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda _: join(mira, raid))
    assert {one.status for one in answers} == {200}
    assert len({one.json["participant_id"] for one in answers}) == 1
    messages = Counter(one.json["message"] for one in answers)
    assert messages["Joined battle successfully"] == 1
    assert mira.get("/api/player/me").json["stamina"] == 80
    assert [kind for kind, _ in events(raid)] == ["player_joined_battle"]
    assert len(enemies(mira, raid)) == 1
