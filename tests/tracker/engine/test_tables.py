"""Tables: X8, fixed tables, and every other assignment."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from functions.tracker.engine.tables import assign_tables
from functions.tracker.engine.tournament import Pairing, Player, Round, Tournament
from tests.support.tournaments import change_player, make_tournament, play_round


def make_pairings(*pairs: str) -> list[Pairing]:
    return [Pairing(one, other) for one, other in pairs]


def seat(event: Tournament, *pairs: str, tables: tuple[int, ...] = (1, 2, 3)) -> tuple[int, ...]:
    seating = assign_tables(make_pairings(*pairs), tables, event.players, event.rounds)
    return seating.table_numbers


def test_x8_a_third_table_spares_a_repeat() -> None:
    event = make_tournament("ABCD")._replace(tables=(1, 2, 3))
    event, first = play_round(event, "A 80-60 C, B 75-70 D")
    assert [one.table_number for one in first.round.pairings] == [1, 2]
    _, second = play_round(event, "A 65-64 B, C 90-50 D")
    assert [one.table_number for one in second.round.pairings] == [1, 3]
    seating = assign_tables(make_pairings("AB", "CD"), (1, 2, 3), event.players, event.rounds)
    assert seating.repeats == 1
    seating = assign_tables(make_pairings("AB", "CD"), (1, 2), event.players, event.rounds)
    assert seating == ((1, 2), 2, ())


def test_a_winner_does_not_keep_the_table() -> None:
    event = make_tournament("ABCDEFGH")
    tables = []
    for games in (
        "A 9-1 E, B 9-1 F, C 9-1 G, D 9-1 H",
        "A 9-1 B, C 9-1 D, E 9-1 F, G 9-1 H",
        "A 9-1 C, B 9-1 D, E 9-1 G, F 9-1 H",
    ):
        event, paired = play_round(event, games)
        assert paired.round.pairings[0].player1_id == "A"
        tables.append(paired.round.pairings[0].table_number)
    assert tables == [1, 3, 2]


def test_no_assignment_has_fewer_repeats_or_lies_closer() -> None:
    for seed in range(60):
        random = Random(seed)
        names = "ABCDEFGHIJ"[: 2 * random.randint(1, 5)]
        tables = tuple(random.sample(range(1, 20), len(names) // 2 + random.randint(0, 1)))
        earlier = []
        for number in range(1, random.randint(1, 5)):
            seats = random.sample(names, len(names))
            used = random.sample(tables, len(names) // 2)
            games = zip(seats[::2], seats[1::2], used, strict=True)
            earlier.append(Round(number, tuple(Pairing(*game) for game in games)))
        pairings = [Pairing(*pair) for pair in zip(names[::2], names[1::2], strict=True)]
        visits = [
            [
                game.table_number
                for played in earlier
                for game in played.pairings
                for user_id in pairing.player_ids
                if user_id in game.player_ids
            ]
            for pairing in pairings
        ]

        def cost(
            chosen: tuple[int, ...],
            visits: list[list[int | None]] = visits,
            tables: tuple[int, ...] = tables,
        ) -> tuple[int, int]:
            repeats = sum(visits[i].count(table) for i, table in enumerate(chosen))
            return repeats, sum((tables.index(table) - i) ** 2 for i, table in enumerate(chosen))

        seating = assign_tables(pairings, tables, [], earlier)
        least = min(map(cost, permutations(tables, len(pairings))))
        assert cost(seating.table_numbers) == least, seed
        assert seating.repeats == least[0]


def test_a_fixed_table_comes_first() -> None:
    event = change_player(make_tournament("ABCDEF"), "F", fixed_table=1)
    assert seat(event, "AB", "CD", "EF") == (2, 3, 1) or seat(event, "AB", "CD", "EF") == (3, 2, 1)
    event = change_player(event, "F", fixed_table=2)
    assert seat(event, "AB", "CD", "EF") == (1, 3, 2)


@pytest.mark.parametrize(
    ("fixed", "tables", "note"),
    [
        (
            {"A": 3, "B": 2},
            (3, 1, 2),
            "B does not have fixed table 2:"
            " B's opponent has a fixed table as well, and stands higher.",
        ),
        ({"B": 3, "C": 3}, (3, 2, 1), "C does not have fixed table 3: a better pairing has it."),
        ({"E": 9}, (1, 2, 3), "E does not have fixed table 9: there is no such table."),
    ],
)
def test_conflicts_of_fixed_tables(
    fixed: dict[str, int], tables: tuple[int, ...], note: str
) -> None:
    players = [Player(name, 1, fixed_table=fixed.get(name)) for name in "ABCDEF"]
    seating = assign_tables(make_pairings("AB", "CD", "EF"), (1, 2, 3), players, [])
    assert seating.notes == (note,)
    assert seating.table_numbers[0] == tables[0]
    assert sorted(seating.table_numbers) == [1, 2, 3]


def test_two_who_share_a_fixed_table_are_no_conflict() -> None:
    players = [Player(name, seed, fixed_table=2) for seed, name in enumerate("AB")]
    assert assign_tables(make_pairings("AB"), (1, 2), players, []) == ((2,), 0, ())


def test_a_cancelled_game_took_nobody_to_a_table() -> None:
    earlier = [Round(1, (Pairing("A", "B", 1, is_cancelled=True),))]
    assert assign_tables(make_pairings("AB"), (1, 2), [], earlier) == ((1,), 0, ())
    earlier = [Round(1, (Pairing("A", "B", 1),))]
    assert assign_tables(make_pairings("AB"), (1, 2), [], earlier) == ((2,), 0, ())


def test_too_few_tables_are_an_error() -> None:
    with pytest.raises(ValueError, match="2 pairings do not fit on 1 tables"):
        assign_tables(make_pairings("AB", "CD"), (1,), [], [])


def test_no_pairings_need_no_tables() -> None:
    assert assign_tables([], (), [], []) == ((), 0, ())
