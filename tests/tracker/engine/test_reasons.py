"""Why one row is above another."""

from __future__ import annotations

from functions.tracker.engine.reasons import LABELS, compare, compare_eliminated
from functions.tracker.engine.tournament import Player, Rules

ANN, BEN = Player("usr_1", 1, "Ann"), Player("usr_2", 2, "Ben")


def test_the_first_criterion_that_differs_decides() -> None:
    own = {"match_points": 4, "opp_win_pct": 1, "seed": 2}
    above = {"match_points": 4, "opp_win_pct": 3, "seed": 1}
    reason = compare((BEN, own), (ANN, above), 4)
    assert (reason.decided_by, reason.values) == ("opp_win_pct", (0.25, 0.75))
    assert reason.text == (
        "Equal in match points. Decided by opponents' win percentage: Ann has 0.75 and Ben 0.25."
    )


def test_shares_that_look_equal_are_shown_as_fractions() -> None:
    own, above = {"opp_win_pct": 500_000, "seed": 1}, {"opp_win_pct": 500_001, "seed": 2}
    reason = compare((BEN, own), (ANN, above), 1_000_000)
    assert reason.values == (0.5, 0.5)
    said = "Decided by opponents' win percentage: Ann has 500001/1000000 and Ben 1/2."
    assert reason.text == said


def test_two_who_were_disqualified_are_compared_as_others_are() -> None:
    ann, ben = (player._replace(status="disqualified") for player in (ANN, BEN))
    assert compare((ben, {"seed": 2}), (ann, {"seed": 1}), 1).decided_by == "seed"


def test_players_still_in_a_bracket() -> None:
    reason = compare_eliminated((BEN, None, 2), (ANN, None, 1))
    assert (reason.decided_by, reason.values) == ("seed", (2, 1))
    assert reason.text == "Ann and Ben are both still in and are listed by seed."


def test_players_out_of_a_bracket() -> None:
    reason = compare_eliminated((BEN, (2, 2), 2), (ANN, (3, 2), 1))
    assert (reason.decided_by, reason.values) == ("elimination", (2, 3))
    assert reason.text == "Ann is out in round 3, Ben in round 2."
    reason = compare_eliminated((BEN, (3, 2), 2), (ANN, None, 1))
    assert (reason.decided_by, reason.values) == ("elimination", (3, None))
    assert reason.text == "Ann was not eliminated, Ben in round 3."
    reason = compare_eliminated((BEN, (3, 0), 2), (ANN, (3, 1), 1))
    assert reason.text == "Ann and Ben are out in one round, by another match."
    reason = compare_eliminated((BEN, (3, 2), 2), (ANN, (3, 2), 1))
    assert reason.text == "Ann and Ben are out in the same round and are listed by seed."
    reason = compare_eliminated((BEN, (0, 0), 2), (ANN, (3, 2), 1))
    assert reason.text == "Ben was disqualified and is listed last."


def test_every_tie_breaker_has_a_name() -> None:
    names = {*Rules().tiebreakers, "vp_difference", "battle_points"}
    assert names < LABELS.keys()
