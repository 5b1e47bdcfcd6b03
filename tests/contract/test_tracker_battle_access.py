"""Battles: who may do what, versions, repeats, limits and lists; tracker.md 1.3 to 1.5, 3 and 4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Answered, Client
from tests.support.tracker import check_error, make_user
from tests.support.tracker_battles import Duel, act, done, make_duel


@pytest.fixture
def duel(tracker_keys: None) -> Duel:
    """Two players, who each have an army."""
    return make_duel()


@pytest.fixture
def ada(duel: Duel) -> Client:
    """An admin."""
    return make_user("ada", "admin")


@pytest.fixture
def otto(duel: Duel) -> Client:
    """Who organises other tournaments."""
    return make_user("otto", "organizer")


def test_others_read_and_change_nothing(duel: Duel, otto: Client, ada: Client) -> None:
    battle = duel.make()
    url = f"/v1/battles/{battle['id']}"
    start = {"action": "start"}
    for client in (otto, make_user("pia")):
        assert client.get(url).status == 200
        assert client.get(f"{url}/events").status == 200
        assert client.post(f"{url}/ws-ticket").status == 201
        check_error(client.patch(url, start), 403, "FORBIDDEN", required="player")
        check_error(client.post(f"{url}/complete"), 403, "FORBIDDEN")
        check_error(client.post(f"{url}/advance-round"), 403, "FORBIDDEN")
    assert done(ada.patch(url, start))["status"] == "in_progress"
    events = ada.get(f"{url}/events").json["data"]
    assert (events[1]["actor_role"], events[1]["source"]) == ("admin", "rest")
    assert events[1]["request_id"] == "req_therequestid"


def test_a_private_battle_is_for_its_players_and_admins(
    duel: Duel, otto: Client, ada: Client
) -> None:
    battle = duel.make(visibility="private")
    url = f"/v1/battles/{battle['id']}"
    for answered in (
        *(otto.get(url), otto.patch(url, {}), otto.get(f"{url}/events")),
        *(otto.post(f"{url}/complete"), otto.post(f"{url}/ws-ticket")),
    ):
        check_error(answered, 404, "BATTLE_NOT_FOUND", battle_id=battle["id"])
    for client in (duel.mira, duel.nils, ada):
        assert client.get(url).status == 200
        assert len(client.get("/v1/battles").json["data"]) == 1
    assert otto.get("/v1/battles").json["data"] == []
    assert otto.get(f"/v1/battles?player_id={duel.mira_id}").json["data"] == []


@pytest.mark.parametrize("battle", ["btl_00000000", "army_00000000", "%00", "x" * 300, "é"])
def test_an_unknown_battle(duel: Duel, battle: str) -> None:
    url = f"/v1/battles/{battle}"
    for answered in (
        *(duel.mira.get(url), duel.mira.patch(url, {}), duel.mira.get(f"{url}/events")),
        *(duel.mira.post(f"{url}/complete"), duel.mira.post(f"{url}/advance-round")),
        duel.mira.post(f"{url}/ws-ticket"),
    ):
        check_error(answered, 404, "BATTLE_NOT_FOUND")


# --- states ---


def reason(answered: Answered) -> Any:
    check_error(answered, 409, "INVALID_BATTLE_STATE")
    details = answered.json["error"]["details"]
    assert details.keys() >= {"status", "action", "allowed", "reason"}
    return details["reason"]


def test_what_is_not_legal_now(duel: Duel) -> None:
    battle = duel.make(max_rounds=2)
    mira, nils = duel.mira_id, duel.nils_id
    assert reason(act(duel.mira, battle, "reopen")) == "not_completed"
    assert reason(act(duel.mira, battle, "end_turn", player_id=nils)) == "not_at_turn"
    assert reason(act(duel.mira, battle, "pause_clock")) == "not_started"
    done(act(duel.nils, battle, "start"))
    assert reason(act(duel.mira, battle, "start")) == "already_started"
    done(act(duel.mira, battle, "advance_phase", phase="fight"))
    for phase in ("fight", "command"):
        assert reason(act(duel.mira, battle, "advance_phase", phase=phase)) == "phase_backwards"
    answered = act(duel.nils, battle, "advance_phase", player_id=nils)
    assert reason(answered) == "not_at_turn", "a double tap on two phones"
    url = f"/v1/battles/{battle['id']}"
    assert reason(duel.mira.post(f"{url}/advance-round", {"from_round": 2})) == "wrong_round"
    moved = done(duel.mira.post(f"{url}/advance-round", {"from_round": 1}))
    assert (moved["current_round"], moved["current_turn"]["player_id"]) == (2, mira)
    again = done(duel.mira.post(f"{url}/advance-round", {"from_round": 1}))
    assert again["version"] == moved["version"], "a retry"
    assert reason(duel.mira.post(f"{url}/advance-round")) == "last_round"
    done(act(duel.mira, battle, "cancel", reason="rain"))
    for action in ("cancel", "reopen", "start"):
        assert reason(act(duel.mira, battle, action)) in ("cancelled", "not_completed")
    assert reason(duel.mira.post(f"{url}/complete")) == "cancelled"


def test_a_casual_battle_is_reopened_for_fifteen_minutes(duel: Duel, ada: Client) -> None:
    battle = duel.make()
    url = f"/v1/battles/{battle['id']}"
    ended = done(duel.mira.post(f"{url}/complete", {"winner_id": duel.nils_id}))
    assert ended["warnings"] == ["WINNER_DIFFERS_FROM_SCORE"]
    opened = done(act(duel.nils, battle, "reopen", reason="counted wrong"))
    assert (opened["status"], opened["winner_id"], opened["completed_at"]) == (
        *("in_progress", None),
        None,
    )
    assert (opened["result_type"], opened["warnings"]) == (None, [])
    assert opened["current_turn"]["running"] is False
    done(duel.mira.post(f"{url}/complete"))
    db.query(
        """
        update tracker.battles
        set state = jsonb_set(state, '{completed_at}', to_jsonb(shared.iso_time(
          clock_timestamp() - interval '901 seconds')))
        """
    )
    assert reason(act(duel.mira, battle, "reopen")) == "too_late"
    assert done(act(ada, battle, "reopen"))["status"] == "in_progress"


def test_undoing_the_newest_event(duel: Duel) -> None:
    battle = duel.make()
    sent = {"player_id": duel.mira_id, "scores": {"primary": 5}}
    first = done(act(duel.mira, battle, "update_scores", **sent))
    sent["scores"] = {"primary": 15}
    second = done(act(duel.mira, battle, "update_scores", **sent))
    assert reason(act(duel.nils, battle, "undo", seq=3)) == "not_newest"
    undone = done(act(duel.nils, battle, "undo", seq=second["version"]))
    assert undone["players"][0]["scores"] == first["players"][0]["scores"]
    assert undone["version"] == 5
    assert reason(act(duel.nils, battle, "undo", seq=5)) == "not_undoable"
    turned = done(act(duel.mira, battle, "end_turn"))
    back = done(act(duel.mira, battle, "undo", seq=turned["version"]))
    assert back["current_turn"]["player_id"] == duel.mira_id
    assert back["current_turn"]["start_time"] == first["current_turn"]["start_time"]


# --- versions and repeats ---


def test_two_writers_of_different_fields_both_succeed(duel: Duel) -> None:
    battle = duel.make()
    for client, part in ((duel.mira, "primary"), (duel.nils, "secondary")):
        done(act(client, battle, "update_scores", player_id=duel.mira_id, scores={part: 4}))
    read = duel.mira.get(f"/v1/battles/{battle['id']}").json["battle"]
    assert read["players"][0]["scores"]["victory_points"] == 8


def test_if_match_and_if_none_match(duel: Duel) -> None:
    battle = duel.make()
    url = f"/v1/battles/{battle['id']}"
    have = {"If-None-Match": '"1"'}
    assert duel.mira.get(url, headers=duel.mira.headers | have).status == 304
    started = {"If-Match": 'W/"1"'}
    body = {"action": "start"}
    assert duel.mira.patch(url, body, headers=duel.mira.headers | started).status == 200
    assert duel.mira.get(url, headers=duel.mira.headers | have).status == 200
    have = {"If-None-Match": '"2"'}
    db.query(
        """
        update tracker.battles
        set state = jsonb_set(state, '{turn,used_ms}', '60000')
        """
    )
    answered = duel.mira.get(url, headers=duel.mira.headers | have)
    assert answered.status == 304, "the clock changes no tag"
    for method, path in (("PATCH", ""), ("POST", "/complete"), ("POST", "/advance-round")):
        headers = duel.mira.headers | {"If-Match": '"1"'}
        stale = duel.mira.call(method, url + path, {"action": "end_turn"}, headers=headers)
        check_error(stale, 409, "VERSION_CONFLICT", current_version=2)
        assert stale.json["error"]["details"]["battle"]["status"] == "in_progress"


def test_a_request_with_a_key_is_done_once(duel: Duel) -> None:
    battle = duel.make()
    url = f"/v1/battles/{battle['id']}"
    key = duel.mira.headers | {"Idempotency-Key": "one"}
    body = {"action": "advance_phase"}
    first = duel.mira.patch(url, body, headers=key)
    again = duel.mira.patch(url, {"action": "advance_phase"}, headers=key)
    assert again.json == first.json
    assert (again.headers["idempotency-replayed"], again.headers["etag"]) == ("true", '"3"')
    other = duel.mira.patch(url, {"action": "end_turn"}, headers=key)
    check_error(other, 409, "IDEMPOTENCY_CONFLICT", reason="other_body")
    assert duel.mira.post(f"{url}/advance-round", headers=key).status == 200, "another path"
    completed = duel.mira.post(f"{url}/complete", {}, headers=key)
    assert duel.mira.post(f"{url}/complete", "", headers=key).json == completed.json
    late = duel.mira.headers | {"Idempotency-Key": "late"}
    refused = duel.mira.patch(url, body, headers=late)
    assert reason(refused) == "completed"
    again = duel.mira.patch(url, body, headers=late)
    assert (again.status, again.json["error"]) == (409, refused.json["error"])
    assert again.headers["idempotency-replayed"] == "true"
    assert duel.mira.get(url).json["battle"]["version"] == completed.json["battle"]["version"]


def test_an_offline_score_sheet_is_replayed_in_order(duel: Duel) -> None:
    battle = duel.make()
    url = f"/v1/battles/{battle['id']}"
    version = 1
    for number in range(5):
        sent = {
            "action": "update_scores",
            "player_id": duel.mira_id,
            "scores": {"primary": number},
        }
        headers = {"Idempotency-Key": f"sheet {number}", "If-Match": f'"{version}"'}
        for _ in range(2):
            answered = duel.mira.patch(url, sent, headers=duel.mira.headers | headers)
        version = done(answered)["version"]
    assert version == 7


def test_an_equal_battle_without_a_key_is_a_retry(duel: Duel) -> None:
    first = duel.mira.post("/v1/battles", duel.body())
    again = duel.mira.post("/v1/battles", duel.body())
    assert again.json == first.json
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    theirs = duel.nils.post("/v1/battles", duel.body())
    assert theirs.json["battle"]["id"] != first.json["battle"]["id"]


# --- limits ---


def test_a_battle_takes_so_many_changes_a_minute(duel: Duel, setting: Callable[..., None]) -> None:
    setting(BATTLE_UPDATES="3")
    battle, other = duel.make(), duel.make()
    url = f"/v1/battles/{battle['id']}"
    pia = make_user("pia")
    for _ in range(5):
        assert pia.patch(url, {"action": "start"}).status == 403, "not counted"
    done(act(duel.mira, battle, "start"))
    assert act(duel.mira, battle, "start").status == 409
    assert duel.nils.patch(url, {}).status == 422
    key = duel.mira.headers | {"Idempotency-Key": "x"}
    for path in ("", "/complete", "/advance-round"):
        method = "POST" if path else "PATCH"
        answered = duel.mira.call(method, url + path, {"action": "end_turn"}, headers=key)
        check_error(answered, 429, "RATE_LIMITED", scope="battle_update", limit=3)
        assert answered.headers["x-ratelimit-limit"] == "3"
        assert int(answered.headers["retry-after"]) >= 1
        assert answered.json["error"]["details"]["retry_after"] >= 1
    assert duel.mira.get(url).headers["x-ratelimit-limit"] == "1000"
    done(act(duel.mira, other, "start"))
    db.query("update shared.rate_limits set window_start = window_start - 61")
    answered = duel.mira.patch(url, {"action": "end_turn"}, headers=key)
    assert answered.status == 200, "429 is not kept for the key"


# --- lists and events ---


def ids(answered: Answered) -> list[str]:
    assert answered.status == 200, answered.text
    return [one["id"] for one in answered.json["data"]]


def test_lists(duel: Duel) -> None:
    made = [duel.make() for _ in range(5)]
    newest = [one["id"] for one in made][::-1]
    pia = make_user("pia")
    done(act(duel.mira, made[0], "start"))
    done(duel.mira.post(f"/v1/battles/{made[1]['id']}/complete"))
    assert ids(pia.get("/v1/battles")) == newest
    assert ids(pia.get("/v1/battles?status=setup")) == newest[:3]
    assert ids(pia.get("/v1/battles?status=in_progress")) == [made[0]["id"]]
    assert ids(pia.get("/v1/battles?status=&player_id=&tournament_id=")) == newest
    assert ids(pia.get("/v1/battles?tournament_id=trn_00000000")) == []
    for query in ("", f"player_id={duel.nils_id}", "status=setup"):
        found, cursor = [], ""
        while True:
            more = f"&cursor={cursor}" if cursor else ""
            page = pia.get(f"/v1/battles?{query}&limit=2{more}")
            found += ids(page)
            cursor = page.json["pagination"]["next_cursor"]
            if not cursor:
                break
        assert found == (newest[:3] if query == "status=setup" else newest)
    assert ids(pia.get(f"/v1/battles?player_id={duel.mira_id}&offset=3")) == newest[3:]
    assert ids(pia.get(f"/v1/battles?player_id={duel.mira_id}&status=completed")) == [newest[3]]
    check_error(pia.get("/v1/battles?status=lost"), 422, "VALIDATION_ERROR")
    whole = pia.get(f"/v1/battles/{made[0]['id']}").json["battle"]
    [listed] = pia.get("/v1/battles?status=in_progress").json["data"]
    assert listed | {"current_turn": None} == whole | {"current_turn": None}


def test_events_are_read_on(duel: Duel) -> None:
    battle = duel.make()
    for number in range(4):
        sent = {"player_id": duel.mira_id, "scores": {"primary": number}}
        done(act(duel.mira, battle, "update_scores", **sent))
    url = f"/v1/battles/{battle['id']}/events"
    page = duel.nils.get(f"{url}?limit=4").json
    assert [one["seq"] for one in page["data"]] == [1, 2, 3, 4]
    # Regression: there was more, and no cursor of it.
    assert page["pagination"] == {"limit": 4, "has_more": True, "next_cursor": "4"}
    page = duel.nils.get(f"{url}?since=4&limit=9999").json
    assert [one["seq"] for one in page["data"]] == [5, 6]
    assert page["pagination"] == {"limit": 500, "has_more": False, "next_cursor": None}
    [event] = duel.nils.get(f"{url}?since=5").json["data"]
    assert event["data"] == {
        "player_id": duel.mira_id,
        "changed": ["primary", "victory_points"],
    }
    parts = {"primary": 3, "victory_points": 3}
    assert event["after"] == {"players": {duel.mira_id: {"scores": parts}}}
    for number in ("9999999999", "9" * 5000):
        assert duel.nils.get(f"{url}?since={number}&limit={number}").json["data"] == []
    for query in ("since=-1", "since=x", "limit=0", "limit=x", "since=1e3", "since=%00"):
        check_error(duel.nils.get(f"{url}?{query}"), 422, "VALIDATION_ERROR")


def test_what_a_player_gets_without_the_database(duel: Duel, away: Callable[[], None]) -> None:
    battle = duel.make()
    url = f"/v1/battles/{battle['id']}"
    away()
    for answered in (
        *(duel.mira.get(url), duel.mira.get("/v1/battles"), duel.mira.get(f"{url}/events")),
        *(duel.mira.patch(url, {"action": "start"}), duel.mira.post(f"{url}/complete")),
        *(duel.mira.post("/v1/battles", duel.body()), duel.mira.post(f"{url}/ws-ticket")),
        *(duel.mira.get("/v1/armies"), duel.mira.get("/v1/users?q=mira")),
    ):
        check_error(answered, 503, "SERVICE_UNAVAILABLE")
        assert int(answered.headers["retry-after"]) >= 1
