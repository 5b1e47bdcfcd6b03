"""Changes of battles as the store keeps them: at the same moment, overdue, and folded again."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from functions.live import overdue
from functions.shared import db
from functions.tracker.battles import changes
from functions.tracker.battles.battle import fold
from functions.tracker.battles.overdue import end_overdue
from tests.support.connections import own_connections
from tests.support.game import at_once
from tests.support.tracker_battles import Duel, act, done, make_duel


@pytest.fixture
def duel(tracker_keys: None) -> Duel:
    """Two players, who each have an army."""
    return make_duel()


def stored(battle: dict[str, Any]) -> Any:
    return db.fetch_value("select state from tracker.battles where id = %s", (battle["id"],))


def events(battle: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a battle, as they are read."""
    rows = db.query("select tracker.list_battle_events(%s, 0, 10000) as event", (battle["id"],))
    return [row["event"] for row in rows]


def check_fold(battle: dict[str, Any]) -> None:
    """All events folded are the stored battle, and its room has a message of each."""
    found = events(battle)
    assert fold(found) == stored(battle)
    assert [one["seq"] for one in found] == list(range(1, len(found) + 1))
    frames = db.query(
        "select seq, payload from live.events where room = %s order by seq",
        (changes.room_of(battle["id"]),),
    )
    assert [frame["seq"] for frame in frames] == [one["seq"] for one in found]
    for frame, event in zip(frames, found, strict=True):
        assert frame["payload"]["version"] == event["seq"]
        assert frame["payload"]["timestamp"] == event["at"]


def push_back(battle: dict[str, Any], seconds: int) -> None:
    """Makes a turn older than it is."""
    db.query(
        """
        update tracker.battles
        set state = state || jsonb_build_object(
            'updated_at', shared.iso_time((state ->> 'updated_at')::timestamptz - %(by)s),
            'turn', state -> 'turn' || jsonb_build_object(
              'running_since',
              shared.iso_time((state -> 'turn' ->> 'running_since')::timestamptz - %(by)s)
            )
          ),
          due_at = due_at - %(by)s
        where id = %(id)s
        """,
        {"id": battle["id"], "by": timedelta(seconds=seconds)},
    )


def test_the_events_of_a_whole_battle_are_the_battle(duel: Duel) -> None:
    battle = duel.make(clock_mode="chess", max_rounds=2, phases=["command", "fight"])
    mira, nils = duel.mira_id, duel.nils_id
    done(act(duel.mira, battle, "start", first_player_id=nils))
    done(act(duel.nils, battle, "set_command_points", player_id=nils, command_points=3))
    use = {"player_id": nils, "stratagem": "Smokescreen", "cp_cost": 1}
    done(act(duel.nils, battle, "use_stratagem", **use))
    done(act(duel.mira, battle, "update_scores", player_id=mira, scores={"primary": 5}))
    done(act(duel.mira, battle, "undo", seq=5))
    done(act(duel.nils, battle, "advance_phase"))
    done(act(duel.nils, battle, "advance_phase"))
    done(act(duel.nils, battle, "switch_clock", player_id=nils))
    done(act(duel.nils, battle, "pause_clock"))
    done(act(duel.nils, battle, "resume_clock"))
    adjust = {"player_id": nils, "seconds": 30, "reason": "rules"}
    done(act(duel.nils, battle, "adjust_clock", **adjust))
    done(duel.mira.post(f"/v1/battles/{battle['id']}/advance-round"))
    done(duel.mira.post(f"/v1/battles/{battle['id']}/complete", {"winner_id": mira}))
    done(act(duel.nils, battle, "reopen"))
    done(act(duel.nils, battle, "cancel"))
    check_fold(battle)
    assert len(events(battle)) == 16


def test_what_the_clock_did_is_stored_by_who_reads_it(duel: Duel) -> None:
    battle = duel.make(turn_timeout="pass")
    done(act(duel.mira, battle, "start"))
    push_back(battle, 1300)
    url = f"/v1/battles/{battle['id']}"
    read = duel.nils.get(url)
    shown = read.json["battle"]
    assert (shown["version"], read.headers["etag"]) == (3, '"3"')
    assert shown["current_turn"]["player_id"] == duel.nils_id
    assert 1090 <= shown["current_turn"]["time_remaining"] <= 1100
    [*_, last] = duel.nils.get(f"{url}/events").json["data"]
    assert (last["type"], last["actor_role"], last["actor_id"]) == ("turn_timeout", "system", None)
    assert last["at"] == shown["current_turn"]["start_time"]
    assert duel.nils.get(url).json["battle"]["version"] == 3


def test_what_the_clock_did_comes_before_what_is_asked(duel: Duel) -> None:
    battle = duel.make(turn_timeout="pass")
    done(act(duel.mira, battle, "start"))
    push_back(battle, 1300)
    refused = act(duel.mira, battle, "end_turn", player_id=duel.mira_id)
    assert (refused.status, refused.json["error"]["details"]["reason"]) == (409, "not_at_turn")
    assert [one["type"] for one in events(battle)][2:] == ["turn_timeout"]
    listed = duel.mira.get("/v1/battles").json["data"][0]
    assert (listed["version"], listed["current_turn"]["player_id"]) == (3, duel.nils_id)


