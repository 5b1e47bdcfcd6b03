"""Which of a rollup's columns are drawn."""

from __future__ import annotations

from typing import Any

from tests.support.modules import evaluate

COLUMNS = [
    {"name": "day", "type": "timestamp"},
    {"name": "server_id", "type": "bigint"},
    {"name": "rounds", "type": "bigint"},
]


def draw(*rows: list[Any], columns: list[dict[str, str]] = COLUMNS) -> Any:
    return evaluate("rollup_plot.js", "m.toPlot(...given)", [columns, list(rows)])


def test_counts_are_added_up_by_bucket_and_ids_are_not() -> None:
    drawn = draw(
        ["2026-03-02T00:00:00Z", 7, 3],
        ["2026-03-01T00:00:00Z", 7, 1],
        ["2026-03-02T00:00:00Z", 8, "4"],
    )
    assert drawn == {
        "x": [1772323200, 1772409600],
        "series": [{"label": "rounds", "values": [1, 7]}],
    }


def test_one_bucket_or_no_count_is_no_plot() -> None:
    assert draw(["2026-03-02T00:00:00Z", 7, 3]) is None
    assert draw(["2026-03-01T00:00:00Z", 7], columns=COLUMNS[:2]) is None
