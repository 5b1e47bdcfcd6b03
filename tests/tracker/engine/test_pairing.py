"""Swiss pairing: the contract's worked examples, reports, locked pairs and rounds by hand."""

from __future__ import annotations

import pytest

from functions.tracker.engine.pairing import find_faults, pair_round, report_round
from functions.tracker.engine.records import get_draw_keys
from functions.tracker.engine.tournament import (
    COST_LETTERS,
    Bye,
    Cost,
    CrossRecord,
    PairedRound,
    Pairing,
    PairingError,
    Player,
    Rematch,
    Result,
    Round,
    Rules,
    Tournament,
)
from tests.support.tournaments import (
    add_round,
    change_player,
    make_tournament,
    name_pairs,
    play_round,
)


def play(names: str, *rounds: str) -> Tournament:
    """An event of which every round is paired by the engine as it is written."""
    event = make_tournament(names)
    for games in rounds:
        event, _ = play_round(event, games)
    return event


def pair_next(event: Tournament) -> PairedRound:
    return pair_round(event, len(event.rounds) + 1)


def check(paired: PairedRound, pairs: str, cost: tuple[int, ...], bye: str = "") -> None:
    assert name_pairs(paired) == pairs.split()
    assert tuple(paired.report.cost or ()) == cost
    assert "".join(one.player_id for one in paired.round.byes) == bye


X1 = ("A 80-60 C, B 75-70 D", "A 65-64 B, C 90-50 D", "A 88-40 D, B 55-55 C")
X5 = (
    "D 72-55 A, B 80-41 E, F 77-60 C",
    "B 69-63 D, F 74-52 A, C 81-70 E",
    "F 79-58 B, D 68-60 C, A 73-49 E",
)
X6 = (
    "A 85-40 E, F 71-62 B, C 90-55 G, D 66-66 H",
    "A 70-52 C, D 80-44 F, B 61-49 H, G 75-30 E",
)


def test_x1_four_players() -> None:
    check(pair_next(play("ABCD")), "AC BD", (0, 0, 0, 0, 0, 0, 0))
    check(pair_next(play("ABCD", *X1[:1])), "AB CD", (0, 0, 0, 0, 0, 0, 2))
    third = pair_next(play("ABCD", *X1[:2]))
    check(third, "AD BC", (0, 0, 0, 0, 16, 0, 10))
    assert third.report.cross_record == (CrossRecord(("A", "D"), (4, 0)),)
    assert third.report.rematch_free_possible
    assert third.report.notes == ()


def test_x1_a_fourth_round_is_all_rematches() -> None:
    paired = pair_next(play("ABCD", *X1))
    check(paired, "AB CD", (2, 0, 0, 0, 18, 2, 2))
    assert not paired.report.rematch_free_possible
    assert paired.report.rematches == (Rematch(("A", "B"), (2,)), Rematch(("C", "D"), (2,)))
    assert paired.report.notes == (
        "A and B meet again after round 2: no pairing of this round is free of rematches.",
        "C and D meet again after round 2: no pairing of this round is free of rematches.",
    )


def test_x2_five_players() -> None:
    check(pair_next(play("ABCDE")), "AC BD", (0, 0, 0, 0, 0, 0, 0), "E")
    event, first = play_round(make_tournament("ABCDE"), "A 82-61 C, B 70-75 D")
    second = pair_next(event)
    assert second.report.order == tuple("ADEBC")
    check(second, "AD EB", (0, 0, 0, 0, 4, 0, 2), "C")
    event, _ = play_round(event, "A 77-64 D, E 58-66 B")
    third = pair_next(event)
    assert third.report.order == tuple("ADEBC")
    check(third, "AE DC", (0, 0, 0, 1, 4, 0, 8), "B")
    assert third.report.notes == (
        "B has the bye and not the last of the order: C has had more free wins.",
    )
    assert first.report.repeat_bye is None


