"""Faults that were reported against other tournament software, one test each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from functions.tracker.engine.brackets import resolve
from functions.tracker.engine.corrections import enter_result
from functions.tracker.engine.drops import drop_player
from functions.tracker.engine.pairing import pair_round
from functions.tracker.engine.rounds import count_swiss_rounds, pair_next_round
from functions.tracker.engine.standings import rank_players
from functions.tracker.engine.tournament import (
    Pairing,
    PairingError,
    Player,
    Result,
    Round,
    Tournament,
)
from tests.support.elimination import (
    add_next_round,
    make_bracket,
    play_bracket,
    show_rounds,
)
from tests.support.histories import play_rounds
from tests.support.tournaments import add_round, make_tournament, name_pairs, play_round


def meet(event: Tournament) -> Counter[frozenset[str]]:
    return Counter(frozenset(one.player_ids) for played in event.rounds for one in played.pairings)


def name_players(count: int) -> list[str]:
    return [f"usr_{number}" for number in range(count)]


def choose(random: Random) -> Callable[[Pairing], str]:
    return lambda one: random.choice(one.player_ids)


@pytest.mark.parametrize("count", range(3, 26, 2))
def test_nobody_has_a_second_bye_while_others_had_none(count: int) -> None:
    event = play_rounds(name_players(count), (count + 1) // 2, Random(count))
    byes = Counter(bye.player_id for played in event.rounds for bye in played.byes)
    assert set(byes.values()) == {1}


@pytest.mark.parametrize("seed", range(10))
def test_the_bye_does_not_go_to_the_leader(seed: int) -> None:
    event = play_rounds(name_players(11), 4, Random(seed))
    for played in event.rounds[1:]:
        order = pair_round(event, played.number).report.order
        assert played.byes[0].player_id in order[-6:]


def test_a_bye_has_its_points() -> None:
    event = add_round(make_tournament("ABC"), "A 60-50 B", "C")
    [row] = [one for one in rank_players(event).rows if one.user_id == "C"]
    assert (row.match_points, row.victory_points, row.battle_points) == (2, 70, 15)
    assert row.win_path == "W"


@pytest.mark.parametrize("count", range(4, 27, 2))
def test_no_rematch_is_paired_that_can_be_avoided(count: int) -> None:
    """Whoever wins: seeds as expected, and the event that greedy pairing leads into a corner."""
    for upset in (0.0, 0.5, 1.0):
        event = play_rounds(name_players(count), count // 2, Random(count), upset=upset)
        assert max(meet(event).values()) == 1


def test_an_event_does_not_end_because_no_legal_pairing_is_left() -> None:
    """Six rounds of four: from the fourth on each is a rematch, and none is refused."""
    event = play_rounds(list("ABCD"), 6, Random(1))
    assert sorted(meet(event).values()) == [2] * 6
    assert not pair_round(event, 6).report.rematch_free_possible
    two = play_rounds(list("AB"), 3, Random(1))
    assert meet(two) == {frozenset("AB"): 3}


def test_three_wins_are_not_paired_against_three_losses() -> None:
    for count in (8, 12, 16):
        event = play_rounds(name_players(count), 3, Random(count), upset=0.0)
        paired = pair_round(event, 4)
        assert all(abs(one - other) < 6 for _, (one, other) in paired.report.cross_record)


@pytest.mark.parametrize(("met", "floats"), [("U", "C"), ("R", "B")])
def test_the_same_player_does_not_float_again(met: str, floats: str) -> None:
    """A, B and C lead, D, E and F follow. C, the last of three equals, goes down to D, but not
    when C has met R before, who had two points fewer."""
    event = make_tournament("ABCDEFRSTUVWX")
    event = add_round(event, "A 9-1 R, B 9-1 S, C 9-1 T, U 9-1 D, V 9-1 E, W 9-1 F")
    event = add_round(event, f"A 9-1 V, B 9-1 W, C 9-1 {met}, D 9-1 S, E 9-1 T, F 9-1 X")
    for stranger in "RSTUVWX":
        event = drop_player(event, stranger).tournament
    paired = pair_round(event, 3)
    assert paired.report.order == tuple("ABCDEF")
    [down] = paired.report.cross_record
    assert down.player_ids == (floats, "D")


def test_nobody_is_paired_with_themselves_after_a_drop() -> None:
    event = play_rounds(name_players(8), 2, Random(3))
    for number in range(6):
        event = drop_player(event, f"usr_{number}").tournament
        paired = pair_round(event, 3)
        names = [name for one in paired.round.pairings for name in one.player_ids]
        names += [bye.player_id for bye in paired.round.byes]
        assert sorted(names) == sorted(set(names))
        assert len(names) == 7 - number
    with pytest.raises(PairingError, match="too_few_players"):
        pair_round(drop_player(event, "usr_6").tournament, 3)


def test_a_drop_changes_nothing_in_the_table_of_the_last_round() -> None:
    event = play_rounds(name_players(9), 3, Random(5))
    before = rank_players(event)
    after = rank_players(drop_player(event, "usr_4").tournament)
    assert [row[:2] + row[3:] for row in after.rows] == [row[:2] + row[3:] for row in before.rows]


def test_losers_enter_the_line_of_their_match() -> None:
    """In double 8 the losers of W2 enter crosswise: 4, out of the upper half, meets 6."""
    event = play_bracket(make_bracket("double_elimination", 8))
    assert show_rounds(event)[2] == "1-2 3-5 4-6"


def test_no_loser_is_stuck_behind_a_bye() -> None:
    for count in range(2, 40):
        event = play_bracket(make_bracket("double_elimination", count))
        assert resolve(event).is_finished
        played = Counter(name for pair in meet(event).elements() for name in pair)
        assert min(played.values()) >= 2


@pytest.mark.parametrize(("count", "first"), [(8, 3), (16, 4), (32, 5), (64, 7)])
def test_losers_do_not_meet_again_early(count: int, first: int) -> None:
    for seed in range(5):
        event = play_bracket(make_bracket("double_elimination", count), choose(Random(seed)))
        met: set[frozenset[str]] = set()
        for played in event.rounds:
            for one in played.pairings:
                code = str(one.match_code)
                early = code.startswith("L") and int(code[1:].split("-")[0]) < first
                assert not (early and frozenset(one.player_ids) in met), code
            met |= {frozenset(one.player_ids) for one in played.pairings}


def test_the_losers_champion_has_to_win_twice() -> None:
    event = make_bracket("double_elimination", 4)
    for _ in range(4):
        event = add_next_round(event, lambda one: "2" if one.match_code == "GF" else one.player1_id)
    assert rank_players(event).champion_id is None
    assert pair_next_round(event).round.pairings[0].match_code == "GF-2"


def test_a_drawn_knock_out_does_not_stall_the_bracket() -> None:
    event = add_next_round(make_bracket("single_elimination", 4), None)
    with pytest.raises(ValueError, match="the game needs a winner"):
        enter_result(event, "btl_W1-1_1_4", Result((50, 50), None, "draw"))
    decided = enter_result(event, "btl_W1-1_1_4", Result((50, 50), "4", "declared")).tournament
    decided = enter_result(decided, "btl_W1-2_2_3", Result((9, 1), "2")).tournament
    assert pair_next_round(decided).round.pairings[0].player_ids == ("2", "4")


def test_an_event_of_nothing_but_draws_is_played_to_its_end() -> None:
    for count in (4, 7, 8, 16):
        rounds = count_swiss_rounds(count)
        event = make_tournament(name_players(count), swiss_rounds=rounds)
        for _ in range(rounds):
            paired = pair_next_round(event).round
            games = tuple(
                one._replace(result=Result((50, 50), None, "draw")) for one in paired.pairings
            )
            event = event._replace(rounds=(*event.rounds, paired._replace(pairings=games)))
        assert max(meet(event).values()) == 1
        ranks = [row.rank for row in rank_players(event).rows]
        assert ranks == list(range(1, count + 1))
        with pytest.raises(PairingError, match="no_more_rounds"):
            pair_next_round(event)


def test_no_old_winner_is_left_in_the_bracket_after_a_correction() -> None:
    event = play_bracket(make_bracket("single_elimination", 8))
    corrected = enter_result(event, "btl_W1-1_1_8", Result((1, 9), "8"), force=True).tournament
    later = [one.player_ids for played in corrected.rounds[1:] for one in played.pairings]
    assert later == [("4", "8"), ("2", "3")]


@pytest.mark.parametrize("count", [33, 48, 64, 100, 128])
def test_seeds_beyond_32_are_spread(count: int) -> None:
    event = play_bracket(make_bracket("single_elimination", count))
    last = [int(name) for one in event.rounds[-1].pairings for name in one.player_ids]
    quarter = [int(name) for one in event.rounds[-3].pairings for name in one.player_ids]
    assert last == [1, 2]
    assert sorted(quarter) == list(range(1, 9))


def test_a_late_entry_is_paired_in_the_next_round() -> None:
    event = play_rounds(name_players(6), 1, Random(1), swiss_rounds=3)
    late = Player("usr_late", 7, credits={1: "loss"})
    event = event._replace(players=(*event.players, late))
    paired = pair_round(event, 2)
    names = [name for one in paired.round.pairings for name in one.player_ids]
    names += [bye.player_id for bye in paired.round.byes]
    assert "usr_late" in names
    [row] = [one for one in rank_players(event).rows if one.user_id == "usr_late"]
    assert (row.match_points, row.win_path, row.played) == (0, "L", 0)


def test_nothing_is_paired_before_all_results_are_in() -> None:
    event = make_tournament("ABCD", swiss_rounds=3)
    games = (Pairing("A", "C", result=Result((9, 1), "A")), Pairing("B", "D", has_started=True))
    with pytest.raises(PairingError, match="round_incomplete"):
        pair_next_round(event._replace(rounds=(Round(1, games),)))


def test_a_winner_does_not_keep_the_table() -> None:
    event = make_tournament("ABCDEFGH")
    tables = []
    for games in (
        "A 9-1 E, B 9-1 F, C 9-1 G, D 9-1 H",
        "A 9-1 B, C 9-1 D, E 9-1 F, G 9-1 H",
        "A 9-1 C, B 9-1 D, E 9-1 G, F 9-1 H",
    ):
        event, paired = play_round(event, games)
        tables += [one.table_number for one in paired.round.pairings if one.player1_id == "A"]
    assert sorted(set(tables)) == sorted(tables)


def test_pairs_have_one_game_each() -> None:
    for count in (2, 9, 16):
        event = play_rounds(name_players(count), 1, Random(1))
        assert set(meet(event).values()) == {1}
        assert name_pairs(pair_round(event, 1)) == [
            "".join(one.player_ids) for one in event.rounds[0].pairings
        ]
