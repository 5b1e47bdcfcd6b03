"""Results that come late or change: as if the right one had been entered at first."""

from __future__ import annotations

from random import Random

import pytest

from functions.tracker.engine.brackets import pair_round as pair_bracket
from functions.tracker.engine.brackets import resolve
from functions.tracker.engine.corrections import (
    AffectedMatch,
    AffectedRound,
    LockedResultError,
    RankChange,
    enter_result,
)
from functions.tracker.engine.drops import drop_player
from functions.tracker.engine.pairing import pair_round
from functions.tracker.engine.rounds import is_stale, pair_round_again
from functions.tracker.engine.standings import rank_players
from functions.tracker.engine.tournament import (
    Pairing,
    PairingError,
    Result,
    Round,
    Tournament,
)
from tests.support.elimination import (
    add_next_round,
    finish_game,
    make_bracket,
    play_bracket,
    show_rounds,
)
from tests.support.histories import play_rounds
from tests.support.tournaments import make_result, make_tournament, play_round

X6_1 = "A 85-40 E, F 71-62 B, C 90-55 G, D 66-66 H"


def name_battles(event: Tournament) -> Tournament:
    """The event whose pairings all have a battle."""
    rounds = tuple(
        played._replace(
            pairings=tuple(
                one._replace(battle_id=one.battle_id or f"btl_{''.join(one.player_ids)}")
                for one in played.pairings
            )
        )
        for played in event.rounds
    )
    return event._replace(rounds=rounds)


def pair_second_round() -> Tournament:
    """X6 with its second round paired and not begun."""
    event, _ = play_round(make_tournament("ABCDEFGH"), X6_1)
    return name_battles(event._replace(rounds=(*event.rounds, pair_round(event, 2).round)))


def list_ranks(event: Tournament) -> str:
    return "".join(row.user_id for row in rank_players(event).rows)


def test_x6_a_correction_makes_an_unplayed_round_stale() -> None:
    event = pair_second_round()
    assert list_ranks(event) == "CAFDHBGE"
    assert not is_stale(event)
    correction = enter_result(event, "btl_DH", Result((66, 70), "H"))
    after = correction.tournament
    assert correction.before == Result((66, 66), None, "draw")
    assert correction.after == Result((66, 70), "H")
    assert correction.affected_rounds == (AffectedRound(2, "stale"),)
    assert correction.affected_matches == correction.cancelled == ()
    assert after.rounds[1] == event.rounds[1]
    assert list_ranks(after) == "CAFHDBGE"
    assert correction.standings_changes == (RankChange("D", 4, 5), RankChange("H", 5, 4))
    assert is_stale(after)
    again = pair_round_again(after)
    assert [one.player_ids for one in again.round.pairings] == [tuple(p) for p in X6_AGAIN]
    assert tuple(again.report.cost or ()) == (0, 0, 0, 0, 0, 0, 4)
    kept = [one.battle_id for one in again.round.pairings]
    assert kept == ["btl_AC", None, None, "btl_EG"]


X6_AGAIN = ("AC", "FH", "BD", "EG")


def test_correcting_back_restores_the_first_state() -> None:
    event = pair_second_round()
    there = enter_result(event, "btl_DH", Result((66, 70), "H"))
    back = enter_result(there.tournament, "btl_DH", Result((66, 66), None, "draw"))
    started = [one._replace(has_started=True) for one in event.rounds[0].pairings]
    first = tuple(
        one if new.battle_id == "btl_DH" else old
        for one, new, old in zip(
            started, event.rounds[0].pairings, event.rounds[0].pairings, strict=True
        )
    )
    assert back.tournament.rounds == (Round(1, first), event.rounds[1])
    assert back.affected_rounds == ()
    assert not is_stale(back.tournament)
    assert rank_players(back.tournament) == rank_players(event)


