"""What holds for every number of players, whatever the results."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random

import pytest

from functions.tracker.engine.pairing import pair_round
from functions.tracker.engine.records import read_history
from functions.tracker.engine.tournament import Tournament
from tests.support.histories import play_rounds
from tests.support.tournaments import shuffle

SIZES = range(2, 129)


def check_event(event: Tournament) -> None:
    """Everybody once a round, no table twice; no rematch and no second bye while it can be."""
    ids = {player.user_id for player in event.players}
    count = len(ids)
    met: set[frozenset[str]] = set()
    rested: set[str] = set()
    for played in event.rounds:
        named = [user_id for pairing in played.pairings for user_id in pairing.player_ids]
        named += [bye.player_id for bye in played.byes]
        assert sorted(named) == sorted(ids), "everybody exactly once"
        assert len(played.byes) == count % 2
        tables = [pairing.table_number for pairing in played.pairings]
        assert sorted({*tables} - {None}) == sorted(tables), "no table twice"
        pairs = {frozenset(pairing.player_ids) for pairing in played.pairings}
        byes = {bye.player_id for bye in played.byes}
        if played.number <= (count + 1) // 2:
            assert not pairs & met, f"rematch in round {played.number} of {count}"
            assert not byes & rested, f"second bye in round {played.number} of {count}"
        met |= pairs
        rested |= byes
    records = read_history(event, len(event.rounds)).records
    entries = sum(len(played.pairings) + len(played.byes) for played in event.rounds)
    assert sum(one.match_points for one in records.values()) == 2 * entries


@pytest.mark.parametrize("upset", [0.0, 0.5, 1.0], ids=["as_seeded", "random", "all_upsets"])
@pytest.mark.parametrize("first_round", ["seeded", "random"])
def test_small_events_have_no_rematch_in_half_of_all_rounds(upset: float, first_round: str) -> None:
    for count in range(2, 25):
        names = [f"usr_{number}" for number in range(count)]
        rounds = (count + 1) // 2 + 1
        check_event(play_rounds(names, rounds, Random(count), upset=upset, first_round=first_round))


@pytest.mark.parametrize("start", range(2, 129, 16))
def test_events_of_every_size(start: int) -> None:
    for count in range(start, min(start + 16, 129)):
        names = [f"usr_{number}" for number in range(count)]
        check_event(play_rounds(names, min(7, (count + 1) // 2), Random(count)))


def test_an_event_of_512() -> None:
    names = [f"usr_{number}" for number in range(512)]
    check_event(play_rounds(names, 5, Random(512), first_round="seeded"))


@pytest.mark.parametrize("count", [9, 32, 63])
def test_rows_in_any_order_are_paired_alike(count: int) -> None:
    names = [f"usr_{number}" for number in range(count)]
    event = play_rounds(names, 3, Random(1))
    order = list(range(count))
    Random(2).shuffle(order)
    shuffled = shuffle(event, order)._replace(
        rounds=tuple(
            played._replace(pairings=played.pairings[::-1], byes=played.byes[::-1])
            for played in event.rounds
        )
    )
    assert pair_round(shuffled, 4) == pair_round(event, 4)


def test_other_processes_pair_alike() -> None:
    """Also where many pairings cost the same: nothing depends on the hashes of a process."""
    script = """
from random import Random
from functions.tracker.engine.pairing import pair_round
from tests.support.histories import play_rounds
for count in (41, 64):
    event = play_rounds([f"usr_{n}" for n in range(count)], 4, Random(3), upset=0.3)
    for number in (1, 2, 3, 4):
        print(pair_round(event, number))
"""
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
    assert len(printed.pop().splitlines()) == 8