def test_x3_greedy_fails() -> None:
    event = play("ABCDEF", "D 63-51 A, E 91-38 B, F 72-45 C")
    check(pair_next(event), "DE FA BC", (0, 0, 0, 0, 4, 0, 3))
    event, _ = play_round(event, "D 70-42 E, A 90-29 F, C 67-45 B")
    third = pair_next(event)
    assert third.report.order == tuple("DEFACB")
    check(third, "DF EC AB", (0, 0, 0, 0, 8, 0, 17))


def test_x4_a_rematch_that_nobody_can_avoid() -> None:
    event = make_tournament("ABCDEF")
    event = add_round(event, "A 63-51 D, B 91-38 E, C 72-45 F")
    event = add_round(event, "A 70-42 E, B 66-61 F, C 58-40 D")
    event = add_round(event, "A 55-50 F, B 80-20 D, C 45-44 E")
    paired = pair_next(event)
    check(paired, "AB CD EF", (1, 0, 0, 0, 36, 4, 3))
    assert paired.report.rematches == (Rematch(("C", "D"), (2,)),)
    assert not paired.report.rematch_free_possible


def test_x5_a_bye_that_does_not_go_to_the_last() -> None:
    event = change_player(play("ABCDEF", *X5), "F", status="dropped", dropped_after_round=3)
    paired = pair_next(event)
    assert paired.report.order == tuple("BDCAE")
    check(paired, "BC DE", (0, 0, 0, 1, 20, 0, 8), "A")
    assert paired.report.notes == (
        "A has the bye and not the last of the order: a bye for E would force a rematch.",
    )


def test_x6_eight_players() -> None:
    second = pair_next(play("ABCDEFGH", *X6[:1]))
    assert second.report.order == tuple("ACFDHBEG")
    check(second, "AC FD HB EG", (0, 0, 0, 0, 2, 0, 4))
    third = pair_next(play("ABCDEFGH", *X6))
    assert third.report.order == tuple("ADCFBGHE")
    check(third, "AD CF BG HE", (0, 0, 0, 0, 2, 2, 4))


def test_x7_floats_of_one_win_instead_of_the_leader_against_the_last() -> None:
    wins = (4, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 0)
    names = "ABCDEFGHIJKLMNOP"
    others = [f"{name}{number}" for name in names for number in range(4)]
    event = make_tournament([*names, *others])
    for number in range(4):  # everybody meets strangers, who then leave
        games = (
            f"{name} 9-1 {name}{number}" if number < won else f"{name} 1-9 {name}{number}"
            for name, won in zip(names, wins, strict=True)
        )
        event = add_round(event, ", ".join(games))
    for stranger in others:
        event = change_player(event, stranger, status="dropped", dropped_after_round=4)
    paired = pair_next(event._replace(rules=event.rules._replace(pairing_by="random")))
    assert paired.report.cost is not None
    assert paired.report.cost.score_gaps == 16
    gaps = [better - worse for _, (better, worse) in paired.report.cross_record]
    assert gaps == [2, 2, 2, 2]


def test_x9_a_random_draw() -> None:
    ids = [f"usr_{name}" for name in ["anna0001", "bert0002", "cleo0003", "dina0004", "egon0005"]]
    players = tuple(Player(user_id, seed) for seed, user_id in enumerate(ids, 1))
    event = Tournament("swiss", "42", players, tables=(1, 2), rules=Rules(swiss_rounds=3))
    keys = get_draw_keys(event, 1, players)
    drawn = ["9d828693", "22b2805c", "6f44a5ae", "e4c1c990", "4867d3e7"]
    assert [str(keys[user_id])[:8] for user_id in ids] == drawn
    paired = pair_round(event, 1)
    anna, bert, cleo, dina, egon = ids
    assert [one.player_ids for one in paired.round.pairings] == [(bert, egon), (cleo, anna)]
    assert paired.round.byes == (Bye(dina),)


# --- what reports say ---


def test_costs_have_the_letters_of_the_contract() -> None:
    assert "".join(COST_LETTERS.values()) == "RBCPSFI"
    assert tuple(COST_LETTERS) == Cost._fields