def test_a_round_that_has_begun_is_kept() -> None:
    event = pair_second_round()
    begun = event.rounds[1]
    games = (begun.pairings[0]._replace(has_started=True), *begun.pairings[1:])
    event = event._replace(rounds=(event.rounds[0], Round(2, games)))
    correction = enter_result(event, "btl_DH", Result((66, 70), "H"))
    assert correction.affected_rounds == (AffectedRound(2, "kept"),)
    assert correction.tournament.rounds[1] == event.rounds[1]
    assert not is_stale(correction.tournament)


def test_a_correction_that_changes_no_pairing_leaves_the_round_fresh() -> None:
    event = pair_second_round()
    correction = enter_result(event, "btl_AE", Result((86, 40), "A"))
    assert correction.affected_rounds == ()
    assert correction.standings_changes == ()


def test_a_first_result_is_entered_alike() -> None:
    event = pair_second_round()
    correction = enter_result(event, "btl_AC", Result((70, 52), "A"))
    assert correction.before is None
    assert correction.tournament.rounds[1].pairings[0].result == Result((70, 52), "A")
    assert correction.tournament.rounds[1].pairings[0].has_started
    assert correction.affected_rounds == ()
    assert RankChange("A", 2, 1) in correction.standings_changes


@pytest.mark.parametrize("seed", range(25))
def test_correct_then_compute_equals_compute_from_scratch(seed: int) -> None:
    random = Random(seed)
    names = [f"usr_{number}" for number in range(random.randint(4, 20))]
    right = name_all(play_rounds(names, random.randint(1, 4), random))
    played = random.choice(right.rounds)
    pairing = random.choice(played.pairings)
    assert pairing.battle_id
    assert pairing.result
    own, theirs = random.randrange(100), random.randrange(100)
    wrong_result = make_result(*pairing.player_ids, own, theirs)
    wrong = enter_result(right, pairing.battle_id, wrong_result).tournament
    corrected = enter_result(wrong, pairing.battle_id, pairing.result)
    assert corrected.tournament == right
    assert corrected.before == wrong_result
    number = len(right.rounds) + 1
    assert pair_round(corrected.tournament, number) == pair_round(right, number)
    assert rank_players(corrected.tournament) == rank_players(right)


def name_all(event: Tournament) -> Tournament:
    rounds = tuple(
        played._replace(
            pairings=tuple(
                one._replace(battle_id=f"btl_{played.number}_{one.player1_id}")
                for one in played.pairings
            )
        )
        for played in event.rounds
    )
    return event._replace(rounds=rounds)


# --- brackets ---


def find(event: Tournament, code: str) -> Pairing:
    [pairing] = [
        one for played in event.rounds for one in played.pairings if one.match_code == code
    ]
    return pairing


def enter(event: Tournament, code: str, winner: str, *, force: bool = False) -> Tournament:
    pairing = find(event, code)
    result = Result((60, 40) if winner == pairing.player1_id else (40, 60), winner)
    return enter_result(event, str(pairing.battle_id), result, force=force).tournament


def test_an_unplayed_match_is_issued_again_with_a_new_battle() -> None:
    event = add_next_round(add_next_round(make_bracket("single_elimination", 8)), None)
    was = find(event, "W2-1")
    correction = enter_result(event, "btl_W1-1_1_8", Result((40, 60), "8"))
    now = find(correction.tournament, "W2-1")
    assert was.player_ids == ("1", "4")
    assert now == Pairing("4", "8", was.table_number, bracket="winners", match_code="W2-1")
    assert correction.cancelled == (was,)
    assert correction.affected_matches == (
        AffectedMatch(2, "W2-1", was.battle_id, ("1", "4"), ("4", "8"), has_result=False),
    )
    assert find(correction.tournament, "W2-2") == find(event, "W2-2")
    assert correction.affected_rounds == ()


def test_a_match_that_is_issued_again_stays_at_its_table() -> None:
    event = add_next_round(add_next_round(make_bracket("single_elimination", 8)), None)
    *others, last = event.rounds
    games = (last.pairings[0]._replace(table_number=7), *last.pairings[1:])
    event = event._replace(
        rounds=(*others, last._replace(pairings=games)), tables=tuple(range(1, 9))
    )
    correction = enter_result(event, "btl_W1-1_1_8", Result((40, 60), "8"))
    assert find(correction.tournament, "W2-1").table_number == 7


