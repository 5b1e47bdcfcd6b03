"""Players who leave a running event."""

from __future__ import annotations

import pytest

from functions.tracker.engine.brackets import resolve
from functions.tracker.engine.drops import drop_player
from functions.tracker.engine.pairing import pair_round
from functions.tracker.engine.records import read_history
from functions.tracker.engine.standings import rank_players
from functions.tracker.engine.tournament import Bye, Pairing, Player, Result, Round, Tournament
from tests.support.elimination import add_next_round, make_bracket, play_bracket, show_rounds
from tests.support.tournaments import make_tournament, play_round


def get_player(event: Tournament, user_id: str) -> Player:
    [player] = [one for one in event.players if one.user_id == user_id]
    return player


def start_second_round(names: str = "ABCDE") -> Tournament:
    """X2 with its second round paired: A-D, E-B, bye C."""
    event, _ = play_round(make_tournament(names), "A 82-61 C, B 70-75 D")
    paired = pair_round(event, 2).round
    games = tuple(
        one._replace(battle_id=f"btl_{''.join(one.player_ids)}") for one in paired.pairings
    )
    assert [one.battle_id for one in games] == ["btl_AD", "btl_EB"]
    assert paired.byes == (Bye("C"),)
    return event._replace(rounds=(*event.rounds, paired._replace(pairings=games)))


def test_the_opponent_of_an_open_game_wins_by_forfeit() -> None:
    event = start_second_round()
    departure = drop_player(event, "B")
    after = departure.tournament
    assert departure.forfeited == after.rounds[1].pairings[1]
    assert departure.forfeited.result == Result((70, 0), "E", "forfeit")
    assert departure.forfeited.battle_id == "btl_EB"
    assert departure.repaired is None
    assert (get_player(after, "B").status, get_player(after, "B").dropped_after_round) == (
        "dropped",
        2,
    )
    records = read_history(after, 2).records
    assert (records["E"].victory_points, records["E"].free_wins) == (140, 2)
    assert (records["B"].victory_points, records["B"].path) == (70, "LL")
    first = drop_player(start_second_round(), "A").forfeited
    assert first
    assert first.result == Result((0, 70), "D", "forfeit")


def test_after_a_finished_game_nothing_is_forfeited() -> None:
    event = start_second_round()
    first, second = event.rounds[1].pairings
    games = (first, second._replace(result=Result((58, 66), "B")))
    event = event._replace(rounds=(event.rounds[0], event.rounds[1]._replace(pairings=games)))
    departure = drop_player(event, "B")
    assert departure.forfeited is None
    assert departure.tournament.rounds == event.rounds


def test_a_finished_game_is_not_repaired() -> None:
    event = start_second_round()
    first, second = event.rounds[1].pairings
    for result in (Result((58, 66), "B"), Result((66, 58), "E"), Result((0, 70), "B", "forfeit")):
        games = (first, second._replace(result=result))
        played = event.rounds[1]._replace(pairings=games)
        played_event = event._replace(rounds=(event.rounds[0], played))
        departure = drop_player(played_event, "B", repair=True)
        assert (departure.forfeited, departure.repaired, departure.cancelled) == (None, None, ())
        assert departure.tournament.rounds == played_event.rounds


def test_who_left_before_left_then() -> None:
    event, _ = play_round(make_tournament("ABCDE"), "A 82-61 C, B 70-75 D")
    event = drop_player(event, "B").tournament
    event = event._replace(rounds=(*event.rounds, pair_round(event, 2).round))
    again = drop_player(event, "B")
    assert get_player(again.tournament, "B").dropped_after_round == 1
    assert again.tournament == event


def test_a_drop_changes_no_earlier_table() -> None:
    event = start_second_round()
    after = drop_player(event, "D").tournament
    assert rank_players(after, 1) == rank_players(event, 1)


def test_who_left_is_not_paired_again() -> None:
    event, _ = play_round(make_tournament("ABCDE"), "A 82-61 C, B 70-75 D")
    paired = pair_round(drop_player(event, "B").tournament, 2)
    assert "B" not in paired.report.order
    assert all(one.player1_id != one.player2_id for one in paired.round.pairings)
    assert len(paired.round.pairings) == 2


