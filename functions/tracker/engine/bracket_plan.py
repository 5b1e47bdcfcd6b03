"""The plan of a bracket: which match takes its players from where."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple

from functions.tracker.engine.tournament import Bracket, Tournament


class Source(NamedTuple):
    """Where a line's player comes from: a seed, or the winner or loser of a match."""

    kind: Literal["seed", "winner", "loser"]
    seed: int = 0
    code: str = ""


class Match(NamedTuple):
    """A match of the plan and its two lines."""

    code: str
    bracket: Bracket
    sources: tuple[Source, Source]


Stage = list[Match]  # what is played at the same time


def plan_bracket(tournament: Tournament) -> list[Stage]:
    """Every match of the bracket, by stages; the reset of the grand final is the last one."""
    lines = order_lines(len(tournament.players))
    size = len(lines)
    winners = _plan_winners(lines)
    if tournament.format == "single_elimination":
        if tournament.rules.third_place_match and len(tournament.players) >= 4:
            last = [Source("loser", code=match.code) for match in winners[-2]]
            winners[-1].append(Match("P3", "third_place", (last[0], last[1])))
        return winners
    losers = _plan_losers(size)
    stages = [
        [*upper, *lower] for upper, lower in zip_longest(winners, [[], *losers], fillvalue=())
    ]
    survivor = Source("winner", code=losers[-1][0].code) if losers else Source("loser", code="W1-1")
    finalists = (Source("winner", code=winners[-1][0].code), survivor)
    stages.append([Match("GF", "grand_final", finalists)])
    if tournament.rules.grand_final == "reset":
        again = (Source("loser", code="GF"), Source("winner", code="GF"))
        stages.append([Match("GF-2", "grand_final", again)])
    return stages


def order_lines(players: int) -> list[int]:
    """The seeds of the first round's lines, from the top; those beyond the players are missing."""
    lines = [1, 2]
    while len(lines) < players:
        lines = [seed for line in lines for seed in (line, 2 * len(lines) + 1 - line)]
    return lines


def order_entries(matches: Sequence[str], stage: int) -> list[str]:
    """The winners' matches of a stage, as their losers enter the losers' bracket.

    The order keeps those apart who have met.
    """
    half = len(matches) // 2
    first, second = list(matches[:half]), list(matches[half:])
    orders = (
        [*first, *second],
        [*reversed(second), *reversed(first)],
        [*reversed(first), *reversed(second)],
        [*second, *first],
    )
    return orders[(stage - 1) % 4]


def _plan_winners(lines: Sequence[int]) -> list[Stage]:
    """W1, W2 …"""
    sources = [Source("seed", seed=seed) for seed in lines]
    stages: list[Stage] = []
    while len(sources) > 1:
        stage = _pair_neighbours(f"W{len(stages) + 1}", "winners", sources)
        sources = [Source("winner", code=match.code) for match in stage]
        stages.append(stage)
    return stages


def _plan_losers(size: int) -> list[Stage]:
    """L1, L2 …; every second one takes in losers of the winners' bracket."""
    stages: list[Stage] = []
    sources = [Source("loser", code=f"W1-{m}") for m in range(1, size // 2 + 1)]
    entering = 1
    while len(sources) > 1:
        stages.append(_pair_neighbours(f"L{len(stages) + 1}", "losers", sources))
        entering += 1
        codes = [f"W{entering}-{m}" for m in range(1, len(sources) // 2 + 1)]
        entries = [Source("loser", code=code) for code in order_entries(codes, entering)]
        survivors = [Source("winner", code=match.code) for match in stages[-1]]
        mixed = [source for pair in zip(survivors, entries, strict=True) for source in pair]
        stages.append(_pair_neighbours(f"L{len(stages) + 1}", "losers", mixed))
        sources = [Source("winner", code=match.code) for match in stages[-1]]
    return stages


def _pair_neighbours(name: str, bracket: Bracket, sources: Sequence[Source]) -> Stage:
    pairs = zip(sources[::2], sources[1::2], strict=True)
    return [Match(f"{name}-{m}", bracket, pair) for m, pair in enumerate(pairs, 1)]
