"""tracker.generate, tracker.standings: whole calls of an event of 512 players."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from typing import Any

from functions.tracker.engine.pairing import pair_round
from tests.benchmarks import tracker_events, tracker_pair, tracker_players
from tests.benchmarks.caller import callee
from tests.benchmarks.figures import Figure, below, rounds
from tests.benchmarks.store import Store

NAMES = ("tracker.generate.512", "tracker.standings")
_PLAYERS = 512
_EVENTS = 3  # whose ninth round is paired, after one that warms up
_ROUNDS = 10
_READS = 5  # a round


def measure(store: Store) -> list[Figure]:
    """By one warm handler; each ninth round is paired once, with a battle for each pair."""
    organizer, *_ = tracker_players.add(store, _PLAYERS)
    played = tracker_pair.play(_PLAYERS)
    event_ids = [f"trn_generation{number}" for number in range(_EVENTS + 1)]
    for event_id in event_ids:
        tracker_events.add(store, event_id, played)
    over = tracker_pair.add_results(played, pair_round(played, len(played.rounds) + 1).round)
    tracker_events.add(store, "trn_standings", over)
    read = organizer.sends("GET", "/v1/tournaments/trn_standings/standings")
    with ExitStack() as block:
        admin = block.enter_context(store.connect())
        admin.execute("vacuum analyze")
        ours = block.enter_context(
            callee("tests.benchmarks.ours", store.app_url, domains="tracker")
        )
        made = [
            ours.answer([organizer.sends("POST", f"/v1/tournaments/{one}/generate-pairings", {})])
            for one in event_ids
        ]
        _check(admin)
        found = rounds(_ROUNDS, standings=lambda _: ours.answer([read] * _READS))
    generated = median(seconds for [seconds] in made[1:])
    return [
        below(NAMES[0], generated * 1000, 4000),
        below(NAMES[1], found["standings"], 150),
    ]


def _check(admin: Any) -> None:
    """Every ninth round has its battles, each with its first message."""
    [stored] = admin.execute(
        """
        select count(*) as battles, count(distinct e.room) as rooms
        from tracker.pairings as p
        join tracker.battles as b on b.id = p.battle_id and b.status = 'setup'
        join live.events as e on e.room = 'tracker:' || b.id
        """
    ).fetchall()
    battles = (_EVENTS + 1) * _PLAYERS // 2
    assert stored == {"battles": battles, "rooms": battles}, stored
