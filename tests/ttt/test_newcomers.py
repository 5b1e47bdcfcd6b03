"""Newcomers: which days an answer lists. That they are counted right, test_recount.py shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.ttt import newcomers, round_report, rounds
from tests.support.client import Client
from tests.support.ttt.contract import read
from tests.support.ttt.example import FIRST, SECOND


class Clock(datetime):
    """A clock that stands at an evening."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime(2026, 3, 3, 20, 15, tzinfo=UTC)


@pytest.fixture
def example(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The worked example, of two days, read on the second one."""
    for body in (FIRST, SECOND):
        assert client.post("/api/collect", body).status == 201
    monkeypatch.setattr(newcomers, "datetime", Clock)
    return client


def counts(found: Any) -> list[tuple[int, int, int]]:
    names = ("players", "new_players", "returning_players")
    return [tuple(day[name] for name in names) for day in found["items"]]


def test_the_last_30_days_are_listed(example: Client) -> None:
    found = read(example, "newcomers")
    assert (found["from"], found["to"], len(found["items"])) == ("2026-02-02", "2026-03-04", 30)
    assert [day["day"] for day in found["items"]][-2:] == ["2026-03-02", "2026-03-03"]
    assert counts(found) == [*[(0, 0, 0)] * 28, (4, 4, 0), (4, 0, 4)]


@pytest.mark.parametrize(
    ("query", "since", "until", "days"),
    [
        ("from=2026-03-03", "2026-03-03", "2026-03-04", 1),
        ("to=2026-03-03", "2026-02-01", "2026-03-03", 30),
        ("to=9999-12-31", "2026-02-03", "2026-03-05", 30),
        ("from=2020-01-01", "2025-03-03", "2026-03-04", 366),
        ("from=0001-01-01&to=0001-01-02", "2004-01-01", "2004-01-01", 0),
        ("from=2026-03-03&to=2026-03-01", "2026-03-01", "2026-03-01", 0),
    ],
)
def test_a_period_is_cut_to_366_days_of_what_can_be(
    example: Client, query: str, since: str, until: str, days: int
) -> None:
    found = read(example, f"newcomers?{query}")
    assert (found["from"], found["to"], len(found["items"])) == (since, until, days)


def test_who_was_new_on_another_server_is_new_on_this_one(example: Client) -> None:
    again = {**SECOND, "round_id": "third", "ended_at": "2026-03-03T21:00:00Z"}
    report = round_report.parse_body(json.dumps(again))
    assert rounds.record(report, "other") == "new"
    assert counts(read(example, "newcomers?server=other"))[-1] == (4, 4, 0)
    assert counts(read(example, "newcomers"))[-1] == (4, 0, 4)