def test_repair_pairs_who_is_idle_with_who_has_the_bye() -> None:
    event = start_second_round()
    departure = drop_player(event, "B", repair=True)
    after = departure.tournament
    assert departure.repaired == Pairing("E", "C", 1)
    assert departure.forfeited is None
    assert departure.cancelled == (event.rounds[1].pairings[1],)
    assert after.rounds[1].byes == ()
    assert [one.player_ids for one in after.rounds[1].pairings] == [("A", "D"), ("E", "C")]
    records = read_history(after, 2).records
    assert records["B"].path == "LL"
    assert records["C"].byes == 0
    assert records["E"].free_wins == 1  # of round 1


def test_repair_annuls_a_forfeit_that_was_given_before() -> None:
    event = start_second_round()
    first = drop_player(event, "B").tournament
    then = drop_player(first, "B", repair=True)
    assert then.tournament == drop_player(event, "B", repair=True).tournament
    assert then.cancelled == (first.rounds[1].pairings[1],)


def test_repair_needs_somebody_with_a_bye() -> None:
    event = start_second_round()
    without = event._replace(rounds=(event.rounds[0], event.rounds[1]._replace(byes=())))
    departure = drop_player(without, "B", repair=True)
    assert departure.forfeited
    assert departure.repaired is None
    gone = drop_player(event, "C").tournament  # who has the bye
    departure = drop_player(gone, "B", repair=True)
    assert departure.forfeited
    assert departure.tournament.rounds[1].byes == (Bye("C"),)


def test_both_of_a_game_may_leave() -> None:
    event = drop_player(start_second_round(), "B").tournament
    departure = drop_player(event, "E")
    assert departure.forfeited is None
    assert departure.tournament.rounds == event.rounds


@pytest.mark.parametrize(
    ("kind", "status"),
    [("drop", "dropped"), ("no_show", "dropped"), ("disqualified", "disqualified")],
)
def test_kinds_of_leaving(kind: str, status: str) -> None:
    after = drop_player(start_second_round(), "A", kind=kind).tournament
    assert get_player(after, "A").status == status
    assert (rank_players(after).rows[-1].user_id == "A") == (status == "disqualified")


def test_leaving_before_the_first_round() -> None:
    departure = drop_player(make_tournament("ABC"), "B")
    assert get_player(departure.tournament, "B").dropped_after_round == 0


# --- brackets ---


def test_in_a_bracket_the_opponent_passes_on() -> None:
    event = add_next_round(add_next_round(make_bracket("single_elimination", 8)), None)
    departure = drop_player(event, "1")
    assert departure.forfeited
    assert departure.forfeited.result == Result((0, 70), "4", "forfeit")
    assert departure.affected_matches == ()
    after = departure.tournament
    rest = drop_player(after, "2").tournament
    assert resolve(rest).paired[2].round.pairings[0].player_ids == ("3", "4")


def test_in_double_elimination_they_are_out_of_both_brackets() -> None:
    event = add_next_round(make_bracket("double_elimination", 8), None)
    after = drop_player(event, "1").tournament
    games = tuple(
        one if one.result else one._replace(result=Result((9, 1), one.player1_id))
        for one in after.rounds[0].pairings
    )
    after = play_bracket(after._replace(rounds=(Round(1, games),)))
    assert not [line for line in show_rounds(after)[1:] if "1" in line.replace("-", " ").split()]
    assert resolve(after).champion_id == "2"


def test_between_rounds_the_next_match_is_a_walkover() -> None:
    event = add_next_round(make_bracket("single_elimination", 4))
    departure = drop_player(event, "1")
    assert departure.forfeited is None
    assert departure.tournament.rounds == event.rounds
    resolved = resolve(departure.tournament)
    assert (resolved.champion_id, resolved.is_finished) == ("2", True)
    assert rank_players(departure.tournament).rows[0].user_id == "2"
