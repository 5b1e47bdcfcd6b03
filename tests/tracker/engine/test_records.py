"""Records: what games, byes and missed rounds give."""

from __future__ import annotations

import pytest

from functions.tracker.engine.records import rank_path, read_history, score_game
from functions.tracker.engine.tournament import Bye, Pairing, Result, Round, Rules
from tests.support.tournaments import add_round, change_player, make_tournament


@pytest.mark.parametrize(
    ("gap", "band", "points"),
    [
        (0, 5, (10, 10)),
        (5, 5, (10, 10)),
        (6, 5, (11, 9)),
        (10, 5, (11, 9)),
        (11, 5, (12, 8)),
        (15, 5, (12, 8)),
        (50, 5, (19, 1)),
        (51, 5, (20, 0)),
        (100, 5, (20, 0)),
        (0, 0, (10, 10)),
        (1, 0, (11, 9)),
        (45, 0, (19, 1)),
        (46, 0, (20, 0)),
    ],
)
def test_battle_points_of_a_gap(gap: int, band: int, points: tuple[int, int]) -> None:
    for totals, expected in (((gap, 0), points), ((0, gap), points[::-1])):
        winner = "A" if totals[0] > totals[1] else "B"
        game = Pairing("A", "B", result=Result(totals, winner if gap else None))
        sides = score_game(game, Rules(draw_band=band))
        assert tuple(side.battle_points for side in sides) == expected


def test_a_narrow_win_is_a_win_with_equal_battle_points() -> None:
    sides = score_game(Pairing("A", "B", result=Result((52, 50), "A")), Rules())
    assert [(side.letter, side.battle_points) for side in sides] == [("W", 10), ("L", 10)]


def test_a_declared_winner_counts_and_battle_points_follow_the_totals() -> None:
    game = Pairing("A", "B", result=Result((10, 60), "A", "declared"))
    sides = score_game(game, Rules())
    assert [(side.letter, side.battle_points) for side in sides] == [("W", 1), ("L", 19)]


def test_differences_are_cut() -> None:
    game = Pairing("A", "B", result=Result((90, 10), "A"))
    assert [side.vp_difference for side in score_game(game, Rules())] == [50, -50]


def test_a_double_loss_gives_nothing_but_what_was_scored() -> None:
    game = Pairing("A", "B", result=Result((40, 30), None, "double_loss"))
    sides = score_game(game, Rules())
    assert [side.letter for side in sides] == ["L", "L"]
    assert [side.battle_points for side in sides] == [0, 0]
    assert [side.victory_points for side in sides] == [40, 30]
    assert all(side.is_played for side in sides)


def test_a_forfeit_gives_what_a_bye_gives() -> None:
    game = Pairing("A", "B", result=Result((12, 3), "B", "forfeit"))
    first, second = score_game(game, Rules(bye_victory_points=80, bye_battle_points=16))
    assert first == ("L", 0, 0, 0, False)
    assert second == ("W", 80, 0, 16, False)
    neither = Pairing("A", "B", result=Result((0, 0), None, "forfeit"))
    assert [side.letter for side in score_game(neither, Rules())] == ["L", "L"]


def test_a_bye_has_its_points() -> None:
    event = add_round(make_tournament("ABC"), "A 60-50 B", "C")
    record = read_history(event, 1).records["C"]
    assert (record.path, record.match_points, record.byes, record.free_wins) == ("W", 2, 1, 1)
    assert (record.victory_points, record.battle_points, record.wins) == (70, 15, 0)
    assert record.games == []


@pytest.mark.parametrize(
    ("credit", "expected"),
    [
        ("loss", ("L", 0, 0, 0, 0)),
        ("draw", ("D", 1, 0, 10, 0)),
        ("bye", ("W", 2, 70, 15, 1)),
    ],
)
def test_missed_rounds(credit: str, expected: tuple[object, ...]) -> None:
    event = add_round(make_tournament("ABC"), "A 60-50 B")
    event = change_player(event, "C", credits={1: credit})
    record = read_history(event, 1).records["C"]
    found = (
        record.path,
        record.match_points,
        record.victory_points,
        record.battle_points,
        record.free_wins,
    )
    assert found == expected
    assert (record.wins, record.draws, record.losses, record.games) == (0, 0, 0, [])


def test_an_absence_is_a_loss_without_a_game() -> None:
    event = add_round(add_round(make_tournament("ABC"), "A 60-50 B", "C"), "A 60-50 C")
    record = read_history(event, 2).records["B"]
    assert (record.path, record.losses, len(record.games)) == ("LL", 1, 1)


def test_floats_are_counted_from_scores_of_their_time() -> None:
    event = make_tournament("ABCD")
    for games in ("A 9-1 C, B 9-1 D", "A 9-1 B, C 9-1 D", "A 9-1 D, B 5-5 C"):
        event = add_round(event, games)
    records = read_history(event, 3).records
    floats = {name: (one.floats_down, one.floats_up) for name, one in records.items()}
    assert floats == {"A": (1, 0), "B": (0, 0), "C": (0, 0), "D": (0, 1)}
    # With the first round the other way round, others float.
    lost = [Pairing(*pair, result=Result((1, 9), pair[1])) for pair in ("AC", "BD")]
    first = Round(1, tuple(lost))
    records = read_history(event._replace(rounds=(first, *event.rounds[1:])), 3).records
    floats = {name: (one.floats_down, one.floats_up) for name, one in records.items()}
    assert floats == {"A": (0, 0), "B": (0, 1), "C": (1, 0), "D": (0, 0)}


def test_byes_and_battle_points_make_no_floats() -> None:
    event = make_tournament("ABC", pairing_score="battle_points")
    for games, bye in (("A 90-1 B", "C"), ("A 90-1 C", "B"), ("B 9-1 C", "A")):
        event = add_round(event, games, bye)
    records = read_history(event, 3).records.values()
    assert all(one.floats_down == one.floats_up == 0 for one in records)


def test_an_open_game_is_a_meeting_and_gives_nothing_yet() -> None:
    event = make_tournament("AB")._replace(rounds=(Round(1, (Pairing("B", "A"),)),))
    history = read_history(event, 1)
    assert history.get_rounds("A", "B") == history.get_rounds("B", "A") == (1,)
    assert history.records["A"].path == ""


def test_a_cancelled_game_is_nothing() -> None:
    cancelled = Round(1, (Pairing("A", "B", is_cancelled=True),))
    event = make_tournament("AB")._replace(rounds=(cancelled,))
    history = read_history(event, 1)
    assert history.meetings == {}
    assert history.records["A"].path == ""


def test_brackets_count_no_round_without_a_match() -> None:
    event = make_tournament("ABC")._replace(
        format="single_elimination",
        rounds=(
            Round(1, (Pairing("B", "C", result=Result((9, 1), "B")),), (Bye("A", "bracket"),)),
            Round(2, (Pairing("A", "B", result=Result((9, 1), "A")),)),
        ),
    )
    records = read_history(event, 2).records
    assert [records[name].path for name in "ABC"] == ["WW", "WL", "L"]


def test_better_paths_sort_first() -> None:
    paths = ["LLL", "W", "WWL", "DWW", "WW", "LDW", "WLW"]
    assert sorted(paths, key=lambda path: rank_path(path, 3)) == [
        "WWL",
        "WW",
        "WLW",
        "W",
        "DWW",
        "LDW",
        "LLL",
    ]
