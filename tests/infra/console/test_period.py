"""Periods of statistics, as the address names them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.modules import evaluate

NOW = 'new Date("2026-03-01T23:30:00Z")'


def period(query: dict[str, Any]) -> Any:
    return evaluate("period.js", f"m.getPeriod({{ query: given }}, {NOW})", query)


@pytest.mark.parametrize(
    ("query", "first", "end"),
    [
        ({}, "2026-01-31", "2026-03-02"),
        ({"days": "7"}, "2026-02-23", "2026-03-02"),
        ({"days": "all"}, "", ""),
        ({"days": "-3"}, "", ""),
        ({"days": "x"}, "2026-01-31", "2026-03-02"),
        ({"from": "2026-01-05", "to": "2026-01-07"}, "2026-01-05", "2026-01-07"),
        ({"from": "2026-01-05", "days": "7"}, "2026-01-05", ""),
        ({"from": "2026-99-99", "to": "'; --"}, "2026-01-31", "2026-03-02"),
    ],
)
def test_periods(query: dict[str, str], first: str, end: str) -> None:
    assert period(query) == {"from": first, "to": end}


def test_the_period_before_is_as_long_and_ends_where_it_begins() -> None:
    found = evaluate("period.js", "m.getBefore(given)", {"from": "2026-02-23", "to": "2026-03-02"})
    assert found == {"from": "2026-02-16", "to": "2026-02-23"}
    for given in ({"from": "", "to": ""}, {"from": "2026-03-02", "to": "2026-03-01"}):
        assert evaluate("period.js", "m.getBefore(given)", given) is None
