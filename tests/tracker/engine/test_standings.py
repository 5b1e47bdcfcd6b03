"""Places in Swiss: the worked examples, exact percentages, and why a row is where it is."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from functions.tracker.engine.percentages import compute_percentages
from functions.tracker.engine.records import Record, read_history
from functions.tracker.engine.standings import OpponentLine, Row, Standings, rank_players
from functions.tracker.engine.tournament import PRESETS, Pairing, Result, Round, Tournament
from tests.support.histories import make_history
from tests.support.tournaments import add_round, change_player, make_tournament, play_round


def play(names: str, *rounds: str) -> Tournament:
    event = make_tournament(names)
    for games in rounds:
        event, _ = play_round(event, games)
    return event


def get_row(standings: Standings, user_id: str) -> Row:
    [row] = [one for one in standings.rows if one.user_id == user_id]
    return row


def show(standings: Standings) -> list[tuple[object, ...]]:
    return [
        (one.user_id, one.match_points, one.opp_win_pct, one.opp_opp_win_pct, one.victory_points)
        for one in standings.rows
    ]


X1 = ("A 80-60 C, B 75-70 D", "A 65-64 B, C 90-50 D", "A 88-40 D, B 55-55 C")
X2 = ("A 82-61 C, B 70-75 D", "A 77-64 D, E 58-66 B", "A 90-35 E, D 71-71 C")
X3 = (
    "D 63-51 A, E 91-38 B, F 72-45 C",
    "D 70-42 E, A 90-29 F, C 67-45 B",
    "D 60-50 F, E 58-58 C, A 77-33 B",
)
X6 = (
    "A 85-40 E, F 71-62 B, C 90-55 G, D 66-66 H",
    "A 70-52 C, D 80-44 F, B 61-49 H, G 75-30 E",
    "A 81-47 D, F 72-60 C, B 55-55 G, H 90-20 E",
)


def test_x1() -> None:
    standings = rank_players(play("ABCD", *X1))
    assert show(standings) == [
        ("A", 6, 0.3333, 0.5556, 233),
        ("C", 3, 0.5, 0.5, 205),
        ("B", 3, 0.5, 0.5, 194),
        ("D", 0, 0.6667, 0.4444, 160),
    ]
    assert [one.win_path for one in standings.rows] == ["WWW", "LWD", "WLD", "LLL"]
    assert [one.rank for one in standings.rows] == [1, 2, 3, 4]
    assert [one.explain.decided_by for one in standings.rows] == [
        None,
        "match_points",
        "victory_points",
        "match_points",
    ]
    assert (standings.round, standings.champion_id) == (3, "A")
    explain = get_row(standings, "B").explain
    assert (explain.above, explain.values) == ("C", (194, 205))
    assert explain.text == (
        "Equal in match points, opponents' win percentage, opponents' opponents' win percentage."
        " Decided by victory points: C has 205 and B 194."
    )


def test_x2() -> None:
    standings = rank_players(play("ABCDE", *X2))
    assert show(standings) == [
        ("A", 6, 0.25, 0.6944, 249),
        ("B", 4, 0.25, 0.6667, 206),
        ("C", 3, 0.75, 0.4167, 202),
        ("D", 3, 0.5833, 0.4167, 210),
        ("E", 2, 0.75, 0.25, 163),
    ]
    explain = get_row(standings, "D").explain
    assert (explain.decided_by, explain.values) == ("opp_win_pct", (0.5833, 0.75))


def test_x3() -> None:
    standings = rank_players(play("ABCDEF", *X3))
    assert [row[:3] for row in show(standings)] == [
        ("D", 6, 0.5),
        ("A", 4, 0.4444),
        ("E", 3, 0.5),
        ("C", 3, 0.2778),
        ("F", 2, 0.7222),
        ("B", 0, 0.5556),
    ]


def test_x6() -> None:
    standings = rank_players(play("ABCDEFGH", *X6))
    assert [(row[0], row[1]) for row in show(standings)] == [
        ("A", 6),
        ("F", 4),
        ("D", 3),
        ("B", 3),
        ("H", 3),
        ("G", 3),
        ("C", 2),
        ("E", 0),
    ]
    assert [row[2] for row in show(standings)[2:6]] == [0.7222, 0.5556, 0.3333, 0.2778]


def test_the_table_after_an_earlier_round() -> None:
    event = play("ABCDEFGH", *X6)
    standings = rank_players(event, 1)
    assert "".join(one.user_id for one in standings.rows) == "CAFDHBGE"
    assert standings.round == 1
    assert standings == rank_players(event._replace(rounds=event.rounds[:1]))


def test_before_the_first_round_everybody_stands_as_seeded() -> None:
    standings = rank_players(make_tournament("ABC"))
    assert [one.user_id for one in standings.rows] == ["A", "B", "C"]
    assert standings.champion_id is None
    explain = get_row(standings, "B").explain
    assert (explain.decided_by, explain.values) == ("seed", (2, 1))
    assert explain.text.endswith("Decided by the seed: A has 1 and B 2.")


def test_the_draw_orders_equals() -> None:
    standings = rank_players(make_tournament("ABC", first_round="random"))
    assert [one.explain.decided_by for one in standings.rows] == [None, "draw_order", "draw_order"]
    tables = {
        tuple(row.user_id for row in rank_players(drawn(str(seed))).rows) for seed in range(20)
    }
    assert len(tables) > 1


def drawn(seed: str) -> Tournament:
    return make_tournament("ABC", first_round="random")._replace(pairing_seed=seed)


# --- byes, forfeits, absences ---


def test_a_bye_counts_for_the_record_and_for_no_percentage() -> None:
    event = add_round(make_tournament("ABC"), "A 60-50 B", "C")
    row = get_row(rank_players(event), "C")
    assert (row.byes, row.wins, row.played, row.match_points) == (1, 0, 0, 2)
    assert (row.victory_points, row.battle_points, row.vp_difference) == (70, 15, 0)
    assert (row.opp_win_pct, row.opp_opp_win_pct) == (0.0, 0.0)
    assert row.explain.opponents == ()


def test_a_forfeit_is_left_out_of_percentages_and_says_so() -> None:
    event = add_round(make_tournament("ABCD"), "A 60-50 B, C 60-50 D")
    forfeit = Pairing("A", "C", result=Result((70, 0), "A", "forfeit"))
    event = event._replace(
        rounds=(*event.rounds, Round(2, (forfeit, Pairing("B", "D", result=Result((9, 8), "B")))))
    )
    row = get_row(rank_players(event), "A")
    assert (row.played, row.wins, row.losses) == (1, 2, 0)
    assert row.opp_win_pct == 0.5  # of B alone
    assert row.explain.opponents == (
        OpponentLine("B", 1, "W", 0.5, True, None),
        OpponentLine("C", 2, "W", 1.0, False, "forfeit"),
    )
    row = get_row(rank_players(event), "C")
    assert (row.played, row.wins, row.losses, row.victory_points) == (1, 1, 1, 60)


def test_an_opponent_met_twice_counts_twice() -> None:
    event = make_tournament("ABC")
    event = add_round(event, "A 9-1 B", "C")
    event = add_round(event, "A 1-9 B", "C")
    event = add_round(event, "A 9-1 C", "B")
    row = get_row(rank_players(event), "A")
    assert row.opp_win_pct == round((0.5 + 0.5 + 0) / 3, 4)


def test_double_losses_count_as_games() -> None:
    lost = Pairing("A", "B", result=Result((30, 30), None, "double_loss"))
    event = make_tournament("AB")._replace(rounds=(Round(1, (lost,)),))
    row = get_row(rank_players(event), "A")
    assert (row.played, row.losses, row.match_points, row.win_path) == (1, 1, 0, "L")
    assert row.opp_win_pct == 0


def test_percentages_are_those_of_fractions() -> None:
    for seed in range(60):
        event = make_history(seed)
        records = read_history(event, len(event.rounds)).records
        shares = compute_percentages(records)
        own, means, means_of_means = compute_naively(records)
        unit = shares.denominator
        assert {name: Fraction(share, unit) for name, share in shares.own.items()} == own
        assert {name: Fraction(share, unit) for name, share in shares.opponents.items()} == means
        assert {
            name: Fraction(share, unit) for name, share in shares.opponents_opponents.items()
        } == means_of_means


def compute_naively(records: dict[str, Record]) -> tuple[dict[str, Fraction], ...]:
    met = {name: [one for one in rec.games if one.is_played] for name, rec in records.items()}
    own = {
        name: mean([Fraction("LDW".index(one.letter), 2) for one in games])
        for name, games in met.items()
    }
    means = {name: mean([own[one.opponent_id] for one in games]) for name, games in met.items()}
    return (
        own,
        means,
        {name: mean([means[one.opponent_id] for one in games]) for name, games in met.items()},
    )


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction()) / len(values) if values else Fraction()


# --- drops ---


def test_a_drop_keeps_rank_and_games() -> None:
    event = play("ABCD", *X1[:2])
    before = rank_players(event)
    dropped = change_player(event, "A", status="dropped", dropped_after_round=2)
    after = rank_players(dropped)
    assert show(after) == show(before)
    assert get_row(after, "A").status == "dropped"


def test_who_is_disqualified_is_last_and_was_not_before() -> None:
    event = play("ABCD", *X1)
    event = change_player(event, "A", status="disqualified", dropped_after_round=3)
    standings = rank_players(event)
    assert [row.user_id for row in standings.rows] == ["C", "B", "D", "A"]
    explain = standings.rows[-1].explain
    assert (explain.decided_by, explain.values) == ("disqualified", ("disqualified", "confirmed"))
    assert explain.text == "A was disqualified and is listed last."
    assert standings.champion_id == "C"
    assert rank_players(event, 2).rows[0].user_id == "A"


def test_nobody_who_was_disqualified_is_champion() -> None:
    event = add_round(make_tournament("AB"), "A 9-1 B")
    for name in "AB":
        event = change_player(event, name, status="disqualified", dropped_after_round=1)
    standings = rank_players(event)
    assert [row.user_id for row in standings.rows] == ["A", "B"]
    assert standings.champion_id is None


def test_nobody_leads_while_a_game_is_open() -> None:
    event = play("ABCD", *X1[:2])
    event = event._replace(rounds=(*event.rounds, Round(3, (Pairing("A", "D"), Pairing("B", "C")))))
    standings = rank_players(event)
    assert standings.champion_id is None
    assert show(standings) == show(rank_players(event, 2))


def test_games_that_an_early_end_cancelled_count_for_nobody() -> None:
    event = play("ABCD", *X1[:2])
    games = tuple(Pairing(one, other, is_cancelled=True) for one, other in ("AD", "BC"))
    ended = event._replace(rounds=(*event.rounds, Round(3, games)))
    assert show(rank_players(ended)) == show(rank_players(event))
    assert rank_players(ended).champion_id == "A"


# --- tie-breakers ---


@pytest.mark.parametrize(
    ("tiebreakers", "order"),
    [
        (PRESETS["points"], "DAECFB"),
        (("victory_points",), "ADECFB"),
        (("win_path",), "DEFACB"),
        (PRESETS["wtc"], "ADECFB"),
        (("vp_difference", "match_points"), "ADECFB"),
    ],
)
def test_tie_breakers_in_the_order_of_the_event(tiebreakers: tuple[str, ...], order: str) -> None:
    event = play("ABCDEF", *X3)
    event = event._replace(rules=event.rules._replace(tiebreakers=tiebreakers))
    standings = rank_players(event)
    keys = [
        tuple(
            "WDL".index(row.win_path[0]) if key == "win_path" else -getattr(row, key)
            for key in tiebreakers
        )
        for row in standings.rows
    ]
    assert keys == sorted(keys)
    assert "".join(row.user_id for row in standings.rows) == order


def test_the_path_of_wins_is_compared_from_the_first_round() -> None:
    event = add_round(make_tournament("ABCD"), "C 9-1 A, D 9-1 B")
    event = add_round(event, "A 9-1 D, B 9-1 C")
    event = event._replace(rules=event.rules._replace(tiebreakers=("match_points", "win_path")))
    standings = rank_players(event)
    assert [row.user_id for row in standings.rows] == ["C", "D", "A", "B"]
    explain = get_row(standings, "A").explain
    assert (explain.decided_by, explain.values) == ("win_path", ("LW", "WL"))


def test_every_row_is_separated_by_what_it_says() -> None:
    for seed in range(40):
        event = make_history(seed)
        for row, above in zip(
            (standings := rank_players(event)).rows[1:], standings.rows, strict=False
        ):
            explain = row.explain
            assert explain.above == above.user_id
            assert explain.decided_by
            if explain.decided_by not in ("seed", "draw_order", "win_path"):
                own, theirs = (getattr(one, explain.decided_by) for one in (row, above))
                assert own <= theirs
                assert explain.values == (own, theirs)
            for criterion in event.rules.tiebreakers:
                if criterion == explain.decided_by:
                    break
                assert getattr(row, criterion) == getattr(above, criterion)


def test_rows_in_any_order_stand_alike() -> None:
    event = make_history(3)
    players = list(event.players)
    Random(1).shuffle(players)
    assert rank_players(event._replace(players=tuple(players))) == rank_players(event)
