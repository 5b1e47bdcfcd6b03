"""schema/examples.sql: a query of each view that analysts read, and in comments what it prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[1] / "examples.sql"
_EXAMPLE = re.compile(
    r"^-- (?P<name>[a-z]+\.[a-z_0-9]+): (?P<title>.+)\n"
    r"(?P<query>[^-;][^;]+;)\n(?P<printed>(?:-- .+\n)*)",
    re.MULTILINE,
)
_NUMBER = re.compile(r"-?[0-9.]+")


class Example(NamedTuple):
    """A query, what it answers, and what it prints of the days that tests play."""

    name: str
    title: str
    query: str
    printed: str


def read_examples() -> dict[str, Example]:
    """The example of each view, by its name."""
    return {
        found["name"]: Example(
            found["name"],
            found["title"],
            found["query"],
            re.sub(r"^-- ", "", found["printed"], flags=re.MULTILINE),
        )
        for found in _EXAMPLE.finditer(SOURCE.read_text(encoding="utf-8"))
    }


def print_rows(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as a table like psql's."""
    columns = list(zip(names, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    is_number = [all(_NUMBER.fullmatch(cell) for cell in column[1:] if cell) for column in columns]

    def align(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, is_number, strict=True)
        ]
        return f" {' | '.join(padded)}".rstrip()

    lines = [align(names), "+".join("-" * (width + 2) for width in widths), *map(align, rows)]
    return "".join(f"{line}\n" for line in lines)
