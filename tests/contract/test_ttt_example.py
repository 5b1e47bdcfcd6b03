"""The worked example of the TTT definitions, number by number."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.shared import db
from functions.shared.spool import Accepted
from functions.ttt import rounds
from tests.support.client import Answered, Client
from tests.support.server import API_KEY
from tests.support.ttt.contract import (
    Teller,
    read,
    rows,
    shown,
    without,
)
from tests.support.ttt.example import FIRST, NAMES, SECOND, SEED, A, B, C, D


def test_example_writes(client: Client) -> None:
    plain = {**client.headers, "Content-Type": "text/plain"}

    def post(body: dict[str, Any], url: str = "/api/collect", headers: Any = plain) -> Answered:
        return client.post(url, body, headers=headers)

    assert [post(FIRST).status, post(SECOND).status] == [201, 201]
    assert [post(FIRST).status, post(SECOND).status] == [200, 200]
    other_order = dict(reversed(FIRST.items())) | {"duration": 245}
    by_query = f"/api/collect?api_key={API_KEY}"
    assert post(other_order, by_query, {"Content-Type": "text/plain"}).status == 200
    differs = post({**FIRST, "winner": "3"})
    assert (differs.status, differs.json["differences"]) == (409, ["winner"])
    assert post({**FIRST, "winner": "traitors"}).status == 200


def test_example_stats(example: Client) -> None:
    answered = example.get("/api/stats?limit=1")
    assert answered.json == [
        {
            "id": "a0000000-0000-4000-8000-000000000002",
            "map_name": "ttt_cellar",
            "winner": "innocents",
            "duration": 180,
            "timestamp": "2026-03-03T20:10:00.000Z",
            "kills": [
                SECOND["kills"][0],
                {"attacker_steamid": None, "attacker_role": None, **SECOND["kills"][1]},
                SECOND["kills"][2],
            ],
            "players": [
                {
                    "steam_id": steam_id,
                    "role_start": begin,
                    "role_end": stop,
                    "karma_diff": karma,
                    "points_diff": points,
                }
                for steam_id, begin, stop, karma, points in (
                    (A, "innocent", "deputy", -10, -1),
                    (B, "traitor", "traitor", 5, 1),
                    (C, "innocent", "innocent", 37, 3),
                    (D, None, "innocent", None, None),
                )
            ],
            "buys": SECOND["buys"],
        }
    ]
    assert answered.headers["x-has-more"] == "true"
    assert answered.headers["x-next-offset"] == "1"
    assert answered.headers["x-total-count"] == "2"
    [first] = example.get("/api/stats?limit=1&offset=1").json
    assert first["winner"] == "traitors"
    assert rows(first["players"], "steam_id", "karma_diff", "points_diff") == [
        (A, 30, 3),
        (B, 5, 0),
        (C, -137, -8),
        ("BOT", 0, 0),
        (D, 5, -1),
    ]


def ids_of(found: dict[str, Any]) -> list[str]:
    return [one["id"] for name in ("kills", "buys", "players") for one in found[name]]


def test_example_ids(example: Client) -> None:
    paths = [f"rounds/{body['round_id']}" for body in (FIRST, SECOND)]
    before = [ids_of(read(example, path)) for path in paths]
    assert len({*before[0], *before[1]}) == 4 + 3 + 5 + 3 + 2 + 4
    example.post("/api/collect", FIRST)
    assert [ids_of(read(example, path)) for path in paths] == before
    for name in ("rounds", "players", "kills", "buys"):
        db.query(f"delete from ttt.{name}")  # type: ignore[arg-type]
    for body in (SECOND, FIRST):
        rounds.consume([Accepted({"server": "red", "round": body}, 0)])
    assert [ids_of(read(example, path)) for path in paths] == before


def test_example_overview(example: Client) -> None:
    expected = {
        "rounds": 2,
        "players": 4,
        "kills": 5,
        "deaths": 6,
        "headshots": 3,
        "team_kills": 1,
        "suicides": 1,
        "world_deaths": 1,
        "kill_rows": 7,
        "headshot_rows": 4,
        "avg_duration": 213,
        "wins": {"innocents": 1, "traitors": 1, "timelimit": 0, "other": 0},
    }
    assert expected.items() <= read(example, "overview").items()
    with_bots = expected | {"players": 5, "deaths": 7}
    assert with_bots.items() <= read(example, "overview?include_bots=true").items()


SHOWN = (
    *("steam_id", "rounds", "kills", "deaths", "kd", "headshots", "headshot_rate", "team_kills"),
    *("suicides", "world_deaths", "kills_on_bots", "wins", "wins_innocent", "wins_traitor"),
    *("win_rate", "kills_per_round", "items_bought", "karma_total", "karma_rounds", "avg_karma"),
    *("points_total", "favorite_weapon"),
)


def test_example_players(example: Client) -> None:
    items = read(example, "players")["items"]
    knife, m16, rifle = "weapon_ttt_knife", "weapon_ttt_m16", "weapon_zm_rifle"
    assert rows(items, *SHOWN) == [
        (A, 2, 3, 0, 3, 1, 33.3, 0, 0, 0, 1, 2, 1, 1, 100, 1.5, 2, 20, 2, 10, 2, knife),
        (B, 2, 1, 2, 0.5, 1, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 2, 10, 2, 5, 1, m16),
        (C, 2, 1, 2, 0.5, 1, 100, 1, 0, 0, 0, 1, 1, 0, 50, 0.5, 1, -100, 2, -50, -5, rifle),
        (D, 2, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1, 5, -1, None),
    ]
    assert rows(items, "roles") == [
        ({"traitor": 1, "innocent": 1},),
        ({"innocent": 1, "traitor": 1},),
        ({"detective": 1, "innocent": 1},),
        ({"role_7": 1, "unknown": 1},),
    ]
    assert set(rows(items, "seconds", "first_seen", "last_seen", "display_name")) == {
        (425, "2026-03-02T19:50:00.000Z", "2026-03-03T20:10:00.000Z", None)
    }
    with_bots = read(example, "players?include_bots=true")["items"]
    assert [one.pop("rank") for one in items] == [1, 2, 3, 4]
    assert [one.pop("rank") for one in with_bots] == [1, 2, 3, 4, 5]
    assert with_bots[:3] + with_bots[4:] == items
    assert read(example, f"players?search={D}")["items"] == [{**items[3], "rank": 4}]
    assert rows(with_bots, "steam_id", "rounds", "kills", "deaths")[3] == ("BOT", 1, 0, 1)


def test_example_profile(example: Client) -> None:
    found = read(example, f"players/{A}")
    [listed] = read(example, f"players?search={A}")["items"]
    assert listed.pop("rank") == 1
    assert listed.items() <= found.items()
    assert rows(found["by_role"], "role", "team", "rounds", "wins", "kills", "kd") == [
        ("innocent", "innocent", 1, 1, 0, 0),
        ("traitor", "traitor", 1, 1, 2, 2),
        ("deputy", "innocent", 0, 0, 1, 1),
    ]
    assert found["by_map"] == [
        {"map_name": name, "rounds": 1, "wins": 1, "win_rate": 100, "kills": n, "deaths": 0}
        for name, n in (("ttt_cellar", 1), ("ttt_harbor", 2))
    ]
    assert rows(found["weapons"], "weapon", "kills", "headshots", "headshot_rate") == [
        ("weapon_ttt_knife", 1, 0, 0),
        ("weapon_ttt_m16", 1, 0, 0),
        ("weapon_zm_revolver", 1, 1, 100),
    ]
    assert found["killed_by"] == []
    assert found["victims"] == [
        {"steam_id": one, "display_name": None, "kills": 1, "headshots": 0} for one in (B, C)
    ]
    assert found["activity"]["weekday"] == [0, 1, 1, 0, 0, 0, 0]
    assert found["recent"] == [
        {
            "id": body["round_id"],
            "map_name": body["map_name"],
            "winner": winner,
            "timestamp": body["ended_at"].replace("Z", ".000Z"),
            "role_start": begin,
            "role_end": stop,
            "won": True,
            "kills": kills,
            "deaths": 0,
            "karma_diff": karma,
            "points_diff": points,
        }
        for body, winner, begin, stop, kills, karma, points in (
            (SECOND, "innocents", "innocent", "deputy", 1, -10, -1),
            (FIRST, "traitors", "traitor", "traitor", 2, 30, 3),
        )
    ]


def test_example_weapons(example: Client) -> None:
    keys = ("weapon", "kills", "headshots", "headshot_rate")
    keys += ("team_kills", "suicides", "world_deaths", "events")
    assert rows(read(example, "weapons")["items"], *keys) == [
        ("weapon_ttt_m16", 2, 1, 50, 0, 0, 0, 2),
        ("weapon_ttt_knife", 1, 0, 0, 0, 0, 0, 1),
        ("weapon_zm_revolver", 1, 1, 100, 0, 0, 0, 1),
        ("weapon_zm_rifle", 1, 1, 100, 1, 0, 0, 1),
        ("trigger_hurt", 0, 0, 0, 0, 0, 1, 1),
        ("weapon_zm_pistol", 0, 0, 0, 0, 1, 0, 1),
    ]


def test_example_roles(example: Client) -> None:
    found = read(example, "roles")
    keys = ("role", "team", "rounds", "wins", "win_rate", "kills", "deaths", "kd", "team_kills")
    assert rows(found["items"], *keys) == [
        ("innocent", "innocent", 3, 2, 66.7, 0, 3, 0, 0),
        ("traitor", "traitor", 2, 1, 50, 3, 1, 3, 0),
        ("detective", "innocent", 1, 0, 0, 1, 1, 1, 1),
        ("role_7", "unknown", 1, 0, 0, 0, 1, 0, 0),
        ("unknown", "unknown", 1, 0, 0, 0, 0, 0, 0),
        ("deputy", "innocent", 0, 0, 0, 1, 0, 1, 0),
    ]
    assert found["changes"] == [{"from": "innocent", "to": "deputy", "count": 1}]


def test_example_maps(example: Client) -> None:
    keys = ("map_name", "rounds", "innocent_wins", "traitor_wins", "timelimit", "other")
    keys += ("innocent_win_rate", "traitor_win_rate", "avg_duration", "kills")
    assert rows(read(example, "maps")["items"], *keys) == [
        ("ttt_cellar", 1, 1, 0, 0, 0, 100, 0, 180, 2),
        ("ttt_harbor", 1, 0, 1, 0, 0, 0, 100, 245, 3),
    ]


def test_example_duos(example: Client) -> None:
    keys = ("player1", "player2", "rounds_together", "wins_together", "win_rate")
    best = [(A, C, 1, 1, 100), (B, C, 1, 0, 0)]
    assert rows(read(example, "duos?kind=best&min_rounds=1")["items"], *keys) == best
    assert rows(read(example, "duos?kind=worst&min_rounds=1")["items"], *keys) == best[::-1]
    assert read(example, "duos?kind=best")["items"] == []
    assert read(example, "duos")["items"] == []
    assert rows(read(example, "duos?kind=frequent")["items"], *keys) == [
        (one, other, 2, None, None)
        for one, other in ((B, D), (B, A), (B, C), (D, A), (D, C), (A, C))
    ]


def test_example_nemesis_and_rivalries(example: Client) -> None:
    nemesis = read(example, "nemesis")["items"]
    assert rows(nemesis, "killer", "victim", "kills", "headshots") == [
        (B, C, 1, 1),
        (C, B, 1, 1),
        (A, B, 1, 0),
        (A, C, 1, 0),
    ]
    assert read(example, "rivalries")["items"] == [
        {
            "player1": B,
            "player1_name": None,
            "player2": C,
            "player2_name": None,
            "player1_kills": 1,
            "player2_kills": 1,
            "total_kills": 2,
        }
    ]


def test_example_karma(example: Client) -> None:
    keys = ("steam_id", "karma_total", "karma_rounds", "avg_karma", "worst_round")
    assert rows(read(example, "karma?order=best&min_rounds=1")["items"], *keys) == [
        (A, 20, 2, 10, -10),
        (B, 10, 2, 5, 5),
        (D, 5, 1, 5, 5),
        (C, -100, 2, -50, -137),
    ]
    worst = read(example, "karma?order=worst&min_rounds=1")["items"]
    assert rows(worst, "steam_id") == [(C,), (B,), (D,), (A,)]
    assert read(example, "karma")["items"] == []


def test_example_activity(example: Client) -> None:
    found = read(example, "activity")
    assert (found["tz"], found["weekday"]) == ("UTC", [0, 1, 1, 0, 0, 0, 0])
    assert [hour for hour, n in enumerate(found["hour"]) if n] == [19, 20]
    assert (found["matrix"][1][19], found["matrix"][2][20], len(found["matrix"])) == (1, 1, 7)
    far = read(example, "activity?tz=Asia/Kolkata")
    assert (far["weekday"], far["hour"][1], sum(far["hour"])) == ([0, 0, 1, 1, 0, 0, 0], 2, 2)


def test_example_buys(example: Client) -> None:
    keys = ("item", "buys", "buyer_rounds", "wins", "win_rate", "baseline_win_rate", "lift")
    assert rows(read(example, "buys")["items"], *keys, "ci95", "unattributed") == [
        ("Radar", 2, 2, 1, 50, 25, 25, [9.5, 90.5], 0),
        ("weapon_ttt_c4", 2, 1, 0, 0, 50, -50, [0, 79.3], 0),
        ("weapon_ttt_knife", 1, 1, 1, 100, 50, 50, [20.7, 100], 0),
    ]


def test_example_of_the_time_limit(client: Client) -> None:
    client.post("/api/collect", FIRST)
    client.post("/api/collect", {**SECOND, "winner": "4"})

    def wins(query: str) -> dict[str, int]:
        items = read(client, f"players{query}")["items"]
        return {one["steam_id"]: one["wins"] for one in items}

    assert wins("") == {A: 1, B: 0, C: 0, D: 0}
    assert wins("?timelimit=innocents") == {A: 2, B: 0, C: 1, D: 0}
    for query in ("", "?timelimit=innocents"):
        expected = {"innocents": 0, "traitors": 1, "timelimit": 1, "other": 0}
        assert read(client, f"overview{query}")["wins"] == expected


def test_example_names(example: Client, tell: Teller) -> None:
    assert [tell(who, name, at).status for at, who, name in NAMES] == [201, 200, 200]
    newest, oldest = example.get("/api/stats?include=names").json
    assert rows(oldest["players"], "steam_id", "display_name")[:2] == [(A, "Ana"), (B, None)]
    assert rows(newest["players"], "steam_id", "display_name")[:2] == [(A, "Ana ☾"), (B, None)]
    assert read(example, "players")["items"][0]["display_name"] == "Ana ☾"
    assert read(example, f"rounds/{FIRST['round_id']}")["players"][0]["display_name"] == "Ana"
    assert read(example, "nemesis")["items"][2]["killer_name"] == "Ana ☾"
    found = read(example, f"players/{A}/names")
    assert (found["steam_id"], found["current"]) == (A, "Ana ☾")
    assert found["items"] == read(example, f"players/{A}")["names"]
    assert found["items"] == [
        {
            "name": "Ana ☾",
            "valid_from": "2026-03-03T00:00:00.000Z",
            "valid_to": None,
            "last_seen": "2026-03-03T00:00:00.000Z",
        },
        {
            "name": "Ana",
            "valid_from": "2026-03-01T10:00:00.000Z",
            "valid_to": "2026-03-03T00:00:00.000Z",
            "last_seen": "2026-03-02T10:00:00.000Z",
        },
    ]


def test_example_window(example: Client) -> None:
    window = "from=2026-03-03&to=2026-03-04"
    assert read(example, f"overview?{window}")["rounds"] == 1
    of = {one["steam_id"]: one for one in read(example, f"players?{window}")["items"]}
    assert (of[A]["rounds"], of[A]["kills"], of[A]["wins"]) == (1, 1, 1)
    assert (of[D]["deaths"], of[D]["world_deaths"], of[D]["suicides"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (json.dumps(without("round_id")), "Missing round_id"),
        ('{"round_id":"x","kills":[{"weapon":"w"}]}', "Invalid kills[0].victim_steamid"),
        ('{"round_id":"x","duration":NaN,}', "Invalid JSON"),
        ("[]", "No data provided"),
        (json.dumps({"round_id": "x" * 37}), "Invalid round_id"),
    ],
)
def test_example_refusals(client: Client, body: str, error: str) -> None:
    answered = client.post("/api/collect", body)
    assert (answered.status, answered.json["error"]) == (400, error)


def test_the_seeds_own_example(client: Client) -> None:
    assert client.post("/api/collect", SEED).status == 201
    shooter, shot = read(client, "players")["items"]
    keys = ("steam_id", "rounds", "kills", "deaths", "kd", "wins", "items_bought")
    assert rows([shooter], *keys) == [("STEAM_0:1:12345", 1, 1, 0, 1, 0, 1)]
    assert (shooter["karma_rounds"], shooter["avg_karma"]) == (0, None)
    assert rows([shot], "steam_id", "rounds", "deaths", "win_rate") == [
        ("STEAM_0:0:67890", 0, 1, 0)
    ]
    assert rows(read(client, "buys")["items"], "item", "buyer_rounds", "wins") == [
        ("weapon_ttt_c4", 1, 0)
    ]
    assert len(read(client, "nemesis")["items"]) == 1
    assert rows(shown(client)["players"], "karma_diff", "points_diff") == [(None, None)]