def test_a_repeated_bye_is_explained() -> None:
    event = add_round(make_tournament("ABC"), "A 9-1 B", "C")
    event = add_round(event, "B 9-1 C", "A")
    event = add_round(event, "A 9-1 C", "B")
    paired = pair_next(event)
    assert paired.report.repeat_bye == paired.round.byes[0].player_id == "C"
    assert paired.report.notes[-1] == "C has the bye after 1 free win: nobody has had fewer."


def test_a_second_bye_that_spares_a_rematch_is_explained() -> None:
    """E has met everybody, and only A and B, C and D have not met."""
    event = make_tournament("ABCDE")
    for games in ("E 9-1 A, B 9-1 C", "E 9-1 B, A 9-1 D", "E 9-1 C, B 9-1 D", "E 9-1 D, A 9-1 C"):
        event = add_round(event, games)
    paired = pair_next(add_round(event, "A 9-1 C, B 9-1 D", "E"))
    assert name_pairs(paired) == ["BA", "CD"]
    assert paired.report.repeat_bye == "E"
    assert paired.report.notes[0] == (
        "E has the bye after 1 free win: a bye for anybody who has had fewer would force a rematch."
    )


def test_clubs_are_kept_apart_in_the_first_round() -> None:
    event = make_tournament("ABCD")
    event = change_player(change_player(event, "A", club="North"), "C", club="North")
    first = pair_next(event)
    assert name_pairs(first) == ["AB", "CD"] or name_pairs(first) == ["AD", "BC"]
    assert first.report.same_club == ()
    off = event._replace(rules=event.rules._replace(avoid_same_club="off"))
    assert name_pairs(pair_next(off)) == ["AC", "BD"]
    for name in "BD":
        event = change_player(event, name, club="North")
    assert pair_next(event).report.same_club == (("A", "C"), ("B", "D"))
    assert tuple(pair_next(event).report.cost or ()) == (0, 0, 2, 0, 0, 0, 0)


def test_a_bye_is_moved_for_clubs_and_says_so() -> None:
    event = make_tournament("ABC")
    for name in "AB":
        event = change_player(event, name, club="North")
    paired = pair_next(event)
    assert [one.player_id for one in paired.round.byes] == ["B"]
    assert paired.report.notes == (
        "B has the bye and not the last of the order:"
        " a bye for C would force a rematch or a pair of one club.",
    )


def test_battle_points_pair_without_floats() -> None:
    event = play("ABCDEFGH", *X6)
    event = event._replace(rules=event.rules._replace(pairing_score="battle_points"))
    paired = pair_next(event)
    assert paired.report.cross_record == ()
    assert paired.report.cost is not None
    assert paired.report.cost.floats == 0
    assert paired.report.cost.score_gaps > 0


# --- rounds that are paired again, or by hand ---


def test_pairing_again_keeps_locked_pairs_and_battles_of_unchanged_ones() -> None:
    event = play("ABCDEFGH", *X6[:1])
    stored = (
        Pairing("A", "D", 1, battle_id="btl_1", is_locked=True),
        Pairing("C", "F", 2, battle_id="btl_2"),
        Pairing("H", "B", 3, battle_id="btl_3"),
        Pairing("E", "G", 4, battle_id="btl_4"),
    )
    event = event._replace(rounds=(*event.rounds, Round(2, stored)))
    paired = pair_round(event, 2)
    assert name_pairs(paired) == ["AD", "CF", "HB", "EG"]
    assert [one.battle_id for one in paired.round.pairings] == [f"btl_{n}" for n in (1, 2, 3, 4)]
    assert [one.is_locked for one in paired.round.pairings] == [True, False, False, False]
    unlocked = stored[0]._replace(is_locked=False), *stored[1:]
    event = event._replace(rounds=(event.rounds[0], Round(2, unlocked)))
    paired = pair_round(event, 2)
    assert name_pairs(paired) == ["AC", "FD", "HB", "EG"]
    assert [one.battle_id for one in paired.round.pairings] == [None, None, "btl_3", "btl_4"]


