"""The recount itself, held against the worked example and against rules the example leaves out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.support.ttt.example import FIRST, NAMES, SECOND, SEED, A, B, C, D
from tests.support.ttt.numbers import r
from tests.support.ttt.oracle import Oracle
from tests.support.ttt.records import BOT, Posted

NOW = datetime(2026, 4, 1, tzinfo=UTC)
EXAMPLE = Oracle([Posted(FIRST, NOW), Posted(SECOND, NOW)], NAMES)
TIME_LIMIT = Oracle([Posted(FIRST, NOW), Posted({**SECOND, "winner": "4"}, NOW)])
ALONE = Oracle([Posted(SEED, NOW)])
SHOOTER, SHOT = "STEAM_0:1:12345", "STEAM_0:0:67890"


def posted(round_id: str = "x", **body: Any) -> Posted:
    return Posted({"round_id": round_id, **body}, NOW)


def roles(**of: str | None) -> list[dict[str, Any]]:
    return [{"player_steamid": steam_id, "role": role} for steam_id, role in of.items()]


def kill(attacker: str | None, victim: str, **more: Any) -> dict[str, Any]:
    return {"attacker_steamid": attacker, "victim_steamid": victim, "weapon": "w", **more}


def rows(items: list[dict[str, Any]], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(item[key] for key in keys) for item in items]


def test_stats_show_rounds_newest_first() -> None:
    newest, oldest = EXAMPLE.stats()
    assert newest == {
        "id": SECOND["round_id"],
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
                "role_start": start,
                "role_end": end,
                "karma_diff": karma,
                "points_diff": points,
            }
            for steam_id, start, end, karma, points in (
                (A, "innocent", "deputy", -10, -1),
                (B, "traitor", "traitor", 5, 1),
                (C, "innocent", "innocent", 37, 3),
                (D, None, "innocent", None, None),
            )
        ],
        "buys": SECOND["buys"],
    }
    assert (oldest["winner"], oldest["timestamp"]) == ("traitors", "2026-03-02T19:50:00.000Z")
    assert rows(oldest["players"], "steam_id", "karma_diff", "points_diff") == [
        (A, 30, 3),
        (B, 5, 0),
        (C, -137, -8),
        (BOT, 0, 0),
        (D, 5, -1),
    ]


def test_overview() -> None:
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
    assert EXAMPLE.overview() == expected
    assert EXAMPLE.overview(include_bots=True) == expected | {"players": 5, "deaths": 7}


def test_players() -> None:
    items = EXAMPLE.players()
    counts = ("steam_id", "rounds", "kills", "deaths", "kd", "headshots", "headshot_rate")
    assert rows(items, *counts) == [
        (A, 2, 3, 0, 3, 1, 33.3),
        (B, 2, 1, 2, 0.5, 1, 100),
        (C, 2, 1, 2, 0.5, 1, 100),
        (D, 2, 0, 2, 0, 0, 0),
    ]
    assert rows(items, "team_kills", "suicides", "world_deaths", "kills_on_bots") == [
        (0, 0, 0, 1),
        (0, 0, 0, 0),
        (1, 0, 0, 0),
        (0, 1, 1, 0),
    ]
    wins = ("wins", "wins_innocent", "wins_traitor", "win_rate", "kills_per_round", "items_bought")
    assert rows(items, *wins) == [
        (2, 1, 1, 100, 1.5, 2),
        (0, 0, 0, 0, 0.5, 2),
        (1, 1, 0, 50, 0.5, 1),
        (0, 0, 0, 0, 0, 0),
    ]
    assert rows(items, "karma_total", "karma_rounds", "avg_karma", "points_total") == [
        (20, 2, 10, 2),
        (10, 2, 5, 1),
        (-100, 2, -50, -5),
        (5, 1, 5, -1),
    ]
    assert rows(items, "favorite_weapon", "roles") == [
        ("weapon_ttt_knife", {"traitor": 1, "innocent": 1}),
        ("weapon_ttt_m16", {"innocent": 1, "traitor": 1}),
        ("weapon_zm_rifle", {"detective": 1, "innocent": 1}),
        (None, {"role_7": 1, "unknown": 1}),
    ]
    assert set(rows(items, "seconds", "first_seen", "last_seen")) == {
        (425, "2026-03-02T19:50:00.000Z", "2026-03-03T20:10:00.000Z")
    }


def test_bots_are_one_player_if_they_are_included() -> None:
    items = EXAMPLE.players(include_bots=True)
    assert rows(items, "steam_id") == [(A,), (B,), (C,), (BOT,), (D,)]
    assert rows(items, "rounds", "kills", "deaths")[3] == (1, 0, 1)
    assert rows(items, "rank") == [(1,), (2,), (3,), (4,), (5,)]
    assert rows(items[:3] + items[4:], "steam_id") == rows(EXAMPLE.players(), "steam_id")


def test_players_are_sorted_and_picked() -> None:
    def found(**asked: Any) -> list[str]:
        return [item["steam_id"] for item in EXAMPLE.players(**asked)]

    assert found(order="asc") == [D, B, C, A]
    assert found(sort="avg_karma") == [A, B, D, C]
    assert found(sort="display_name", order="asc") == [A, B, D, C]
    assert found(sort="display_name") == [A, B, D, C]
    assert found(min_kills=1) == [A, B, C]
    assert found(min_rounds=3) == []
    assert found(search=D) == [D]
    assert found(search="aNA") == [A]
    assert found(search="☾") == [A]
    assert found(search="STEAM_0:1:10") == []


def test_weapons() -> None:
    keys = ("weapon", "kills", "headshots", "headshot_rate")
    keys += ("team_kills", "suicides", "world_deaths", "events")
    assert rows(EXAMPLE.weapons(), *keys) == [
        ("weapon_ttt_m16", 2, 1, 50, 0, 0, 0, 2),
        ("weapon_ttt_knife", 1, 0, 0, 0, 0, 0, 1),
        ("weapon_zm_revolver", 1, 1, 100, 0, 0, 0, 1),
        ("weapon_zm_rifle", 1, 1, 100, 1, 0, 0, 1),
        ("trigger_hurt", 0, 0, 0, 0, 0, 1, 1),
        ("weapon_zm_pistol", 0, 0, 0, 0, 1, 0, 1),
    ]


def test_roles_and_their_changes() -> None:
    items, changes = EXAMPLE.roles()
    keys = ("role", "team", "rounds", "wins", "win_rate", "kills", "deaths", "kd", "team_kills")
    assert rows(items, *keys) == [
        ("innocent", "innocent", 3, 2, 66.7, 0, 3, 0, 0),
        ("traitor", "traitor", 2, 1, 50, 3, 1, 3, 0),
        ("detective", "innocent", 1, 0, 0, 1, 1, 1, 1),
        ("role_7", "unknown", 1, 0, 0, 0, 1, 0, 0),
        ("unknown", "unknown", 1, 0, 0, 0, 0, 0, 0),
        ("deputy", "innocent", 0, 0, 0, 1, 0, 1, 0),
    ]
    assert changes == [{"from": "innocent", "to": "deputy", "count": 1}]


def test_maps() -> None:
    keys = ("map_name", "rounds", "innocent_wins", "traitor_wins", "timelimit", "other")
    assert rows(EXAMPLE.maps(), *keys) == [
        ("ttt_cellar", 1, 1, 0, 0, 0),
        ("ttt_harbor", 1, 0, 1, 0, 0),
    ]
    keys = ("innocent_win_rate", "traitor_win_rate", "avg_duration", "kills")
    assert rows(EXAMPLE.maps(), *keys) == [(100, 0, 180, 2), (0, 100, 245, 3)]


def test_duos() -> None:
    keys = ("player1", "player2", "rounds_together", "wins_together", "win_rate")
    pairs = sorted([(B, D), (B, A), (B, C), (D, A), (D, C), (A, C)])
    best, second = EXAMPLE.duos("best", min_rounds=1)
    assert rows([best, second], *keys) == [(A, C, 1, 1, 100), (B, C, 1, 0, 0)]
    assert (best["player1_name"], best["player2_name"]) == ("Ana ☾", None)
    assert EXAMPLE.duos("worst", min_rounds=1) == [second, best]
    assert EXAMPLE.duos("best") == EXAMPLE.duos("worst") == []
    assert rows(EXAMPLE.duos("frequent"), *keys) == [(*pair, 2, None, None) for pair in pairs]
    assert pairs[0] == (B, D)


def test_nemesis_and_rivalries() -> None:
    assert rows(EXAMPLE.nemesis(), "killer", "victim", "kills", "headshots") == [
        (B, C, 1, 1),
        (C, B, 1, 1),
        (A, B, 1, 0),
        (A, C, 1, 0),
    ]
    assert rows(EXAMPLE.nemesis(), "killer_name", "victim_name")[2] == ("Ana ☾", None)
    assert EXAMPLE.rivalries() == [
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
    assert EXAMPLE.nemesis(include_bots=True) == EXAMPLE.nemesis()


def test_karma() -> None:
    keys = ("steam_id", "karma_total", "karma_rounds", "avg_karma", "worst_round")
    expected = [(A, 20, 2, 10, -10), (B, 10, 2, 5, 5), (D, 5, 1, 5, 5), (C, -100, 2, -50, -137)]
    assert rows(EXAMPLE.karma(min_rounds=1), *keys) == expected
    worst = EXAMPLE.karma("worst", min_rounds=1)
    assert rows(worst, *keys) == [expected[3], expected[1], expected[2], expected[0]]
    assert EXAMPLE.karma() == []


def test_activity_is_by_local_time() -> None:
    def once(*hours: int) -> list[int]:
        return [hours.count(hour) for hour in range(24)]

    none = once()
    assert EXAMPLE.activity() == {
        "tz": "UTC",
        "weekday": [0, 1, 1, 0, 0, 0, 0],
        "hour": once(19, 20),
        "matrix": [none, once(19), once(20), none, none, none, none],
    }
    assert EXAMPLE.activity("Asia/Kolkata") == {
        "tz": "Asia/Kolkata",
        "weekday": [0, 0, 1, 1, 0, 0, 0],
        "hour": once(1, 1),
        "matrix": [none, none, once(1), once(1), none, none, none],
    }


def test_buys() -> None:
    keys = ("item", "buys", "buyer_rounds", "wins", "win_rate", "baseline_win_rate", "lift", "ci95")
    assert rows(EXAMPLE.buys(), *keys) == [
        ("Radar", 2, 2, 1, 50, 25, 25, [9.5, 90.5]),
        ("weapon_ttt_c4", 2, 1, 0, 0, 50, -50, [0, 79.3]),
        ("weapon_ttt_knife", 1, 1, 1, 100, 50, 50, [20.7, 100]),
    ]
    assert {item["unattributed"] for item in EXAMPLE.buys()} == {0}


def test_a_time_limit_is_a_win_only_on_request() -> None:
    def wins(**filters: Any) -> dict[str, int]:
        return {item["steam_id"]: item["wins"] for item in TIME_LIMIT.players(**filters)}

    assert wins() == {A: 1, B: 0, C: 0, D: 0}
    assert wins(timelimit="innocents") == {A: 2, B: 0, C: 1, D: 0}
    for timelimit in ("none", "innocents"):
        assert TIME_LIMIT.overview(timelimit=timelimit)["wins"] == {
            "innocents": 0,
            "traitors": 1,
            "timelimit": 1,
            "other": 0,
        }
    cellar = TIME_LIMIT.maps(timelimit="innocents")[0]
    assert rows([cellar], "innocent_wins", "timelimit", "innocent_win_rate") == [(1, 1, 100)]


def test_names_at_their_time() -> None:
    second, first = EXAMPLE.stats(names=True)
    assert rows(first["players"], "display_name")[:2] == [("Ana",), (None,)]
    assert rows(second["players"], "display_name")[:2] == [("Ana ☾",), (None,)]
    assert EXAMPLE.names(A) == {
        "steam_id": A,
        "current": "Ana ☾",
        "items": [
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
        ],
    }
    assert EXAMPLE.names(B) == {"steam_id": B, "current": None, "items": []}
    before = Oracle([Posted(FIRST, NOW)], [(NOW, A, "Late"), (NOW, BOT, "Bot")])
    shown = rows(before.stats(names=True)[0]["players"], "steam_id", "display_name")
    assert (A, "Late") in shown
    assert (BOT, None) in shown


def test_a_window_ends_before_its_last_day() -> None:
    window = {"since": date(2026, 3, 3), "until": date(2026, 3, 4)}
    found = {item["steam_id"]: item for item in EXAMPLE.players(**window)}
    assert rows([found[A]], "rounds", "kills", "wins") == [(1, 1, 1)]
    assert rows([found[D]], "deaths", "world_deaths", "suicides") == [(1, 1, 0)]
    assert rows(EXAMPLE.stats(**window), "id") == [(SECOND["round_id"],)]
    assert EXAMPLE.stats(since=date(2026, 3, 4)) == []


def test_the_example_of_the_seed_alone() -> None:
    shooter, shot = ALONE.players()
    keys = ("steam_id", "rounds", "kills", "deaths", "kd", "wins", "items_bought")
    assert rows([shooter], *keys) == [(SHOOTER, 1, 1, 0, 1, 0, 1)]
    assert rows([shooter], "karma_rounds", "avg_karma") == [(0, None)]
    assert rows([shot], "steam_id", "rounds", "deaths", "win_rate") == [(SHOT, 0, 1, 0)]
    assert rows(ALONE.buys(), "item", "buyer_rounds", "wins") == [("weapon_ttt_c4", 1, 0)]
    assert rows(ALONE.nemesis(), "killer", "victim", "kills") == [(SHOOTER, SHOT, 1)]
    assert rows(ALONE.stats()[0]["players"], "karma_diff", "points_diff") == [(None, None)]
    assert ALONE.stats()[0]["timestamp"] == "2026-04-01T00:00:00.000Z"


def test_a_profile() -> None:
    profile = EXAMPLE.player(A) or {}
    listed = EXAMPLE.players()[0]
    assert listed.pop("rank") == 1
    assert listed.items() <= profile.items()
    assert rows(profile["by_role"], "role", "rounds", "wins", "kills", "kd") == [
        ("innocent", 1, 1, 0, 0),
        ("traitor", 1, 1, 2, 2),
        ("deputy", 0, 0, 1, 1),
    ]
    assert rows(profile["by_map"], "map_name", "rounds", "wins", "kills", "deaths") == [
        ("ttt_cellar", 1, 1, 1, 0),
        ("ttt_harbor", 1, 1, 2, 0),
    ]
    assert rows(profile["weapons"], "weapon", "kills", "headshots") == [
        ("weapon_ttt_knife", 1, 0),
        ("weapon_ttt_m16", 1, 0),
        ("weapon_zm_revolver", 1, 1),
    ]
    assert profile["killed_by"] == []
    assert rows(profile["victims"], "steam_id", "kills", "headshots") == [(B, 1, 0), (C, 1, 0)]
    assert profile["activity"] == EXAMPLE.activity()
    assert profile["names"] == EXAMPLE.names(A)["items"]
    keys = ("id", "role_start", "role_end", "won", "kills", "deaths", "karma_diff", "points_diff")
    assert rows(profile["recent"], *keys) == [
        (SECOND["round_id"], "innocent", "deputy", True, 1, 0, -10, -1),
        (FIRST["round_id"], "traitor", "traitor", True, 2, 0, 30, 3),
    ]


def test_a_profile_is_of_somebody_known() -> None:
    assert EXAMPLE.player("STEAM_0:0:1") is None
    assert EXAMPLE.player(BOT) is None
    assert (EXAMPLE.player(BOT, include_bots=True) or {})["deaths"] == 1
    assert (EXAMPLE.player(A, since=date(2026, 4, 1)) or {})["first_seen"] is None
    assert (Oracle([], NAMES).player(A) or {})["display_name"] == "Ana ☾"


def test_one_round() -> None:
    found = Oracle([Posted(FIRST, NOW, "red")], NAMES).round(FIRST["round_id"]) or {}
    assert (found["winner"], found["winner_raw"], found["server"]) == ("traitors", "2", "red")
    assert found["players"][0]["display_name"] == "Ana"
    assert EXAMPLE.round("unknown") is None


def test_rounds_are_filtered_by_server_and_map() -> None:
    oracle = Oracle([Posted(FIRST, NOW, "red"), Posted(SECOND, NOW), posted()])
    assert oracle.overview(server="red")["rounds"] == 1
    assert oracle.overview(map_name="ttt_cellar")["kills"] == 2
    assert oracle.overview(map_name="unknown")["rounds"] == 1


@pytest.mark.parametrize(("x", "digits", "rounded"), [(1, 0, 1), (2, 2, 2), (-3, 1, -3), (0, 1, 0)])
def test_whole_numbers_stay_whole(x: int, digits: int, rounded: int) -> None:
    assert isinstance(r(x, digits), int)
    assert r(x, digits) == rounded


@pytest.mark.parametrize(
    ("start", "end", "difference"),
    [(0, 0.5, 1), (0.5, 0, 0), (1.5, 0, -1), (0.8, 1000.3, 1000), (None, 1, None)],
)
def test_differences_are_rounded_half_up(start: Any, end: Any, difference: int | None) -> None:
    body = {
        "start_roles": [{"player_steamid": "p", "karma": start}],
        "end_roles": [{"player_steamid": "p", "karma": end}],
    }
    assert Oracle([posted(**body)]).stats()[0]["players"][0]["karma_diff"] == difference


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        (1, "none"),
        ("nones", "none"),
        (2.0, "traitors"),
        ("innocent", "innocents"),
        ("4", "timelimit"),
        (None, "unknown"),
        ("nil", "unknown"),
        (" Jackals", "jackals"),
    ],
)
def test_winners_are_words(sent: Any, word: str) -> None:
    assert Oracle([posted(winner=sent)]).stats()[0]["winner"] == word


def test_what_lua_sends() -> None:
    body = {
        "start_roles": {"1": {"player_steamid": "p", "role": " Traitor "}, "2": {"role": "x"}},
        "end_roles": {},
        "buys": [{"steam_id": "p", "item": 3.0}],
        "duration": -5,
    }
    oracle = Oracle([posted(**body), posted(winner="later")])
    (one,) = oracle.stats()
    assert rows(one["players"], "steam_id", "role_start", "role_end") == [("p", " Traitor ", None)]
    assert (one["duration"], one["winner"], one["buys"][0]["item"]) == (0, "unknown", "3")
    assert oracle.players()[0]["roles"] == {"traitor": 1}


def test_the_last_entry_of_a_repeated_player_wins() -> None:
    lists = [*roles(p="innocent", q="innocent"), *roles(p="traitor")]
    (one,) = Oracle([posted(start_roles=lists)]).stats()
    assert rows(one["players"], "steam_id", "role_start") == [("p", "traitor"), ("q", "innocent")]


def test_kills_by_and_among_bots() -> None:
    same = {"attacker_role": "innocent", "victim_role": "innocent"}
    kills = [kill(BOT, BOT, **same), kill(BOT, "p", **same), kill("p", BOT, **same), kill("", BOT)]
    oracle = Oracle([posted(kills=kills)])
    keys = ("steam_id", "kills", "deaths", "team_kills", "suicides", "kills_on_bots")
    assert rows(oracle.players(), *keys) == [("p", 1, 1, 1, 0, 1)]
    assert rows(oracle.players(include_bots=True), *keys) == [
        (BOT, 2, 3, 1, 0, 1),
        ("p", 1, 1, 1, 0, 1),
    ]
    assert oracle.overview()["world_deaths"] == 0
    assert oracle.overview(include_bots=True)["world_deaths"] == 1
    assert oracle.nemesis(include_bots=True) == []


def test_purchases_nobody_can_win_by_are_unattributed() -> None:
    bought = [{"steam_id": steam_id, "item": "i"} for steam_id in ("jester", "stranger", BOT)]
    oracle = Oracle([posted(start_roles=roles(jester="jester", BOT="traitor"), buys=bought)])
    empty = dict.fromkeys(("win_rate", "baseline_win_rate", "lift", "ci95"))
    expected = {"item": "i", "buys": 2, "buyer_rounds": 0, "wins": 0, **empty, "unattributed": 2}
    assert oracle.buys() == [expected]
    assert oracle.buys(include_bots=True)[0]["buyer_rounds"] == 1


def test_rounds_of_one_time_are_in_order_of_their_ids() -> None:
    late = Posted({"round_id": "0"}, NOW + timedelta(milliseconds=1, microseconds=999))
    oracle = Oracle([posted("a"), late, posted("b")])
    assert rows(oracle.stats(), "id") == [("0",), ("b",), ("a",)]
    assert oracle.stats()[0]["timestamp"] == "2026-04-01T00:00:00.001Z"
