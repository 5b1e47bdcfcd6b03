"""Statistics of the tracker: what counts, in `/v1/stats`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from functions.shared import db
from tests.support.accounts import PASSWORD
from tests.support.armies import make_army
from tests.support.client import Client
from tests.support.tracker import check_error, make_user
from tests.support.tracker_battles import Duel, act, done, make_duel

NOTHING = {"wins": 0, "sample": 0, "rate": None, "low": None, "high": None}


@pytest.fixture
def duel(tracker_keys: None) -> Duel:
    """Mira plays Necrons, Nils plays Orks."""
    duel = make_duel()
    return change_army(duel, faction_id="fac_orks", detachment="War Horde")


def change_army(duel: Duel, **changes: Any) -> Duel:
    """The two, of whom Nils takes another army."""
    return duel._replace(armies=(duel.armies[0], make_army(duel.nils, **changes)["id"]))


def play(duel: Duel, mira: int, nils: int, first: str | None = None, **changes: Any) -> None:
    """A battle from its start to its end."""
    battle = duel.make(**changes)
    if first:
        done(act(duel.mira, battle, "start", first_player_id=first))
    scores = zip((duel.mira_id, duel.nils_id), (mira, nils), strict=True)
    body = {"final_scores": {user_id: {"victory_points": total} for user_id, total in scores}}
    done(duel.mira.post(f"/v1/battles/{battle['id']}/complete", body))


def read(client: Client, path: str) -> Any:
    answered = client.get(f"/v1/stats/{path}")
    assert answered.status == 200, answered.text
    assert answered.headers["cache-control"] == "no-store"
    return answered.json


def test_factions(duel: Duel) -> None:
    play(duel, 80, 60, duel.mira_id)
    play(duel, 70, 60, duel.nils_id)
    play(duel, 50, 50)
    play(duel, 20, 90)
    necrons, orks = read(duel.nils, "factions")["data"]
    turn_time = necrons.pop("turn_time")
    assert turn_time["turns"] == 1
    assert turn_time["mean_seconds"] >= 0
    assert necrons == {
        "faction_id": "fac_necrons",
        "detachment": None,
        "mission": None,
        "games": 4,
        "mirror_games": 0,
        "wins": 2,
        "draws": 1,
        "losses": 1,
        "mean_points": 55.0,
        "mean_opponent_points": 65.0,
        "win_rate": {"wins": 2, "sample": 4, "rate": 0.5, "low": 0.15, "high": 0.85},
        "first_turn": {"wins": 1, "sample": 1, "rate": 1.0, "low": 0.2065, "high": 1.0},
        "second_turn": {"wins": 1, "sample": 1, "rate": 1.0, "low": 0.2065, "high": 1.0},
    }
    assert (orks["faction_id"], orks["wins"], orks["draws"], orks["losses"]) == (
        "fac_orks",
        1,
        1,
        2,
    )
    assert orks["win_rate"] == {
        **{"wins": 1, "sample": 4, "rate": 0.25, "low": 0.0456, "high": 0.6994}
    }
    assert orks["first_turn"] == {"wins": 0, "sample": 1, "rate": 0.0, "low": 0.0, "high": 0.7935}


def test_mirror_matches_are_games_and_in_no_rate(duel: Duel) -> None:
    mirror = change_army(duel, detachment="Awakened Dynasty")
    play(mirror, 80, 60, duel.mira_id)
    [row] = read(duel.mira, "factions")["data"]
    assert (row["games"], row["mirror_games"], row["wins"], row["losses"]) == (2, 2, 1, 1)
    assert row["win_rate"] == row["first_turn"] == row["second_turn"] == NOTHING
    assert row["turn_time"]["turns"] == 1
    rows = read(duel.mira, "factions?by=detachment")["data"]
    assert [(one["detachment"], one["games"], one["mirror_games"]) for one in rows] == [
        ("Awakened Dynasty", 1, 1),
        ("Canoptek Court", 1, 1),
    ]
    [mission] = read(duel.mira, "missions")["data"]
    assert (mission["games"], mission["mirror_games"], mission["first_turn"]) == (1, 1, NOTHING)


def test_what_does_not_count(duel: Duel) -> None:
    play(duel, 80, 60, battle_type="narrative")
    battle = duel.make()
    body = {"winner_id": duel.mira_id, "result_type": "forfeit"}
    done(duel.mira.post(f"/v1/battles/{battle['id']}/complete", body))
    duel.make()
    assert read(duel.mira, "factions")["data"] == []
    assert read(duel.mira, "missions")["data"] == []
    player = read(duel.nils, f"players/{duel.mira_id}")["player"]
    assert (player["games"], player["mean_points"], player["factions"]) == (0, None, [])
    assert player["win_rate"] == player["first_turn"] == NOTHING
    assert player["turn_time"] == {"turns": 0, "mean_seconds": None}


def test_missions(duel: Duel) -> None:
    other = {"name": "Linchpin", "deployment": "Search and Destroy"}
    play(duel, 80, 60, duel.mira_id)
    play(duel, 50, 50, duel.nils_id)
    play(duel, 30, 41, mission=other)
    linchpin, take = read(duel.mira, "missions")["data"]
    assert linchpin == {
        "mission": "Linchpin",
        "games": 1,
        "mirror_games": 0,
        "draws": 0,
        "mean_points": 35.5,
        "first_turn": NOTHING,
        "turn_time": {"turns": 0, "mean_seconds": None},
    }
    assert (take["mission"], take["games"], take["draws"]) == ("Take and Hold", 2, 1)
    assert take["first_turn"] == {
        "wins": 1,
        "sample": 2,
        "rate": 0.5,
        "low": 0.0945,
        "high": 0.9055,
    }
    assert read(duel.mira, "missions?mission=Linchpin")["data"] == [linchpin]
    assert read(duel.mira, "missions?min_games=2")["data"] == [take]
    rows = read(duel.mira, "factions?by=mission&faction_id=fac_orks")["data"]
    assert [(row["mission"], row["games"], row["wins"]) for row in rows] == [
        ("Linchpin", 1, 1),
        ("Take and Hold", 2, 0),
    ]


def test_a_player(duel: Duel) -> None:
    """A private battle counts in what is added up, and is not shown."""
    play(duel, 80, 60, duel.mira_id, visibility="private")
    play(change_army(duel), 70, 60)
    play(change_army(duel), 40, 60)
    player = read(make_user("otto"), f"players/{duel.nils_id}")["player"]
    assert (player["user_id"], player["display_name"]) == (duel.nils_id, "nils")
    assert (player["games"], player["mirror_games"]) == (3, 2)
    assert (player["wins"], player["draws"], player["losses"]) == (1, 0, 2)
    assert (player["mean_points"], player["mean_opponent_points"]) == (60.0, 63.33)
    assert player["win_rate"]["sample"] == player["second_turn"]["sample"] == 1
    assert [(one["faction_id"], one["games"]) for one in player["factions"]] == [
        ("fac_necrons", 2),
        ("fac_orks", 1),
    ]


def test_players_who_are_none(duel: Duel) -> None:
    play(duel, 80, 60)
    for unknown in ("usr_00000000", "army_00000000", "%00", "x" * 300):
        check_error(duel.mira.get(f"/v1/stats/players/{unknown}"), 404, "USER_NOT_FOUND")
    before = read(duel.nils, "factions")["data"]
    duel.mira.call("DELETE", "/v1/auth/profile", {"password": PASSWORD})
    gone = duel.nils.get(f"/v1/stats/players/{duel.mira_id}")
    check_error(gone, 404, "USER_NOT_FOUND", user_id=duel.mira_id)
    assert read(duel.nils, "factions")["data"] == before
    assert read(duel.nils, f"players/{duel.nils_id}")["player"]["losses"] == 1


def test_a_result_that_is_taken_back_counts_no_more(duel: Duel) -> None:
    battle = duel.make()
    body = {"winner_id": duel.mira_id, "result_type": "concession"}
    done(duel.mira.post(f"/v1/battles/{battle['id']}/complete", body))
    assert read(duel.mira, f"players/{duel.mira_id}")["player"]["wins"] == 1
    done(act(duel.mira, battle, "reopen"))
    assert read(duel.mira, f"players/{duel.mira_id}")["player"]["games"] == 0


def test_weeks(duel: Duel) -> None:
    """Whole weeks from Monday by UTC, whatever the offset of the times that are sent."""
    for number, moment in enumerate(
        ("2026-03-01 23:59:59Z", "2026-03-02Z", "2026-03-08 23:59:59Z")
    ):
        db.query(
            """
            insert into tracker.battle_results (
              completed_at, battle_id, user_id, faction_id, detachment, mission, is_mirror,
              outcome, victory_points, opponent_victory_points
            )
            values (%s, %s, %s, 'fac_orks', 'Horde', 'Linchpin', false, 'win', 1, 0)
            """,
            (moment, f"btl_{number}", duel.mira_id),
        )

    def count(**bounds: str) -> int:
        query = "&".join(f"{name}={quote(value)}" for name, value in bounds.items())
        rows = read(duel.mira, f"factions?{query}")["data"]
        player = read(duel.mira, f"players/{duel.mira_id}?{query}")["player"]
        games = sum(row["games"] for row in rows)
        assert player["games"] == games
        return games

    assert count() == count(since="", until="") == 3
    assert count(since="2026-03-02T00:00:00Z") == 2
    assert count(since="2026-03-08T12:00:00Z") == 2
    assert count(since="2026-03-02T00:30:00+09:00") == 3
    assert count(until="2026-03-02T00:00:00Z") == 1
    assert count(until="2026-03-02T00:00:00.001Z") == 3
    assert count(since="2026-03-02T00:00:00Z", until="2026-03-09T00:00:00Z") == 2
    assert count(since="2026-03-09T00:00:00Z") == 0
    assert count(since="2026-04-01T00:00:00Z", until="2026-03-01T00:00:00Z") == 0


def test_pages_walk_by_name(duel: Duel) -> None:
    for detachment in ("b", "B", "a", "ä"):
        play(change_army(duel, detachment=detachment), 1, 2)
    seen, path = [], "factions?by=detachment&limit=2"
    while path:
        page = read(duel.mira, path)
        seen += [(row["faction_id"], row["detachment"]) for row in page["data"]]
        cursor = page["pagination"]["next_cursor"]
        path = cursor and f"factions?by=detachment&limit=2&cursor={cursor}"
    assert [name for _, name in seen] == ["B", "Canoptek Court", "a", "b", "ä"]
    offset = read(duel.mira, "factions?by=detachment&limit=2&offset=3")["data"]
    assert [row["detachment"] for row in offset] == ["b", "ä"]
    cursor = read(duel.mira, "factions?by=detachment&limit=2")["pagination"]["next_cursor"]
    for query in (f"by=mission&cursor={cursor}", f"by=detachment&min_games=2&cursor={cursor}"):
        answered = duel.mira.get(f"/v1/stats/factions?{query}")
        check_error(answered, 422, "VALIDATION_ERROR")
        assert answered.json["error"]["details"]["fields"][0]["rule"] == "cursor_filter_mismatch"
    missions = read(duel.mira, "missions?limit=1")
    assert missions["pagination"]["has_more"] is False


def test_filters(duel: Duel) -> None:
    play(duel, 1, 2)
    assert (
        len(read(duel.mira, "factions?by=&faction_id=&detachment=&mission=&min_games=")["data"])
        == 2
    )
    [row] = read(duel.mira, "factions?detachment=%20War%20Horde%20")["data"]
    assert row["faction_id"] == "fac_orks"
    assert read(duel.mira, "factions?mission=Nowhere&by=detachment")["data"] == []
    assert read(duel.mira, "factions?min_games=0&unknown=7")["data"] != []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(("by=player", "by"), ("min_games=-1", "min_games"), ("min_games=x", "min_games")),
        *(("min_games=1e3", "min_games"), ("since=2026-03-02", "since"), ("until=now", "until")),
        *(("since=2026-03-02T00:00:00", "since"), ("detachment=a%00", "detachment")),
        *(("mission=" + "x" * 101, "mission"), ("limit=0", "limit"), ("cursor=x", "cursor")),
    ],
)
def test_what_is_refused(duel: Duel, query: str, field: str) -> None:
    answered = duel.mira.get(f"/v1/stats/factions?{query}")
    check_error(answered, 422, "VALIDATION_ERROR")
    assert [one["field"] for one in answered.json["error"]["details"]["fields"]] == [field]


def test_only_for_users() -> None:
    for path in ("factions", "missions", "players/usr_00000000"):
        check_error(Client().get(f"/v1/stats/{path}"), 401, "UNAUTHORIZED", reason="missing")
