"""Who comes from where: every line of every bracket."""

from __future__ import annotations

from itertools import pairwise

import pytest

from functions.tracker.engine.bracket_plan import Match, order_entries, order_lines, plan_bracket
from functions.tracker.engine.tournament import Format
from tests.support.elimination import make_bracket

SIZES = (8, 16, 32, 64, 128, 256, 512)


def plan(format: Format, players: int, **rules: object) -> dict[str, Match]:
    stages = plan_bracket(make_bracket(format, players, **rules))
    return {match.code: match for stage in stages for match in stage}


def show(match: Match) -> str:
    return " ".join(
        f"{source.kind[0]}{source.seed or ':' + source.code}" for source in match.sources
    )


def test_seeds_of_the_first_lines() -> None:
    assert order_lines(2) == [1, 2]
    assert order_lines(3) == order_lines(4) == [1, 4, 2, 3]
    assert order_lines(8) == [1, 8, 4, 5, 2, 7, 3, 6]
    assert order_lines(16) == [1, 16, 8, 9, 4, 13, 5, 12, 2, 15, 7, 10, 3, 14, 6, 11]


def test_seeds_beyond_32_meet_the_best() -> None:
    lines = order_lines(512)
    assert sorted(lines) == list(range(1, 513))
    assert {sum(pair) for pair in zip(lines[::2], lines[1::2], strict=True)} == {513}
    # The best of each part of the bracket could all win: then the k best are the last k.
    for size in (2, 4, 8, 16, 32, 64, 128, 256):
        part = 512 // size
        best = [min(lines[start : start + part]) for start in range(0, 512, part)]
        assert sorted(best) == list(range(1, size + 1))


def test_losers_enter_in_four_orders() -> None:
    codes = list("abcdefgh")
    assert "".join(order_entries(codes, 2)) == "hgfedcba"
    assert "".join(order_entries(codes, 3)) == "dcbahgfe"
    assert "".join(order_entries(codes, 4)) == "efghabcd"
    assert "".join(order_entries(codes, 5)) == "abcdefgh"
    assert [order_entries(["x"], stage) for stage in (2, 3, 4, 5)] == [["x"]] * 4


def test_the_losers_bracket_of_16() -> None:
    matches = plan("double_elimination", 16)
    assert [show(matches[f"L1-{m}"]) for m in (1, 2, 3, 4)] == [
        "l:W1-1 l:W1-2",
        "l:W1-3 l:W1-4",
        "l:W1-5 l:W1-6",
        "l:W1-7 l:W1-8",
    ]
    assert [show(matches[f"L2-{m}"]) for m in (1, 2, 3, 4)] == [
        "w:L1-1 l:W2-4",
        "w:L1-2 l:W2-3",
        "w:L1-3 l:W2-2",
        "w:L1-4 l:W2-1",
    ]
    assert [show(matches[f"L3-{m}"]) for m in (1, 2)] == ["w:L2-1 w:L2-2", "w:L2-3 w:L2-4"]
    assert [show(matches[f"L4-{m}"]) for m in (1, 2)] == ["w:L3-1 l:W3-1", "w:L3-2 l:W3-2"]
    assert show(matches["L5-1"]) == "w:L4-1 w:L4-2"
    assert show(matches["L6-1"]) == "w:L5-1 l:W4-1"
    assert show(matches["GF"]) == "w:W4-1 w:L6-1"
    assert show(matches["GF-2"]) == "l:GF w:GF"
    assert len(matches) == 15 + 14 + 2


def test_stages_play_winners_and_the_losers_before() -> None:
    stages = plan_bracket(make_bracket("double_elimination", 16))
    codes = [sorted({match.code.split("-")[0] for match in stage}) for stage in stages]
    assert codes == [
        ["W1"],
        ["L1", "W2"],
        ["L2", "W3"],
        ["L3", "W4"],
        ["L4"],
        ["L5"],
        ["L6"],
        ["GF"],
        ["GF"],
    ]
    assert [match.code for match in stages[-1]] == ["GF-2"]


def test_two_players_meet_in_the_grand_final_again() -> None:
    matches = plan("double_elimination", 2)
    assert show(matches["GF"]) == "w:W1-1 l:W1-1"
    assert list(plan("double_elimination", 2, grand_final="single")) == ["W1-1", "GF"]


def test_a_third_place_needs_four_players() -> None:
    assert "P3" not in plan("single_elimination", 3, third_place_match=True)
    matches = plan("single_elimination", 4, third_place_match=True)
    assert show(matches["P3"]) == "l:W1-1 l:W1-2"
    assert "P3" not in plan("single_elimination", 8)
    assert show(plan("single_elimination", 8, third_place_match=True)["P3"]) == "l:W2-1 l:W2-2"


@pytest.mark.parametrize("players", range(2, 65))
def test_every_line_is_used_once(players: int) -> None:
    stages = plan_bracket(make_bracket("double_elimination", players))
    size = len(order_lines(players))
    done: dict[str, int] = {}
    used: list[object] = []
    for number, stage in enumerate(stages):
        for match in stage:
            for source in match.sources:
                if source.kind != "seed":
                    assert done[source.code] < number, "its players are known before"
                used.append((source.kind, source.seed or source.code))
        done |= {match.code: number for match in stage}
    assert len(set(used)) == len(used)
    codes = set(done)
    assert len(codes) == 2 * size - 1
    assert {code for kind, code in used if kind == "winner"} == codes - {"GF-2"}
    losing = {code for kind, code in used if kind == "loser"}
    assert losing == {code for code in codes if code[0] == "W"} | {"GF"}


@pytest.mark.parametrize(
    ("size", "first"), [(8, 3), (16, 4), (32, 5), (64, 7), (128, 8), (256, 8), (512, 8)]
)
def test_losers_meet_again_as_late_as_can_be(size: int, first: int) -> None:
    """No losers' match before `first` can be a rematch, whatever the results, and one of it can.

    Two of the losers' bracket have met if one lost to the other: then the match that the first
    lost lies in the part of the winners' bracket that leads to the match that the other lost.
    """
    matches = plan("double_elimination", size)
    lost_in: dict[str, frozenset[str]] = {}
    possible = set()
    for code, match in matches.items():
        if not code.startswith("L"):
            continue
        lines = [
            frozenset({source.code}) if source.kind == "loser" else lost_in[source.code]
            for source in match.sources
        ]
        lost_in[code] = lines[0] | lines[1]
        above = [{over for lost in line for over in list_above(lost, size)} for line in lines]
        if above[0] & lines[1] or above[1] & lines[0]:
            possible.add(int(code[1:].split("-")[0]))
    assert min(possible) == first


def list_above(code: str, size: int) -> list[str]:
    """The later matches of the winners' bracket to which a match leads."""
    stage, number = map(int, code[1:].split("-"))
    found = []
    while size >> stage > 1:
        stage, number = stage + 1, (number + 1) // 2
        found.append(f"W{stage}-{number}")
    return found


def test_matches_above_are_those_that_winners_reach() -> None:
    matches = plan("double_elimination", 16)
    chain = ["W1-6", *list_above("W1-6", 16)]
    assert chain == ["W1-6", "W2-3", "W3-2", "W4-1"]
    for before, after in pairwise(chain):
        assert before in [source.code for source in matches[after].sources]
