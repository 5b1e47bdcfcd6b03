"""The next round, whatever the format."""

from __future__ import annotations

import pytest

from functions.tracker.engine.rounds import (
    count_swiss_rounds,
    is_stale,
    pair_next_round,
    pair_round_again,
)
from functions.tracker.engine.tournament import Pairing, PairingError, Result, Round
from tests.support.elimination import add_next_round, make_bracket
from tests.support.tournaments import change_player, make_tournament, play_round


def test_swiss_rounds_of_a_number_of_players() -> None:
    found = {count: count_swiss_rounds(count) for count in (2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 512)}
    assert found == {
        **{2: 1, 3: 2, 4: 2, 5: 3, 8: 3, 9: 4, 16: 4, 17: 5, 32: 5, 33: 6},
        512: 9,
    }
    assert count_swiss_rounds(1) == 1


def test_each_format_has_a_first_round() -> None:
    swiss = pair_next_round(make_tournament("ABCD"))
    assert [one.player_ids for one in swiss.round.pairings] == [("A", "C"), ("B", "D")]
    bracket = pair_next_round(make_bracket("double_elimination", 4))
    assert [one.match_code for one in bracket.round.pairings] == ["W1-1", "W1-2"]


def test_an_open_game_holds_the_next_round_up() -> None:
    event = make_tournament("ABCD")
    games = (Pairing("A", "C", result=Result((9, 1), "A")), Pairing("B", "D"))
    event = event._replace(rounds=(Round(1, games),))
    with pytest.raises(PairingError) as caught:
        pair_next_round(event)
    assert (caught.value.reason, caught.value.number) == ("round_incomplete", 1)
    assert caught.value.missing == (Pairing("B", "D"),)


def test_rounds_end() -> None:
    event = make_tournament("ABCD", swiss_rounds=1)
    event, _ = play_round(event, "A 9-1 C, B 9-1 D")
    with pytest.raises(PairingError, match="no_more_rounds"):
        pair_next_round(event)
    longer = event._replace(rules=event.rules._replace(swiss_rounds=2))
    assert pair_next_round(longer).round.number == 2


def test_one_active_player_is_too_few() -> None:
    event, _ = play_round(make_tournament("AB"), "A 9-1 B")
    with pytest.raises(PairingError, match="too_few_players"):
        pair_next_round(change_player(event, "B", status="dropped", dropped_after_round=1))


def test_pairing_again() -> None:
    with pytest.raises(PairingError, match="not_paired"):
        pair_round_again(make_tournament("AB"))
    event = make_tournament("ABCD")._replace(rounds=(Round(1, (Pairing("A", "B", 1),)),))
    again = pair_round_again(event)
    assert [one.player_ids for one in again.round.pairings] == [("A", "C"), ("B", "D")]
    assert is_stale(event)
    begun = event._replace(rounds=(Round(1, (Pairing("A", "B", 1, has_started=True),)),))
    with pytest.raises(PairingError, match="round_started"):
        pair_round_again(begun)
    assert not is_stale(begun)


def test_pairing_a_bracket_again_changes_nothing() -> None:
    event = add_next_round(add_next_round(make_bracket("single_elimination", 8)), None)
    assert pair_round_again(event).round == event.rounds[1]
    assert not is_stale(event)


def test_a_round_with_nobody_left_to_pair_is_stale() -> None:
    event = make_tournament("AB")._replace(rounds=(Round(1, (Pairing("A", "B", 1),)),))
    assert is_stale(change_player(event, "B", absent=frozenset({1})))
    assert not is_stale(event)
    assert not is_stale(make_tournament("AB"))