def test_a_locked_pair_is_given_up_where_one_does_not_play() -> None:
    event = play("ABCD", *X1[:1])
    locked = Round(2, (Pairing("A", "D", 1, is_locked=True),))
    event = event._replace(rounds=(*event.rounds, locked))
    paired = pair_round(change_player(event, "D", absent=frozenset({2})), 2)
    assert name_pairs(paired) == ["AB"]
    assert paired.report.notes == (
        "The locked pair of A and D is given up: one of them does not play.",
    )


def test_all_pairs_locked_leave_the_bye_to_the_last_one() -> None:
    event = make_tournament("ABCDE")
    locked = tuple(Pairing(one, other, is_locked=True) for one, other in ("AB", "DE"))
    paired = pair_round(event._replace(rounds=(Round(1, locked),)), 1)
    assert name_pairs(paired) == ["AB", "DE"]
    assert paired.round.byes == (Bye("C"),)
    assert "C has the bye and not the last of the order: the round is paired by hand." in (
        paired.report.notes
    )


def test_a_round_by_hand_is_reported_as_it_is() -> None:
    event = play("ABCD", *X1[:2])
    by_hand = Round(3, (Pairing("A", "B"), Pairing("C", "D")))
    report = report_round(event._replace(rounds=(*event.rounds, by_hand)), 3)
    assert report.rematch_free_possible
    assert report.rematches == (Rematch(("A", "B"), (2,)), Rematch(("C", "D"), (2,)))
    assert report.notes[0] == "A and B meet again after round 2: the round is paired by hand."
    assert report.cost == Cost(2, 0, 0, 0, 8, 0, 2)


@pytest.mark.parametrize(
    ("pairs", "byes", "faults"),
    [
        (["AB", "CD"], ["E"], []),
        (["AB", "CC"], ["E"], ["C meets themselves.", "C is named twice.", "D is missing."]),
        (["AB", "CX"], ["E"], ["X does not play this round.", "D is missing."]),
        (["AB", "CA"], ["E"], ["A is named twice.", "D is missing."]),
        (["AB"], ["C", "D", "E"], ["1 player has the bye, and not 3."]),
        (["AB", "CD"], [], ["E is missing.", "1 player has the bye, and not 0."]),
    ],
)
def test_faults_of_a_round_by_hand(pairs: list[str], byes: list[str], faults: list[str]) -> None:
    event = change_player(make_tournament("ABCDEF"), "F", status="dropped")
    named = [(one, other) for one, other in pairs]
    assert find_faults(event, 1, named, byes) == faults


def test_too_few_players() -> None:
    event = change_player(make_tournament("AB"), "B", status="dropped")
    with pytest.raises(PairingError, match="too_few_players"):
        pair_round(event, 1)


def test_later_rounds_are_not_read() -> None:
    event = play("ABCDEFGH", *X6)
    assert pair_round(event, 2).round.pairings == tuple(
        one._replace(result=None) for one in event.rounds[1].pairings
    )


def test_a_cancelled_game_is_no_meeting() -> None:
    event = make_tournament("ABCD")
    games = tuple(Pairing(one, other, is_cancelled=True) for one, other in ("AC", "BD"))
    event = event._replace(rounds=(Round(1, games),))
    paired = pair_round(event, 2)
    assert paired.report.rematches == ()
    assert paired.report.order == tuple("ABCD")


def test_a_forfeit_is_a_meeting_and_floats_as_it_was_paired() -> None:
    event = play("ABCD", *X1[:2])
    forfeit = Pairing("A", "D", result=Result((70, 0), "A", "forfeit"))
    games = (forfeit, Pairing("B", "C", result=Result((55, 55), None, "draw")))
    paired = pair_round(event._replace(rounds=(*event.rounds, Round(3, games))), 4)
    assert paired.report.cost is not None
    assert paired.report.cost.rematches == 2
    assert paired.report.cost.floats == 2
