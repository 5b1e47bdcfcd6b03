"""Battles of tournaments: what only officials do there, and what their rules forbid."""

from __future__ import annotations

from typing import Any

import pytest

from functions.shared.errors import Conflict, Forbidden, Invalid
from functions.tracker.battles.battle import Actor, Battle
from functions.tracker.battles.results import force_cancel, reopen
from tests.support.battle_rules import M, N, Table


def paired(**rules: Any) -> Table:
    """A battle of a tournament's round."""
    table = Table(of_tournament={"is_pairing": True, "round_number": 1, "table_number": 3} | rules)
    table.state["tournament_id"] = table.events[0]["after"]["tournament_id"] = "trn_00000000"
    return table


@pytest.mark.parametrize(
    ("action", "sent"),
    [
        ("pause_clock", {}),
        ("resume_clock", {}),
        ("adjust_clock", {"player_id": M, "seconds": 1, "reason": "x"}),
    ],
)
def test_players_leave_the_clock_of_a_tournament_alone(action: str, sent: dict[str, Any]) -> None:
    table = paired()
    table.act("start")
    with pytest.raises(Forbidden) as refused:
        table.act(action, **sent)
    assert refused.value.extra == {"required": "organizer"}
    if action == "resume_clock":
        table.act("pause_clock", official=True)
    table.act(action, official=True, **sent)
    table.check()


def test_a_pairing_is_not_cancelled_by_anybody() -> None:
    table = paired()
    for official in (False, True):
        with pytest.raises(Conflict) as refused:
            table.act("cancel", official=official)
        assert refused.value.extra["reason"] == "tournament_battle"
    battle = Battle(table.state, Actor(M, "organizer", "rest", True), table.now)
    force_cancel(battle, "rain")
    assert battle.status == "cancelled"


def test_an_extra_battle_of_an_organiser_is() -> None:
    table = paired(is_pairing=False)
    table.act("cancel")
    assert table.state["status"] == "cancelled"


def test_only_officials_take_a_result_back_and_only_while_nothing_rests_on_it() -> None:
    table = paired()
    table.act("complete")
    with pytest.raises(Forbidden):
        table.act("reopen")
    battle = Battle(table.state, Actor(M, "organizer", "rest", True), table.now)
    battle.is_needed = True
    with pytest.raises(Conflict) as refused:
        reopen(battle, {})
    assert refused.value.extra["reason"] == "round_depends"
    table.wait(100_000)
    table.act("reopen", official=True)
    assert table.state["status"] == "in_progress"


def test_where_nobody_may_draw_a_winner_is_named() -> None:
    table = paired(needs_winner=True)
    with pytest.raises(Invalid) as refused:
        table.act("complete")
    assert refused.value.details == [
        {
            "field": "winner_id",
            "problem": "is required where nobody may draw",
            "rule": "winner_required",
        }
    ]
    table.act("complete", winner_id=N)
    assert (table.state["winner_id"], table.state["result_type"]) == (N, "declared")


@pytest.mark.parametrize(
    ("scores", "field"),
    [
        ({"primary": 51}, "primary"),
        ({"secondary": 41}, "secondary"),
        ({"victory_points": 101}, "victory_points"),
        ({"primary": 50, "secondary": 40, "challenge": 11}, "victory_points"),
    ],
)
def test_caps_of_a_tournament(scores: dict[str, int], field: str) -> None:
    caps = {"total": 100, "primary": 50, "secondary": 40}
    table = paired(score_caps=caps)
    with pytest.raises(Invalid) as refused:
        table.act("update_scores", player_id=M, scores=scores)
    [problem] = refused.value.details or []
    assert (problem["field"], problem["rule"]) == (f"scores.{field}", "score_cap")
    with pytest.raises(Invalid) as refused:
        table.act("complete", final_scores={M: scores})
    [problem] = refused.value.details or []
    assert problem["field"] == f"final_scores.{M}.{field}"
    assert Table().act("update_scores", player_id=M, scores=scores) is None
    table.act("update_scores", player_id=M, scores={"primary": 50, "secondary": 40})
    table = paired(score_caps=caps | {"primary": None})
    table.act("update_scores", player_id=M, scores={"primary": 60})
