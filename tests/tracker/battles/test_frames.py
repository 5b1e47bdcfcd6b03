"""Messages of battles: tracker.md 5.2. Who applies them knows the battle."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from functions.shared.errors import Conflict, Invalid
from functions.tracker.battles.battle import evolve
from functions.tracker.battles.frames import make_frame
from functions.tracker.battles.models import show_battle
from tests.support.battle_rules import M, N, Table

PEOPLE = {"names": {M: "Mira", N: "Nils"}, "connected": []}
FIELDS = {
    "score_update": {"player_id", "scores", "changed", "actor_id", "warnings"},
    "round_advance": {"current_round", "current_turn"},
    "timer_update": {"current_turn", "cause"},
    "stratagem_used": {"player_id", "stratagem", "command_points"},
    "command_points_update": {"player_id", "stratagem", "command_points"},
    "battle_status": {"cause", "reason", "battle"},
    "battle_complete": {"winner_id", "final_scores", "result_type", "warnings"},
}
ALWAYS = {"type", "battle_id", "timestamp", "version", "status"}


def frames_of(table: Table) -> list[dict[str, Any]]:
    """The message of each event after the first."""
    state, frames = evolve({}, table.events[0]), []
    for event in table.events[1:]:
        state = evolve(state, event)
        frames.append(json.loads(json.dumps(make_frame(state, event, PEOPLE))))
    return frames


def apply(battle: dict[str, Any], frame: dict[str, Any]) -> dict[str, Any]:
    """What a client makes of a message."""
    changed = {**battle, "version": frame["version"], "status": frame["status"]}
    changed["updated_at"] = frame["timestamp"]
    players = {one["user_id"]: dict(one) for one in battle["players"]}
    match frame["type"]:
        case "score_update":
            players[frame["player_id"]]["scores"] = frame["scores"]
            changed["warnings"] = frame["warnings"]
        case "round_advance":
            changed["current_round"] = frame["current_round"]
            changed["current_turn"] = frame["current_turn"]
        case "timer_update":
            changed["current_turn"] = frame["current_turn"]
        case "stratagem_used":
            player = players[frame["player_id"]]
            player["command_points"] = frame["command_points"]
            player["stratagems_used"] = [*player["stratagems_used"], frame["stratagem"]][-50:]
        case "command_points_update":
            players[frame["player_id"]]["command_points"] = frame["command_points"]
        case "battle_complete":
            for player_id, scores in frame["final_scores"].items():
                players[player_id]["scores"] = scores
            changed |= {name: frame[name] for name in ("winner_id", "result_type", "warnings")}
            changed["completed_at"] = frame["timestamp"]
        case "battle_status":
            changed = frame["battle"]
            players = {one["user_id"]: one for one in changed["players"]}
    return {**changed, "players": list(players.values())}


def without_clock(battle: dict[str, Any]) -> dict[str, Any]:
    """A battle but for what its clock shows, which is derived."""
    turn = {name: battle["current_turn"][name] for name in ("player_id", "phase", "start_time")}
    players = [{**one, "time_used": 0} for one in battle["players"]]
    return {**battle, "current_turn": turn, "players": players}


def play(seed: int) -> Table:
    """A battle in which anything happens."""
    choose = random.Random(seed)
    table = Table(
        clock_mode=choose.choice(("turn", "chess")),
        turn_timeout=choose.choice(("flag", "pass")),
        max_rounds=3,
        chess_budget=300,
    )
    for _ in range(60):
        table.wait(choose.choice((1, 5, 40)))
        player = choose.choice((M, N))
        sent: dict[str, Any] = choose.choice(
            (
                {"action": "advance_phase"},
                {"action": "end_turn"},
                {"action": "update_scores", "player_id": player}
                | {"scores": {choose.choice(("primary", "victory_points")): choose.randrange(20)}},
                {"action": "use_stratagem", "player_id": player, "stratagem": f"s{seed}"},
                {"action": "set_command_points", "player_id": player, "command_points": 3},
                {"action": "pause_clock"},
                {"action": "resume_clock"},
                {"action": "switch_clock", "player_id": player},
                {"action": "adjust_clock", "player_id": player, "seconds": 9, "reason": "x"},
                {"action": "undo", "seq": table.state["version"]},
                {"action": "complete", "winner_id": choose.choice((None, M))},
                {"action": "reopen"},
                {"action": "advance_round"},
            )
        )
        try:
            table.act(official=True, **sent)
        except (Conflict, Invalid):
            continue
    return table


@pytest.mark.parametrize("seed", range(30))
def test_who_applies_all_messages_knows_the_battle(seed: int) -> None:
    table = play(seed)
    battle = show_battle(evolve({}, table.events[0]), PEOPLE, table.now)
    for frame in frames_of(table):
        battle = apply(battle, frame)
    shown = show_battle(table.state, PEOPLE, table.now)
    assert without_clock(battle) == without_clock(json.loads(json.dumps(shown)))


def test_each_event_makes_a_message_of_these_fields() -> None:
    seen = set()
    for seed in range(30):
        for frame in frames_of(play(seed)):
            assert frame.keys() == ALWAYS | FIELDS[frame["type"]]
            seen.add(frame["type"])
    assert seen == FIELDS.keys()


def test_the_largest_message_fits_into_a_frame() -> None:
    table = Table(
        mission={
            **{"name": "n" * 100, "deployment": "d" * 100},
            **{"primary_objectives": ["é" * 200] * 10, "secondary_objectives": ["é" * 200] * 10},
        }
    )
    for player in (M, N):
        for _ in range(60):
            table.act("use_stratagem", player_id=player, stratagem="\N{DRAGON FACE}" * 100)
    table.act("cancel", reason="r" * 500)
    frames = frames_of(table)
    sizes = [len(json.dumps(frame, ensure_ascii=False).encode()) for frame in frames]
    assert max(sizes[:-1]) < 32 * 1024
    assert sizes[-1] < 128 * 1024, "which holds a whole battle"
