"""tracker.pair, tracker.standings.engine: the engine of tournaments alone, on one core."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

import networkx

from functions.tracker.engine.costs import list_edges, read_field
from functions.tracker.engine.matching import Edge, match
from functions.tracker.engine.pairing import pair_round
from functions.tracker.engine.standings import rank_players
from functions.tracker.engine.tournament import Pairing, Player, Round, Rules, Tournament
from tests.benchmarks.figures import Figure, below, faster, rounds, stated
from tests.benchmarks.store import Store
from tests.support.histories import draw_result

NAMES = (
    "tracker.pair.512",
    "tracker.pair.64",
    "tracker.pair.2000",
    "tracker.pair.peer",
    "tracker.standings.engine",
)
_PLAYED = 8  # rounds before the one that is paired
_ROUNDS = 5
_PEERS = 200


def measure(_: Store) -> list[Figure]:
    """In this process; no database is asked."""
    events = {count: play(count) for count in (64, _PEERS, 512, 2000)}
    whole = add_results(events[512], pair_round(events[512], _PLAYED + 1).round)
    edges = list(list_edges(read_field(events[_PEERS], _PLAYED + 1), range(_PEERS), None))
    found = rounds(
        _ROUNDS,
        of_512=lambda _: seconds(lambda: pair_round(events[512], _PLAYED + 1)),
        of_64=lambda _: seconds(lambda: pair_round(events[64], _PLAYED + 1)),
        table=lambda _: seconds(lambda: rank_players(whole)),
        ours=lambda _: seconds(lambda: match(edges, _PEERS, _PEERS // 2)),
        peer=lambda _: seconds(lambda: match_by_networkx(edges)),
    )
    assert sum_cost(edges, match(edges, _PEERS, _PEERS // 2)) == sum_cost(
        edges, match_by_networkx(edges)
    ), "both are exact"
    [largest] = seconds(lambda: pair_round(events[2000], _PLAYED + 1))
    return [
        below(NAMES[0], found["of_512"], 1500),
        below(NAMES[1], found["of_64"], 30),
        stated(NAMES[2], largest * 1000),
        faster(NAMES[3], found["ours"], found["peer"], 20),
        below(NAMES[4], found["table"], 150),
    ]


def play(count: int) -> Tournament:
    """An event after eight rounds, each paired by score alone: neighbours who have not met."""
    random = Random(count)
    players = tuple(Player(f"usr_{number:04}", number) for number in range(1, count + 1))
    points = {player.user_id: 0.0 for player in players}
    met: set[frozenset[str]] = set()
    event = Tournament(
        "swiss", "42", players, (), tuple(range(1, count // 2 + 1)), Rules(swiss_rounds=9)
    )
    for number in range(1, _PLAYED + 1):
        waiting = sorted(points, key=lambda user_id: (-points[user_id], random.random()))
        pairings = []
        while waiting:
            one = waiting.pop(0)
            strangers = (name for name in waiting if frozenset((one, name)) not in met)
            other = next(strangers, waiting[0])
            waiting.remove(other)
            met.add(frozenset((one, other)))
            pairings.append(Pairing(one, other, len(pairings) + 1))
        event = add_results(event, Round(number, tuple(pairings)), random)
        for pairing in event.rounds[-1].pairings:
            for user_id in pairing.player_ids:
                won = pairing.result and pairing.result.winner_id == user_id
                points[user_id] += bool(won)
    return event


def add_results(event: Tournament, paired: Round, random: Random | None = None) -> Tournament:
    """The event with a round more, and results as events have them."""
    drawn = random or Random(1)
    games = tuple(one._replace(result=draw_result(drawn, one)) for one in paired.pairings)
    return event._replace(rounds=(*event.rounds, paired._replace(pairings=games)))


def match_by_networkx(edges: list[Edge]) -> list[tuple[int, int]]:
    """The same matching by the library of pure Python."""
    graph = networkx.Graph()
    graph.add_weighted_edges_from((i, j, -cost) for i, j, cost in edges)
    return [
        (min(pair), max(pair)) for pair in networkx.max_weight_matching(graph, maxcardinality=True)
    ]


def sum_cost(edges: list[Edge], pairs: list[tuple[int, int]]) -> int:
    """What a matching costs."""
    costs = {(i, j): cost for i, j, cost in edges}
    return sum(costs[pair] for pair in pairs)


def seconds(call: Callable[[], object]) -> list[float]:
    """How long one call takes."""
    began = time.perf_counter()
    call()
    return [time.perf_counter() - began]
