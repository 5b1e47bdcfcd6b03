"""Brackets played to the end: X10, drops, double losses, and what always holds."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from functions.tracker.engine.brackets import pair_round, resolve, seat_round
from functions.tracker.engine.tournament import (
    Bye,
    Format,
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
from tests.support.tournaments import change_player

SINGLE: Format = "single_elimination"
DOUBLE: Format = "double_elimination"


@pytest.mark.parametrize(
    ("format", "players", "rounds"),
    [
        (SINGLE, 5, ["4-5; 1 2 3", "1-4 2-3", "1-2"]),
        (SINGLE, 6, ["4-5 3-6; 1 2", "1-4 2-3", "1-2"]),
        (SINGLE, 8, ["1-8 4-5 2-7 3-6", "1-4 2-3", "1-2"]),
        (DOUBLE, 4, ["1-4 2-3", "1-2 3-4", "2-3", "1-2"]),
        (DOUBLE, 5, ["4-5; 1 2 3", "1-4 2-3; 5", "1-2 3-5; 4", "3-4", "2-3", "1-2"]),
        (DOUBLE, 6, ["4-5 3-6; 1 2", "1-4 2-3; 5 6", "1-2 3-5 4-6", "3-4", "2-3", "1-2"]),
        (DOUBLE, 8, ["1-8 4-5 2-7 3-6", "1-4 2-3 5-8 6-7", "1-2 3-5 4-6", "3-4", "2-3", "1-2"]),
        (DOUBLE, 2, ["1-2", "1-2"]),
        (DOUBLE, 3, ["2-3; 1", "1-2; 3", "2-3", "1-2"]),
    ],
)
def test_x10_the_better_seed_always_wins(format: Format, players: int, rounds: list[str]) -> None:
    event = play_bracket(make_bracket(format, players))
    assert show_rounds(event) == rounds
    resolved = resolve(event)
    assert resolved.is_finished
    assert resolved.champion_id == "1"


def test_x10_a_reset_of_double_4() -> None:
    event = play_bracket(make_bracket(DOUBLE, 4), win_final("2"))
    assert show_rounds(event) == ["1-4 2-3", "1-2 3-4", "2-3", "1-2", "1-2"]
    assert [one.match_code for one in event.rounds[-1].pairings] == ["GF-2"]
    assert sum(len(played.pairings) for played in event.rounds) == 7
    assert resolve(event).champion_id == "2"
    assert resolve(event).eliminated["1"] == (5, 2)


def test_the_winners_champion_may_win_the_reset() -> None:
    event = play_bracket(
        make_bracket(DOUBLE, 4), lambda one: "2" if one.match_code == "GF" else one.player1_id
    )
    assert resolve(event).champion_id == "1"
    assert resolve(event).eliminated["2"] == (5, 2)


def test_a_single_grand_final_has_no_reset() -> None:
    event = play_bracket(make_bracket(DOUBLE, 4, grand_final="single"), win_final("2"))
    assert len(event.rounds) == 4
    assert resolve(event).champion_id == "2"


def win_final(name: str):
    """The better seed wins, but for the final."""
    return lambda one: name if one.bracket == "grand_final" else one.player1_id


def test_missing_seeds_and_walkovers_have_reasons() -> None:
    event = add_next_round(make_bracket(DOUBLE, 5))
    assert event.rounds[0].byes == tuple(Bye(name, "bracket") for name in "123")
    event = change_player(event, "5", status="dropped", dropped_after_round=1)
    event = add_next_round(event)
    assert show_rounds(event)[1] == "1-4 2-3"
    event = add_next_round(event)
    assert event.rounds[2].byes == (Bye("3", "walkover"), Bye("4", "bracket"))


def test_a_walkover_is_told() -> None:
    event = change_player(add_next_round(make_bracket(SINGLE, 8)), "4", status="dropped")
    paired = pair_round(event)
    assert [one.player_ids for one in paired.round.pairings] == [("2", "3")]
    assert paired.round.byes == (Bye("1", "walkover"),)
    assert paired.report.notes == ("1 passes on without a game: the other line is empty.",)
    assert paired.report.order == tuple("12345678")
    assert paired.report.cost is None


def test_two_at_one_table_are_set_apart() -> None:
    """The better listed keeps it."""
    event = add_next_round(make_bracket(SINGLE, 8))
    paired = resolve(event).paired[0]
    games = tuple(one._replace(table_number=2) for one in paired.round.pairings[:2])
    clash = paired._replace(round=paired.round._replace(pairings=games))
    seated = seat_round(event._replace(rounds=()), clash)
    assert [one.table_number for one in seated.round.pairings] == [2, 1]


def test_a_third_place_match_is_played_beside_the_final() -> None:
    event = play_bracket(make_bracket(SINGLE, 8, third_place_match=True))
    last = event.rounds[-1]
    assert [(one.match_code, one.bracket) for one in last.pairings] == [
        ("W3-1", "winners"),
        ("P3", "third_place"),
    ]
    assert resolve(event).eliminated["3"] > resolve(event).eliminated["4"]


def test_a_round_without_a_match_takes_no_number() -> None:
    """With both semifinals lost by both, nothing is left; with one, no final is played."""
    event = play_bracket(add_result(make_bracket(SINGLE, 4), {"W1-1": "1"}))
    assert (len(event.rounds), resolve(event).champion_id) == (1, "1")
    event = play_bracket(add_result(make_bracket(SINGLE, 4), {}))
    assert (len(event.rounds), resolve(event).champion_id) == (1, None)


def add_result(event: Tournament, winners: dict[str, str]) -> Tournament:
    """The next round; matches that are not named are lost by both."""
    played = pair_round(event).round
    games = tuple(finish_game(one, winners.get(str(one.match_code))) for one in played.pairings)
    return event._replace(rounds=(*event.rounds, played._replace(pairings=games)))


def test_a_final_that_both_lost_has_no_champion() -> None:
    event = add_next_round(make_bracket(SINGLE, 4))
    event = add_result(event, {})
    resolved = resolve(event)
    assert (resolved.champion_id, resolved.is_finished) == (None, True)
    assert resolved.eliminated["1"] == resolved.eliminated["2"] == (2, 0)


def test_who_lost_together_leaves_both_lines_empty() -> None:
    event = add_result(make_bracket(DOUBLE, 4), {"W1-2": "2"})
    assert event.rounds[0].pairings[0].player_ids == ("1", "4")
    event = add_next_round(event)  # 2 is alone in W2, 3 in L1: L2 is the next match of none
    assert show_rounds(event)[1:] == ["2-3"]
    assert event.rounds[1].pairings[0].match_code == "GF"
    assert resolve(play_bracket(event)).eliminated.keys() == {"1", "3", "4"}


def test_who_left_is_out_of_both_brackets() -> None:
    event = add_next_round(make_bracket(DOUBLE, 8))
    event = change_player(event, "1", status="dropped", dropped_after_round=1)
    event = play_bracket(event)
    later = [one.player_ids for played in event.rounds[1:] for one in played.pairings]
    assert not [pair for pair in later if "1" in pair]
    assert resolve(event).champion_id == "2"
    assert resolve(event).eliminated["1"] == (2, 0)


def test_who_wins_and_leaves_keeps_the_title() -> None:
    event = play_bracket(make_bracket(SINGLE, 4))
    assert resolve(change_player(event, "1", status="dropped")).champion_id == "1"


def test_a_walkover_that_was_passed_stays_passed() -> None:
    """3 passes L1 alone and plays L2; that they leave afterwards takes nothing of it back."""
    event = add_next_round(make_bracket(DOUBLE, 4))
    event = change_player(event, "4", status="dropped", dropped_after_round=1)
    event = add_next_round(add_next_round(event), lambda one: "3")
    assert show_rounds(event) == ["1-4 2-3", "1-2; 3", "2-3"]
    left = change_player(event, "3", status="dropped", dropped_after_round=3)
    assert [paired.round for paired in resolve(left).paired] == list(event.rounds)
    assert resolve(left).champion_id == "1"
    assert resolve(left).eliminated == {"4": (2, 0), "2": (3, 2), "3": (4, 0)}


def test_a_loser_is_not_stuck_behind_a_bye() -> None:
    """With 5 players L1 has one player, and L2 one who never lost to anybody of it."""
    event = play_bracket(make_bracket(DOUBLE, 5))
    played = Counter(name for r in event.rounds for one in r.pairings for name in one.player_ids)
    assert all(played[name] >= 2 for name in "12345")


def test_an_open_round_is_not_passed() -> None:
    event = add_next_round(make_bracket(SINGLE, 4), None)
    with pytest.raises(PairingError) as caught:
        pair_round(event)
    assert caught.value.reason == "round_incomplete"
    assert caught.value.number == 1
    assert [one.match_code for one in caught.value.missing] == ["W1-1", "W1-2"]


def test_a_drawn_match_is_an_error_and_stalls_nothing() -> None:
    event = add_next_round(make_bracket(SINGLE, 4), None)
    drawn = event.rounds[0].pairings[0]._replace(result=Result((50, 50), None, "draw"))
    event = event._replace(rounds=(Round(1, (drawn, event.rounds[0].pairings[1])),))
    with pytest.raises(ValueError, match="W1-1 is drawn: somebody must pass on"):
        pair_round(event)


def test_one_player_is_too_few() -> None:
    with pytest.raises(PairingError, match="too_few_players"):
        pair_round(make_bracket(SINGLE, 1))


def test_random_seeding_is_the_draw_of_the_first_round() -> None:
    event = make_bracket(SINGLE, 8)
    drawn = event._replace(rules=event.rules._replace(first_round="random"))
    seeding = pair_round(drawn).report.order
    assert sorted(seeding) == list("12345678")
    assert seeding != tuple("12345678")
    assert pair_round(drawn).round.pairings[0].player_ids == (seeding[0], seeding[7])


# --- what always holds ---


def draw(random: Random):
    return lambda one: random.choice(one.player_ids)


def count_losses(event: Tournament) -> Counter[str]:
    losses: Counter[str] = Counter()
    for played in event.rounds:
        for one in played.pairings:
            assert one.result
            losses.update(name for name in one.player_ids if name != one.result.winner_id)
    return losses


def check_rounds(event: Tournament) -> list[Pairing]:
    """Nobody twice in a round, no table twice; rounds are numbered without a gap. All matches."""
    games = []
    for number, played in enumerate(event.rounds, 1):
        assert played.number == number
        names = [name for one in played.pairings for name in one.player_ids]
        names += [bye.player_id for bye in played.byes]
        assert len(set(names)) == len(names)
        tables = [one.table_number for one in played.pairings]
        assert len(set(tables)) == len(tables)
        assert None not in tables
        games += played.pairings
    return games


@pytest.mark.parametrize("players", range(2, 65))
def test_single_elimination_of_every_size(players: int) -> None:
    for seed in range(3):
        event = play_bracket(make_bracket(SINGLE, players), draw(Random(seed)))
        assert len(check_rounds(event)) == players - 1
        champion = resolve(event).champion_id
        losses = count_losses(event)
        assert losses == dict.fromkeys({str(n) for n in range(1, players + 1)} - {champion}, 1)
    event = play_bracket(make_bracket(SINGLE, players, third_place_match=True), draw(Random(9)))
    games = check_rounds(event)
    third = [one for one in games if one.match_code == "P3"]
    assert len(games) == players - 1 + (players >= 4)
    assert len(third) == (players >= 4)
    if third and third[0].result:
        twice = {name for name, lost in count_losses(event).items() if lost == 2}
        assert twice == {*third[0].player_ids} - {third[0].result.winner_id}


@pytest.mark.parametrize("players", range(2, 65))
def test_double_elimination_of_every_size(players: int) -> None:
    for seed in range(4):
        event = play_bracket(make_bracket(DOUBLE, players), draw(Random(seed)))
        games = check_rounds(event)
        champion = resolve(event).champion_id
        losses = count_losses(event)
        reset = any(one.match_code == "GF-2" for one in games)
        assert len(games) == 2 * players - 2 + reset
        assert losses.pop(str(champion), 0) == reset
        assert losses == dict.fromkeys({str(n) for n in range(1, players + 1)} - {champion}, 2)


@pytest.mark.parametrize("format", [SINGLE, DOUBLE])
@pytest.mark.parametrize("seed", range(8))
def test_drops_and_double_losses_never_stall_an_event(format: Format, seed: int) -> None:
    random = Random(seed)
    for players in range(2, 34):
        event = make_bracket(format, players, third_place_match=True)
        while not resolve(event).is_finished:
            event = add_next_round(
                event, lambda one: random.choice((*one.player_ids, *one.player_ids, ""))
            )
            player = random.choice(event.players)
            if random.random() < 0.4 and player.status == "confirmed":
                rounds = len(event.rounds)
                event = change_player(
                    event, player.user_id, status="dropped", dropped_after_round=rounds
                )
        check_rounds(event)
        resolved = resolve(event)
        assert resolved.is_finished
        still_in = {player.user_id for player in event.players} - resolved.eliminated.keys()
        assert still_in == ({resolved.champion_id} if resolved.champion_id else set())
