"""Tables: the fewest repeats for players, then the best pairings at the first tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from functions.tracker.engine.matching import Edge, match, weigh_terms
from functions.tracker.engine.tournament import Pairing, Player, Round

Visits = dict[int, int]  # by table, how often somebody was there


class Seating(NamedTuple):
    """The table of each pairing, how often players come back to a table, and why a fixed table was
    not given."""

    table_numbers: tuple[int, ...]
    repeats: int
    notes: tuple[str, ...]


def assign_tables(
    pairings: Sequence[Pairing],
    tables: Sequence[int],
    players: Sequence[Player],
    earlier: Sequence[Round],
) -> Seating:
    """A table for each pairing in their order; raises ValueError where there are too few tables."""
    if not pairings:
        return Seating((), 0, ())
    if len(pairings) > len(tables):
        raise ValueError(f"{len(pairings)} pairings do not fit on {len(tables)} tables")
    visits = _count_visits(earlier)
    repeats = [_add_up(visits.get(one, {}) for one in pairing.player_ids) for pairing in pairings]
    given, notes = _give_fixed(pairings, tables, players)
    free = [number for number in range(len(pairings)) if number not in given]
    taken = set(given.values())
    left = [index for index, table in enumerate(tables) if table not in taken]
    edges = _list_edges(free, left, tables, repeats)
    for i, j in match(edges, len(free) + len(left), len(free)):
        given[free[i]] = tables[left[j - len(free)]]
    numbers = tuple(given[number] for number in range(len(pairings)))
    total = sum(repeats[number].get(table, 0) for number, table in enumerate(numbers))
    return Seating(numbers, total, tuple(notes))


def _count_visits(earlier: Sequence[Round]) -> dict[str, Visits]:
    """How often each player was at each table."""
    visits: dict[str, Visits] = defaultdict(dict)
    for played in earlier:
        for pairing in played.pairings:
            if (table := pairing.table_number) is not None and not pairing.is_cancelled:
                for user_id in pairing.player_ids:
                    visits[user_id][table] = visits[user_id].get(table, 0) + 1
    return visits


def _add_up(visits: Iterable[Visits]) -> Visits:
    total: Visits = {}
    for one in visits:
        for table, times in one.items():
            total[table] = total.get(table, 0) + times
    return total


def _give_fixed(
    pairings: Sequence[Pairing], tables: Sequence[int], players: Sequence[Player]
) -> tuple[dict[int, int], list[str]]:
    """By pairing, the table that one of its players always has, and who cannot have theirs."""
    fixed = {one.user_id: one for one in players if one.fixed_table is not None}
    given: dict[int, int] = {}
    notes = []
    for number, pairing in enumerate(pairings):
        for player in (fixed[one] for one in pairing.player_ids if one in fixed):
            table = player.fixed_table
            assert table is not None
            if given.get(number, table) != table:
                why = f"{player.name}'s opponent has a fixed table as well, and stands higher"
            elif table not in tables:
                why = "there is no such table"
            elif table in given.values() and given.get(number) != table:
                why = "a better pairing has it"
            else:
                given[number] = table
                continue
            notes.append(f"{player.name} does not have fixed table {table}: {why}.")
    return given, notes


def _list_edges(
    free: Sequence[int], left: Sequence[int], tables: Sequence[int], repeats: Sequence[Visits]
) -> Iterator[Edge]:
    """Pairings first, then tables."""
    most = max((times for number in free for times in repeats[number].values()), default=0)
    by_repeat, _ = weigh_terms((len(free) * most, len(free) * len(tables) ** 2))
    for i, number in enumerate(free):
        visited = repeats[number]
        for j, index in enumerate(left):
            again = visited.get(tables[index], 0)
            yield i, len(free) + j, again * by_repeat + (index - number) ** 2
