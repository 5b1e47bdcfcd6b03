"""What the statistics say of an evening, as aligned text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from infra.demo.service import Service

Row = dict[str, Any]
# Title, path, what else is asked, and the columns. Names come last: those that are written from
# right to left would turn what follows them around.
_LISTS: tuple[tuple[str, str, dict[str, Any], tuple[str, ...]], ...] = (
    (
        "Players",
        "players",
        {"limit": 10},
        ("rounds", "kills", "deaths", "kd", "headshot_rate", "team_kills", "win_rate", "avg_karma",
         "favorite_weapon", "display_name"),
    ),
    (
        "Weapons",
        "weapons",
        {"limit": 8},
        ("weapon", "kills", "headshots", "headshot_rate", "team_kills"),
    ),
    (
        "Maps",
        "maps",
        {"limit": 8},
        ("map_name", "rounds", "innocent_win_rate", "traitor_win_rate", "avg_duration", "kills"),
    ),
    ("Roles", "roles", {}, ("role", "team", "rounds", "win_rate", "kills", "deaths", "kd")),
    (
        "Best duos",
        "duos",
        {"kind": "best", "limit": 5},
        ("rounds_together", "wins_together", "win_rate", "player1_name", "player2_name"),
    ),
    ("Nemesis", "nemesis", {"limit": 5}, ("kills", "headshots", "killer_name", "victim_name")),
    (
        "Purchases",
        "buys",
        {"limit": 8},
        ("item", "buys", "buyer_rounds", "win_rate", "baseline_win_rate", "lift"),
    ),
)  # fmt: skip
_OVERVIEW = ("rounds", "players", "kills", "deaths", "headshots", "team_kills", "avg_duration")
_WINS = ("innocents", "traitors", "timelimit", "other")
_TILT = ("totalEvents", "averageTiltScore", "maxTiltScore", "lastEventAt", "name")


def build_tables(service: Service, window: Row, users: dict[str, str]) -> Iterator[str]:
    """A table for each of the statistics, as they arrive; `users` of the bot by name."""
    overview = service.get("/api/ttt/overview", **window)
    wins = {f"won by {word}": overview.get("wins", {}).get(word) for word in _WINS}
    yield format_table("Overview", [*_OVERVIEW, *wins], [overview | wins])
    for title, path, asked, columns in _LISTS:
        answer = service.get(f"/api/ttt/{path}", **window, **asked)
        yield format_table(title, columns, answer["items"])
        if "changes" in answer:
            yield format_table("Changes of role", ("from", "to", "count"), answer["changes"])
    tilted = [service.get(f"/api/tilt/stats/{user}") | {"name": users[user]} for user in users]
    yield format_table("Tilt", _TILT, tilted)


def format_table(title: str, columns: Sequence[str], rows: Iterable[Row]) -> str:
    """The title, a head and a line for each row; numbers to the right, texts to the left."""
    rows = list(rows)
    lines = [[_head(column) for column in columns]]
    lines += [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(_width, cells)) for cells in zip(*lines, strict=True)]
    numeric = [
        all(isinstance(row.get(column), int | float | None) for row in rows) for column in columns
    ]
    shown = ["  ".join(map(_padded, cells, widths, numeric)).rstrip() for cells in lines]
    return "\n".join([title, *(f"  {line}" for line in shown), *([] if rows else ["  (none)"])])


def _head(column: str) -> str:
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in column)
    return spaced.replace("_", " ")


def _cell(value: Any) -> str:
    """A value as text that cannot steer the terminal."""
    text = "-" if value is None else str(value)
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )


def _padded(text: str, width: int, is_number: bool) -> str:
    blank = " " * (width - _width(text))
    return blank + text if is_number else text + blank
