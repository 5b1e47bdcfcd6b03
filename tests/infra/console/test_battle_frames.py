"""What frames make of a battle that is watched."""

from __future__ import annotations

from typing import Any

from tests.support.modules import evaluate

SCORES = {"victory_points": 0, "primary": 0, "secondary": 0, "linchpin": 0, "challenge": 0}


def apply(*frames: dict[str, Any]) -> Any:
    battle = {
        "version": 1,
        "status": "in_progress",
        "current_round": 1,
        "winner_id": None,
        "players": [
            {"user_id": one, "scores": SCORES, "command_points": 0, "stratagems_used": []}
            for one in ("usr_a", "usr_b")
        ],
    }
    expression = "given[1].reduce(m.apply, given[0])"
    return evaluate("battle_frames.js", expression, [battle, list(frames)])


def test_scores_are_those_of_the_frames_player() -> None:
    scores = SCORES | {"primary": 5, "victory_points": 5}
    frame = {"type": "score_update", "version": 2, "player_id": "usr_b", "scores": scores}
    battle = apply(frame)
    assert [one["scores"]["primary"] for one in battle["players"]] == [0, 5]
    assert battle["version"] == 2


def test_stratagems_are_added_and_command_points_set() -> None:
    used = {"type": "stratagem_used", "player_id": "usr_a", "stratagem": "Overwatch"}
    battle = apply(
        used | {"command_points": 2},
        {"type": "command_points_update", "player_id": "usr_a", "command_points": 0},
    )
    player = battle["players"][0]
    assert (player["stratagems_used"], player["command_points"]) == (["Overwatch"], 0)


def test_a_completed_battle_has_its_winner_and_final_scores() -> None:
    frame = {
        "type": "battle_complete",
        "status": "completed",
        "winner_id": "usr_a",
        "result_type": "score",
        "final_scores": {"usr_a": SCORES | {"victory_points": 71}},
    }
    battle = apply(frame)
    assert (battle["status"], battle["winner_id"]) == ("completed", "usr_a")
    assert battle["players"][0]["scores"]["victory_points"] == 71


def test_an_undone_battle_is_the_one_that_the_frame_holds() -> None:
    before = apply()
    frame = {"type": "battle_status", "cause": "undone", "battle": before | {"current_round": 3}}
    assert apply(frame)["current_round"] == 3


def test_presence_changes_who_is_here() -> None:
    battle = apply({"type": "player_connected", "player_id": "usr_b"})
    assert [one.get("connected") for one in battle["players"]] == [None, True]
