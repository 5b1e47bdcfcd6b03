"""Battles: tracker.md sections 3, 4 and the worked session of section 9."""

from __future__ import annotations

import re

import pytest

from tests.support.tracker import check_error
from tests.support.tracker_battles import Duel, act, done, make_duel


@pytest.fixture
def duel(tracker_keys: None) -> Duel:
    """Two players, who each have an army."""
    return make_duel()


def test_the_worked_session(duel: Duel) -> None:
    answered = duel.mira.post("/v1/battles", duel.body())
    assert answered.status == 201, answered.text
    battle = answered.json["battle"]
    assert answered.headers["location"] == f"/v1/battles/{battle['id']}"
    assert re.fullmatch("btl_[0-9A-Za-z]{8,32}", battle["id"])
    assert (battle["status"], battle["current_round"], battle["version"]) == ("setup", 1, 1)
    turn = battle["current_turn"]
    assert (turn["player_id"], turn["phase"], turn["start_time"]) == (duel.mira_id, "command", None)
    assert (turn["time_remaining"], turn["running"]) == (1200, False)

    answered = act(
        *(duel.mira, battle, "update_scores"),
        player_id=duel.mira_id,
        scores={"primary": 5, "secondary": 4},
    )
    assert (answered.status, answered.headers["etag"]) == (200, '"3"')
    changed = answered.json["battle"]
    assert (changed["status"], changed["version"]) == ("in_progress", 3)
    assert changed["players"][0]["scores"] == {
        **{"victory_points": 9, "primary": 5, "secondary": 4, "linchpin": 0, "challenge": 0}
    }
    assert changed["current_turn"]["running"] is True

    phase = act(duel.mira, battle, "advance_phase", player_id=duel.mira_id, phase="shooting")
    assert done(phase)["current_turn"]["phase"] == "shooting"
    stale = duel.nils.patch(
        f"/v1/battles/{battle['id']}",
        {"action": "use_stratagem", "player_id": duel.nils_id, "stratagem": "Smokescreen"},
        headers=duel.nils.headers | {"If-Match": '"3"'},
    )
    check_error(stale, 409, "VERSION_CONFLICT", current_version=4)
    assert stale.json["error"]["details"]["battle"]["version"] == 4

    scores = {duel.mira_id: {"victory_points": 71}, duel.nils_id: {"victory_points": 64}}
    answered = duel.mira.post(f"/v1/battles/{battle['id']}/complete", {"final_scores": scores})
    completed = done(answered)
    assert (completed["status"], completed["version"]) == ("completed", 5)
    assert (completed["winner_id"], completed["result_type"]) == (duel.mira_id, "score")
    assert completed["current_turn"]["running"] is False
    assert completed["completed_at"] is not None
    refused = act(
        *(duel.mira, battle, "update_scores"), player_id=duel.mira_id, scores={"primary": 1}
    )
    check_error(
        *(refused, 409, "INVALID_BATTLE_STATE"),
        status="completed",
        action="update_scores",
        allowed=["reopen"],
    )
    again = duel.nils.post(f"/v1/battles/{battle['id']}/complete", {"final_scores": scores})
    check_error(again, 409, "INVALID_BATTLE_STATE", status="completed", action="complete")
    assert again.json["error"]["details"]["battle"]["winner_id"] == duel.mira_id

    events = duel.nils.get(f"/v1/battles/{battle['id']}/events").json
    assert [one["seq"] for one in events["data"]] == [1, 2, 3, 4, 5]
    assert [one["type"] for one in events["data"]] == [
        *("created", "started", "scores_updated", "phase_advanced", "completed")
    ]
    assert events["pagination"] == {"limit": 100, "has_more": False, "next_cursor": None}
