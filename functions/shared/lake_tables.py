"""Raw tables as the lake writes them: each domain lists its own, and classifies every column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RawTable:
    """A table of raw rows that the lake writes day by day.

    `source` is the source of rollups whose changes are also this table's. Every column of the
    table is in `columns` or in `left_out`, with a reason: a new one must be classified.
    """

    name: str  # schema.table
    source: str  # rollups.sources.name
    time: str  # the column by which rows fall into days
    columns: tuple[str, ...]  # none holds an address, what people wrote, or a name of a person
    left_out: Mapping[str, str] = field(default_factory=dict)  # column: why
