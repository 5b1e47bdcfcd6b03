"""Tables: the fewest repeats for players, then the best pairings at the first tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from functions.tracker.engine.tournament import Pairing, Player, Round


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
    raise NotImplementedError