def test_lists_show_what_the_clock_did_without_storing_it(duel: Duel) -> None:
    battle = duel.make()
    done(act(duel.mira, battle, "start"))
    push_back(battle, 1300)
    listed = duel.mira.get("/v1/battles").json["data"][0]
    assert (listed["version"], listed["current_turn"]["overtime"]) == (3, 100)
    assert len(events(battle)) == 2
    assert duel.mira.get(f"/v1/battles/{battle['id']}").json["battle"]["version"] == 3


@pytest.mark.commits
def test_the_sweep_does_what_nobody_looked_for(duel: Duel) -> None:
    over, running = duel.make(turn_timeout="pass"), duel.make()
    for battle in (over, running):
        done(act(duel.mira, battle, "start"))
    push_back(over, 10_000)
    until = float("inf")
    assert overdue.end_overdue(until) == 1
    assert [one["type"] for one in events(over)][2:] == [
        *("turn_timeout", "round_advanced", "clock_paused")
    ]
    for _ in range(2):
        assert overdue.end_overdue(until) == 0
    assert len(events(running)) == 2
    assert end_overdue(changes.room_of(running["id"])) is False
    assert end_overdue("tracker:btl_00000000") is False


# --- at the same moment ---


def complete(duel: Duel, battle: dict[str, Any], number: int) -> Any:
    """One of the two players completes a battle."""
    url = f"/v1/battles/{battle['id']}/complete"
    return (duel.mira, duel.nils)[number % 2].post(url, {"winner_id": duel.mira_id})


@pytest.mark.commits
def test_of_two_who_complete_a_battle_one_does(
    duel: Duel, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        battle = duel.make()
        with own_connections(store, monkeypatch):
            answers = at_once(8, partial(complete, duel, battle))
        assert Counter(one.status for one in answers) == {200: 1, 409: 7}
        for one in answers:
            if one.status == 409:
                details = one.json["error"]["details"]
                assert details["battle"]["winner_id"] == duel.mira_id
        check_fold(battle)
    played = db.query("select total_battles from tracker.players")
    assert [one["total_battles"] for one in played] == [5, 5]


@pytest.mark.commits
def test_writers_of_one_battle_lose_nothing(
    duel: Duel, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle = duel.make()
    parts = ("primary", "secondary", "linchpin", "challenge")

    def write(number: int) -> Any:
        who = (duel.mira_id, duel.nils_id)[number % 2]
        scores = {parts[number // 2]: number + 1}
        return act(duel.mira, battle, "update_scores", player_id=who, scores=scores)

    with own_connections(store, monkeypatch):
        answers = at_once(8, write)
    assert {one.status for one in answers} == {200}
    players = stored(battle)["players"]
    assert players[duel.mira_id]["scores"]["victory_points"] == 1 + 3 + 5 + 7
    assert players[duel.nils_id]["scores"]["victory_points"] == 2 + 4 + 6 + 8
    assert [one["type"] for one in events(battle)].count("started") == 1
    check_fold(battle)


@pytest.mark.commits
def test_one_key_is_done_once_however_often_it_is_sent(
    duel: Duel, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle = duel.make()
    url = f"/v1/battles/{battle['id']}"
    key = duel.mira.headers | {"Idempotency-Key": "tap"}
    with own_connections(store, monkeypatch):
        answers = at_once(
            10, lambda _: duel.mira.patch(url, {"action": "advance_phase"}, headers=key)
        )
    assert {one.status for one in answers} == {200}
    assert all(one.json == answers[0].json for one in answers)
    assert len(events(battle)) == 3


@pytest.mark.commits
def test_one_creation_is_one_battle_however_often_it_is_sent(
    duel: Duel, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_connections(store, monkeypatch):
        answers = at_once(10, lambda _: duel.mira.post("/v1/battles", duel.body()))
    assert {one.status for one in answers} == {201}
    assert len({one.json["battle"]["id"] for one in answers}) == 1
    assert db.fetch_value("select count(*) from tracker.battles") == 1


@pytest.mark.commits
def test_an_army_that_goes_while_a_battle_is_made_is_in_none(
    duel: Duel, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"/v1/armies/{duel.armies[0]}"
    statuses = Counter[int]()
    lock = threading.Lock()

    def race(number: int) -> Any:
        answered = (
            duel.mira.delete(url)
            if number % 2
            else duel.nils.post("/v1/battles", duel.body(max_rounds=number + 1))
        )
        with lock:
            statuses[answered.status] += 1
        return answered

    with own_connections(store, monkeypatch):
        at_once(8, race)
    made, gone = statuses[201], statuses[204]
    assert (made > 0) != (gone > 0), statuses
    assert statuses.keys() <= {201, 204, 404, 409, 422}