def test_who_has_left_plays_no_match_that_is_issued_again() -> None:
    """8 loses to 1, then to 5, and leaves; then it turns out that 8 had won against 1."""
    event = add_next_round(add_next_round(make_bracket("double_elimination", 8)))
    event = drop_player(event, "8").tournament
    correction = enter_result(event, "btl_W1-1_1_8", Result((40, 60), "8"), force=True)
    assert show_rounds(correction.tournament)[1] == "2-3 1-5 6-7; 4"
    assert [(one.match_code, one.new_player_ids) for one in correction.affected_matches] == [
        ("L1-1", ("1", "5")),
        ("W2-1", None),
    ]


def test_a_played_match_locks_the_result() -> None:
    event = play_bracket(make_bracket("single_elimination", 8))
    with pytest.raises(LockedResultError) as caught:
        enter(event, "W1-1", "8")
    assert [one.match_code for one in caught.value.affected_matches] == ["W2-1", "W3-1"]
    assert all(one.has_result for one in caught.value.affected_matches)


def test_totals_of_a_played_match_can_be_corrected_any_time() -> None:
    event = play_bracket(make_bracket("single_elimination", 8))
    correction = enter_result(event, "btl_W1-1_1_8", Result((99, 1), "1"))
    assert correction.affected_matches == ()
    assert rank_players(correction.tournament).champion_id == "1"


def test_force_voids_what_rests_on_the_result() -> None:
    event = play_bracket(make_bracket("single_elimination", 8))
    corrected = enter(event, "W1-1", "8", force=True)
    assert show_rounds(corrected) == ["1-8 4-5 2-7 3-6", "4-8 2-3"]
    assert find(corrected, "W2-1").result is None
    assert find(corrected, "W2-2").result
    assert rank_players(corrected).champion_id is None
    finished = play_bracket(enter(assign_battles(corrected), "W2-1", "8"))
    assert show_rounds(finished)[2:] == ["2-8"]
    assert rank_players(finished).champion_id == "2"


def assign_battles(event: Tournament) -> Tournament:
    """What the store does with pairings that are new."""
    rounds = tuple(
        played._replace(
            pairings=tuple(
                one._replace(
                    battle_id=one.battle_id or f"btl_{one.match_code}_{'_'.join(one.player_ids)}"
                )
                for one in played.pairings
            )
        )
        for played in event.rounds
    )
    return event._replace(rounds=rounds)


def test_a_later_match_comes_back_when_its_players_are_known_again() -> None:
    event = make_bracket("double_elimination", 16)
    for _ in range(3):
        event = add_next_round(event)
    assert show_rounds(event)[2] == "1-4 2-3 6-9 7-12 5-10 8-11"
    corrected = assign_battles(enter(event, "W1-1", "16", force=True))
    assert show_rounds(corrected)[1] == "8-16 4-5 2-7 3-6 1-9 12-13 10-15 11-14"
    assert show_rounds(corrected)[2] == "2-3 7-12 5-10"
    again = enter(corrected, "W2-1", "16")
    assert find(again, "W3-1").player_ids == ("4", "16")
    assert find(again, "W3-1").battle_id is None
    assert show_rounds(again)[2] == "4-16 2-3 7-12 5-10 8-11"
    with pytest.raises(PairingError, match="round_incomplete") as caught:
        pair_bracket(assign_battles(again))
    assert caught.value.number == 2


