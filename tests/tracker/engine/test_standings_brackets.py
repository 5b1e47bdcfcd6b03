"""Places in brackets: by the round of elimination."""

from __future__ import annotations

from random import Random

from functions.tracker.engine.standings import Standings, rank_players
from functions.tracker.engine.tournament import Tournament
from tests.support.elimination import add_next_round, finish_game, make_bracket, play_bracket
from tests.support.tournaments import change_player


def show(standings: Standings) -> list[tuple[str, int | None]]:
    return [(row.user_id, row.rank) for row in standings.rows]


def test_places_of_double_8() -> None:
    standings = rank_players(play_bracket(make_bracket("double_elimination", 8)))
    places = [1, 2, 3, 4, 5, 5, 7, 7]
    assert show(standings) == list(zip("12345678", places, strict=True))
    assert standings.champion_id == "1"


def test_places_of_single_8_with_and_without_a_third_place_match() -> None:
    plain = rank_players(play_bracket(make_bracket("single_elimination", 8)))
    assert [rank for _, rank in show(plain)] == [1, 2, 3, 3, 5, 5, 5, 5]
    event = play_bracket(
        make_bracket("single_elimination", 8, third_place_match=True),
        lambda one: "4" if one.match_code == "P3" else one.player1_id,
    )
    assert show(rank_players(event))[:4] == [("1", 1), ("2", 2), ("4", 3), ("3", 4)]


def test_nobody_is_champion_before_the_first_round() -> None:
    for count in (0, 1, 2, 5):
        standings = rank_players(make_bracket("double_elimination", count))
        assert [rank for _, rank in show(standings)] == [None] * count
        assert standings.champion_id is None


def test_places_need_no_tables() -> None:
    event = add_next_round(make_bracket("single_elimination", 8))
    assert show(rank_players(event._replace(tables=()))) == show(rank_players(event))


def test_players_still_in_have_no_rank_yet() -> None:
    event = add_next_round(make_bracket("single_elimination", 8))
    event = add_next_round(event, None)
    standings = rank_players(event)
    assert show(standings) == [
        *(("1", None), ("2", None), ("3", None), ("4", None)),
        *(("5", 5), ("6", 5), ("7", 5), ("8", 5)),
    ]
    assert standings.champion_id is None


def test_losers_of_semifinals_wait_for_their_match() -> None:
    event = add_next_round(make_bracket("single_elimination", 4, third_place_match=True))
    assert show(rank_players(event)) == [("1", None), ("2", None), ("3", None), ("4", None)]
    plain = add_next_round(make_bracket("single_elimination", 4))
    assert show(rank_players(plain)) == [("1", None), ("2", None), ("3", 3), ("4", 3)]


def test_a_loser_of_the_winners_bracket_is_still_in() -> None:
    event = add_next_round(make_bracket("double_elimination", 4))
    assert [rank for _, rank in show(rank_players(event))] == [None] * 4


def test_the_table_after_an_earlier_round() -> None:
    event = play_bracket(make_bracket("double_elimination", 8))
    assert rank_players(event, 2) == rank_players(event._replace(rounds=event.rounds[:2]))
    left = change_player(event, "3", status="dropped", dropped_after_round=3)
    assert rank_players(left, 2) == rank_players(event, 2)


def test_nobody_is_first_after_a_final_that_both_lost() -> None:
    event = add_next_round(make_bracket("single_elimination", 4))
    event = lose_both(add_next_round(event, None))
    standings = rank_players(event)
    assert show(standings) == [("1", 2), ("2", 2), ("3", 3), ("4", 3)]
    assert standings.champion_id is None


def lose_both(event: Tournament) -> Tournament:
    *earlier, last = event.rounds
    games = tuple(finish_game(one, None) for one in last.pairings)
    return event._replace(rounds=(*earlier, last._replace(pairings=games)))


def test_who_is_disqualified_is_last() -> None:
    event = play_bracket(make_bracket("single_elimination", 4))
    event = change_player(event, "2", status="disqualified", dropped_after_round=2)
    standings = rank_players(event)
    assert show(standings) == [("1", 1), ("3", 2), ("4", 2), ("2", 4)]
    assert standings.rows[-1].explain.text == "2 was disqualified and is listed last."


def test_ranks_count_those_above() -> None:
    for seed in range(20):
        random = Random(seed)
        event = play_bracket(
            make_bracket("double_elimination", random.randint(2, 20)),
            lambda one, random=random: random.choice(one.player_ids),
        )
        ranks = [rank for _, rank in show(rank_players(event))]
        assert ranks[0] == 1
        for index, rank in enumerate(ranks):
            assert rank == ranks.index(rank) + 1
            assert index == 0 or rank >= (ranks[index - 1] or 0)


def test_rows_of_a_bracket_have_records_too() -> None:
    standings = rank_players(play_bracket(make_bracket("single_elimination", 5)))
    row = standings.rows[0]
    assert (row.played, row.wins, row.byes, row.win_path) == (2, 2, 1, "WWW")
    assert [line.user_id for line in row.explain.opponents] == ["4", "2"]
