"""Battles: what is wrong with what is sent, field by field; tracker.md 4.1, 4.3, 4.5 and 4.6."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.armies import make_army
from tests.support.client import Client
from tests.support.tracker import check_error, make_user
from tests.support.tracker_battles import BATTLE, Duel, act, done, make_duel, user_id


@pytest.fixture
def duel(tracker_keys: None) -> Duel:
    """Two players, who each have an army."""
    return make_duel()


def check_field(answered: Any, field: str, rule: str = "invalid") -> None:
    check_error(answered, 422, "VALIDATION_ERROR")
    [problem] = answered.json["error"]["details"]["fields"]
    assert (problem["field"], problem["rule"]) == (field, rule)


def test_defaults(duel: Duel) -> None:
    sent = {
        "battle_type": "narrative",
        "mission": {"name": "x", "deployment": "y"},
        "players": [
            {"user_id": duel.mira_id, "army_id": duel.armies[0]},
            {"user_id": duel.nils_id, "army_id": duel.armies[1], "position": "left"},
        ],
        "status": "completed",
        "version": 7,
    }
    answered = duel.nils.post("/v1/battles", sent)
    assert answered.status == 201, answered.text
    battle = answered.json["battle"]
    assert battle["created_by"] == duel.nils_id
    assert [one["position"] for one in battle["players"]] == ["right", "left"]
    assert battle["current_turn"]["player_id"] == duel.nils_id
    assert (battle["max_rounds"], battle["turn_time_limit"], battle["chess_budget"]) == (
        *(5, 1800),
        5400,
    )
    assert (battle["turn_timeout"], battle["clock_mode"], battle["visibility"]) == (
        *("flag", "turn"),
        "public",
    )
    assert battle["phases"] == [
        *("command", "movement", "psychic", "shooting", "charge", "fight", "morale")
    ]
    assert battle["mission"] == sent["mission"] | {
        **{"primary_objectives": [], "secondary_objectives": []}
    }
    [mira, _] = battle["players"]
    assert mira["army"] == {
        **{"name": "Third Dynasty", "faction_id": "fac_necrons", "points_value": 1000},
        "detachment": "Canoptek Court",
    }
    assert (mira["display_name"], mira["connected"], mira["time_used"]) == ("mira", False, 0)
    assert (mira["command_points"], mira["stratagems_used"]) == (0, [])


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        *(("battle_type", value, "invalid") for value in ("skirmish", None, 7)),
        *(("mission", value, "invalid") for value in ("x", None, [])),
        *(("mission.name", value, "invalid") for value in ("", "x" * 101, None)),
        ("mission.deployment", "x" * 101, "invalid"),
        ("mission.primary_objectives", ["x"] * 11, "invalid"),
        ("mission.secondary_objectives.0", [7], "invalid"),
        *(("max_rounds", value, "invalid") for value in (0, 11, 1.5, "5", True)),
        *(("turn_time_limit", value, "invalid") for value in (-1, 1, 29, 86_401, "30")),
        *(("chess_budget", value, "invalid") for value in (59, 36_001)),
        *(("phases", value, "invalid") for value in ([], ["fight"], ["fight", "command"])),
        ("phases.1", ["command", "tea"], "invalid"),
        ("phases", ["command", "command"], "invalid"),
        ("turn_timeout", "wait", "invalid"),
        ("clock_mode", "sand", "invalid"),
        ("visibility", "hidden", "invalid"),
        ("players", [], "invalid"),
        ("players", {}, "invalid"),
        ("tournament_id", 7, "invalid"),
        ("tournament_id", "trn_00000000", "unknown_tournament"),
    ],
)
def test_a_rule_that_is_broken_is_named(duel: Duel, field: str, value: Any, rule: str) -> None:
    name, _, inner = field.partition(".")
    sent = duel.body()
    if inner and name == "mission":
        sent["mission"] = {**BATTLE["mission"], inner.partition(".")[0]: value}
    else:
        sent[name] = value
    check_field(duel.mira.post("/v1/battles", sent), field, rule)


def test_who_plays_with_what(duel: Duel) -> None:
    [mira, nils] = duel.body()["players"]

    def post(*players: dict[str, Any]) -> Any:
        return duel.mira.post("/v1/battles", duel.body(players=list(players)))

    check_field(post(mira), "players")
    check_field(post(mira, nils, nils), "players")
    check_field(post(mira, nils | {"user_id": duel.mira_id}), "players", "same_player")
    check_field(post(mira, nils | {"position": "left"}), "players", "same_position")
    check_field(post(mira, nils | {"position": "top"}), "players.1.position")
    check_field(post(mira, {"army_id": "x"}), "players.1.user_id", "required")
    check_field(post(mira, nils | {"user_id": "usr_0"}), "players.1.user_id", "unknown_user")
    check_field(post(mira, nils | {"army_id": "army_0"}), "players.1.army_id", "unknown_army")
    check_field(post(mira, nils | {"army_id": duel.armies[0]}), "players.1.army_id", "not_owner")
    secret = make_army(duel.nils, visibility="private")["id"]
    answered = post(mira, nils | {"army_id": secret})
    assert answered.status == 201, "an army that the opponent may not read is named by its id"
    assert duel.mira.get(f"/v1/armies/{secret}").status == 200, "opponents may read it now"
    gone = make_army(duel.nils, name="gone")["id"]
    assert duel.nils.delete(f"/v1/armies/{gone}").status == 204
    check_field(post(mira, nils | {"army_id": gone}), "players.1.army_id", "unknown_army")


def test_who_may_make_a_battle(duel: Duel) -> None:
    for role, status in (("player", 403), ("organizer", 403), ("admin", 201)):
        client = make_user(f"some{role}", role)
        answered = client.post("/v1/battles", duel.body())
        assert answered.status == status, answered.text
    check_error(make_user("last").post("/v1/battles", duel.body()), 403, "FORBIDDEN")
    assert answered.json["battle"]["created_by"] == user_id(client)


@pytest.mark.parametrize(
    ("action", "fields", "field", "rule"),
    [
        (None, {}, "action", "required"),
        *((action, {}, "action", "invalid") for action in ("win", 7, [], {}, "complete")),
        ("update_scores", {}, "player_id", "required"),
        ("update_scores", {"scores": {}}, "scores", "required"),
        ("update_scores", {"player_id": "usr_0"}, "player_id", "unknown_player"),
        *(
            ("update_scores", {"scores": {"primary": value}}, "scores.primary", "invalid")
            for value in (-1, 1000, 1.5, "3", True, None)
        ),
        ("update_scores", {"scores": []}, "scores", "invalid"),
        ("advance_phase", {"phase": "tea"}, "phase", "invalid"),
        ("advance_phase", {"phase": "psychic"}, "phase", "unknown_phase"),
        ("advance_phase", {"player_id": "usr_0"}, "player_id", "unknown_player"),
        ("use_stratagem", {"stratagem": ""}, "stratagem", "invalid"),
        ("use_stratagem", {"stratagem": "x" * 101}, "stratagem", "invalid"),
        ("use_stratagem", {"stratagem": "x", "cp_cost": -1}, "cp_cost", "invalid"),
        ("use_stratagem", {}, "stratagem", "required"),
        *(
            ("set_command_points", {"command_points": value}, "command_points", "invalid")
            for value in (-1, 100, None)
        ),
        ("start", {"first_player_id": "usr_0"}, "first_player_id", "unknown_player"),
        ("end_turn", {"player_id": 7}, "player_id", "invalid"),
        ("switch_clock", {"player_id": None}, "player_id", "invalid"),
        *(
            ("adjust_clock", {"seconds": value, "reason": "x"}, "seconds", "invalid")
            for value in (-36_001, 36_001, 1.5)
        ),
        ("adjust_clock", {"seconds": 1}, "reason", "required"),
        ("undo", {}, "seq", "required"),
        ("undo", {"seq": 0}, "seq", "invalid"),
        ("cancel", {"reason": "x" * 501}, "reason", "invalid"),
        ("reopen", {"reason": 7}, "reason", "invalid"),
    ],
)
def test_a_field_of_an_action(
    duel: Duel, action: Any, fields: dict[str, Any], field: str, rule: str
) -> None:
    battle = duel.make(phases=["command", "movement", "shooting", "charge", "fight"])
    sent: dict[str, Any] = {} if action is None else {"action": action}
    if action in ("update_scores", "use_stratagem", "set_command_points", "adjust_clock"):
        sent["player_id"] = duel.mira_id
    if action == "update_scores" and fields:
        sent["scores"] = {"primary": 1}
    if (field, rule) == ("player_id", "required"):
        sent = {"action": action, "scores": {"primary": 1}}
    answered = duel.mira.patch(f"/v1/battles/{battle['id']}", {**sent, **fields})
    check_field(answered, field, rule)
    read = duel.mira.get(f"/v1/battles/{battle['id']}").json["battle"]
    assert (read["version"], read["status"]) == (1, "setup")


@pytest.mark.parametrize(
    ("sent", "field", "rule"),
    [
        ({"final_scores": []}, "final_scores", "invalid"),
        ({"final_scores": {"usr_0": {}}}, "final_scores.usr_0", "unknown_player"),
        ({"winner_id": "usr_0"}, "winner_id", "unknown_player"),
        ({"winner_id": 7}, "winner_id", "invalid"),
        ({"result_type": "draw"}, "result_type", "invalid"),
    ],
)
def test_a_field_of_a_result(duel: Duel, sent: Any, field: str, rule: str) -> None:
    battle = duel.make()
    check_field(duel.mira.post(f"/v1/battles/{battle['id']}/complete", sent), field, rule)
    scores = {duel.mira_id: {"primary": 1000}}
    answered = duel.mira.post(f"/v1/battles/{battle['id']}/complete", {"final_scores": scores})
    check_field(answered, f"final_scores.{duel.mira_id}.primary")
    assert duel.mira.get(f"/v1/battles/{battle['id']}").json["battle"]["version"] == 1


@pytest.mark.parametrize("value", [-1, 100, 1.5, "1"])
def test_a_round_that_is_none(duel: Duel, value: Any) -> None:
    battle = duel.make()
    url = f"/v1/battles/{battle['id']}/advance-round"
    check_field(duel.mira.post(url, {"from_round": value}), "from_round")


# --- scores and results ---


def score(duel: Duel, battle: Any, **scores: int) -> dict[str, Any]:
    answered = act(duel.nils, battle, "update_scores", player_id=duel.mira_id, scores=scores)
    changed: dict[str, Any] = done(answered)
    return changed


def test_the_total_moves_with_its_parts_unless_it_is_sent(duel: Duel) -> None:
    battle = duel.make()

    def total(**scores: int) -> Any:
        return score(duel, battle, **scores)["players"][0]["scores"]["victory_points"]

    assert total(primary=3) == 3
    assert total(secondary=2) == 5
    assert total(secondary=3) == 6
    assert total(victory_points=13, secondary=0) == 13
    assert total(secondary=4) == 17
    assert total(primary=0) == 14
    changed = score(duel, battle, victory_points=1)
    assert changed["warnings"] == ["SCORE_PARTS_EXCEED_TOTAL"]
    assert total(secondary=0) == 0, "never below nothing"
    assert score(duel, battle, victory_points=3)["warnings"] == []


def complete(duel: Duel, mira: int, nils: int, **sent: Any) -> dict[str, Any]:
    battle = duel.make()
    scores = {duel.mira_id: {"victory_points": mira}, duel.nils_id: {"victory_points": nils}}
    url = f"/v1/battles/{battle['id']}/complete"
    return done(duel.mira.post(url, {"final_scores": scores, **sent}))


def test_who_won(duel: Duel) -> None:
    def result(mira: int, nils: int, **sent: Any) -> tuple[Any, ...]:
        ended = complete(duel, mira, nils, **sent)
        return ended["winner_id"], ended["result_type"], ended["warnings"]

    mira, nils = duel.mira_id, duel.nils_id
    differs = ["WINNER_DIFFERS_FROM_SCORE"]
    assert result(71, 64) == (mira, "score", [])
    assert result(50, 50) == (None, "draw", [])
    assert result(50, 50, winner_id=None, result_type="forfeit") == (None, "draw", [])
    assert result(71, 64, winner_id=mira) == (mira, "score", [])
    assert result(71, 64, winner_id=mira, result_type="concession") == (mira, "concession", [])
    assert result(71, 64, winner_id=nils) == (nils, "declared", differs)
    assert result(71, 64, winner_id=nils, result_type="timeout") == (nils, "timeout", differs)
    assert result(50, 50, winner_id=nils) == (nils, "declared", differs)


def test_a_battle_that_nobody_followed_is_completed_at_once(duel: Duel) -> None:
    ended = complete(duel, 3, 2)
    assert ended["version"] == 3
    events = duel.mira.get(f"/v1/battles/{ended['id']}/events").json["data"]
    assert [one["type"] for one in events] == ["created", "started", "completed"]


def test_stratagems_cost_command_points(duel: Duel) -> None:
    battle = duel.make()
    use = {"player_id": duel.mira_id, "stratagem": "Smokescreen"}
    free = done(act(duel.mira, battle, "use_stratagem", **use))
    assert free["players"][0]["stratagems_used"] == ["Smokescreen"]
    refused = act(duel.mira, battle, "use_stratagem", **use, cp_cost=1)
    check_error(refused, 409, "INVALID_BATTLE_STATE", reason="not_enough_command_points")
    done(act(duel.mira, battle, "set_command_points", player_id=duel.mira_id, command_points=2))
    used = done(act(duel.mira, battle, "use_stratagem", **use, cp_cost=2.0))
    assert used["players"][0]["command_points"] == 0
    assert used["players"][0]["stratagems_used"] == ["Smokescreen", "Smokescreen"]


@pytest.mark.parametrize("client", ["mira", "nils"])
def test_bodies_that_are_no_objects(duel: Duel, client: str) -> None:
    battle = duel.make()
    caller: Client = getattr(duel, client)
    for method, path in (("PATCH", ""), ("POST", "/complete"), ("POST", "/advance-round")):
        for body in ("nonsense", "[]", '{"seq": NaN}', "[" * 40 + "]" * 40):
            answered = caller.call(method, f"/v1/battles/{battle['id']}{path}", body)
            check_error(answered, 400, "INVALID_JSON")
        nul = caller.call(method, f"/v1/battles/{battle['id']}{path}", '{"x": "\\u0000"}')
        check_error(nul, 422, "VALIDATION_ERROR")