def test_such_a_match_is_issued_by_the_next_pairing_too() -> None:
    """Where results are entered by the players, who change no other match."""
    event = make_bracket("double_elimination", 16)
    for _ in range(3):
        event = add_next_round(event)
    event = assign_battles(enter(event, "W1-1", "16", force=True))
    with pytest.raises(PairingError, match="round_incomplete") as caught:
        pair_bracket(event)
    assert [one.match_code for one in caught.value.missing] == ["W2-1", "L1-1"]
    second = tuple(
        one if one.result else finish_game(one, one.player1_id) for one in event.rounds[1].pairings
    )
    event = event._replace(rounds=(event.rounds[0], Round(2, second), event.rounds[2]))
    paired = pair_bracket(event).round
    assert paired.number == 3
    event = assign_battles(event._replace(rounds=(*event.rounds[:2], paired)))
    assert show_rounds(event)[2] == "4-8 2-3 1-6 7-12 5-10 11-16"
    with pytest.raises(PairingError, match="round_incomplete"):
        pair_bracket(event)


def test_a_round_of_which_nobody_is_known_is_taken_back() -> None:
    event = make_bracket("double_elimination", 8)
    for _ in range(3):
        event = add_next_round(event)
    corrected = enter(event, "W1-1", "8", force=True)
    assert show_rounds(corrected) == ["1-8 4-5 2-7 3-6", "4-8 2-3 1-5 6-7"]


@pytest.mark.parametrize("format", ["single_elimination", "double_elimination"])
@pytest.mark.parametrize("seed", range(20))
def test_a_forced_correction_ends_as_if_it_had_been_right_at_first(format: str, seed: int) -> None:
    """Who would win a match is fixed by its players, so that the event can be played on."""
    random = Random(seed)
    strength = [str(n) for n in range(1, random.randint(3, 20) + 1)]
    random.shuffle(strength)

    def win(one: Pairing) -> str:
        return min(one.player_ids, key=strength.index)

    start = make_bracket(format, len(strength), third_place_match=True)
    right = play_bracket(start, win)
    code = str(random.choice(random.choice(right.rounds).pairings).match_code)
    loser = max(find(right, code).player_ids, key=strength.index)
    wrong = play_bracket(start, lambda one: loser if one.match_code == code else win(one))
    event = assign_battles(enter(wrong, code, win(find(wrong, code)), force=True))
    while not resolve(event).is_finished:
        waiting = [one for played in event.rounds for one in played.pairings if not one.result]
        if waiting:
            event = assign_battles(enter(event, str(waiting[0].match_code), win(waiting[0])))
        else:
            event = add_next_round(event, None)
    # Tables were chosen by what had been played then.
    assert forget_tables(event) == forget_tables(right)
    assert rank_players(event) == rank_players(right)


def forget_tables(event: Tournament) -> Tournament:
    rounds = tuple(
        played._replace(pairings=tuple(one._replace(table_number=None) for one in played.pairings))
        for played in event.rounds
    )
    return event._replace(rounds=rounds)


def test_no_old_winner_stays_in_the_bracket() -> None:
    event = play_bracket(make_bracket("single_elimination", 4))
    corrected = enter(event, "W1-1", "4", force=True)
    assert show_rounds(corrected) == ["1-4 2-3", "2-4"]
    assert rank_players(corrected).champion_id is None


# --- what is refused ---


def test_an_unknown_battle_is_an_error() -> None:
    with pytest.raises(KeyError, match="btl_nobody"):
        enter_result(pair_second_round(), "btl_nobody", Result((1, 0), "A"))


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (Result((1, 0), "X"), "X did not play this game"),
        (Result((1, 0), "A", "double_loss"), "a game of type double_loss has no winner"),
        (Result((1, 0), "A", "draw"), "a game of type draw has no winner"),
    ],
)
def test_results_that_cannot_be(result: Result, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        enter_result(pair_second_round(), "btl_AC", result)


def test_a_drawn_knock_out_is_refused() -> None:
    event = add_next_round(make_bracket("single_elimination", 4), None)
    with pytest.raises(ValueError, match="somebody must pass on"):
        enter_result(event, "btl_W1-1_1_4", Result((50, 50), None, "draw"))
    both = enter_result(event, "btl_W1-1_1_4", Result((0, 0), None, "double_loss"))
    assert resolve(both.tournament).eliminated.keys() == {"1", "4"}
