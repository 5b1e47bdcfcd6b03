"""No pairing of a round is better than the engine's: all of them are tried."""

from __future__ import annotations

import pytest

from functions.tracker.engine.pairing import pair_round, report_round
from tests.support.histories import make_history
from tests.support.pairing_oracle import Oracle


@pytest.mark.parametrize("start", range(0, 400, 40))
def test_costs_are_the_least_of_all_pairings(start: int) -> None:
    for seed in range(start, start + 40):
        event = make_history(seed)
        number = len(event.rounds) + 1
        oracle = Oracle(event, number)
        paired = pair_round(event, number)
        report = paired.report
        assert list(report.order) == oracle.order, seed
        pairs = [one.player_ids for one in paired.round.pairings]
        [bye] = [one.player_id for one in paired.round.byes] or [None]
        least = oracle.find_least()
        assert oracle.cost(pairs, bye) == least, seed
        assert tuple(report.cost or ()) == least, seed
        assert report.rematch_free_possible == (least[0] == 0), seed
        assert bool(report.repeat_bye) == bool(least[1]), seed
        assert len(report.same_club) == least[2], seed
        stored = event._replace(rounds=(*event.rounds, paired.round))
        assert report_round(stored, number) == report
