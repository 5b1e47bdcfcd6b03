"""Rate limits: counted exactly, also by many at once, and anew in each window."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from functions.shared import db, limits
from functions.shared.errors import TooManyRequests


def spend(who: str, allowed: int = 3, seconds: int = 60) -> limits.Budget:
    row = db.run("select * from shared.spend(%s, %s, %s)", (who, allowed, seconds))[0]
    return limits.Budget(allowed, row["remaining"], row["resets_at"])


def test_each_spends_its_own_budget(store: str) -> None:
    assert [spend("a").left for _ in range(5)] == [2, 1, 0, -1, -2]
    assert spend("b").left == 2


def test_a_new_window_starts_anew(store: str) -> None:
    spend("a")
    db.run("update shared.limits set window_start = window_start - 60, spent = 99")
    assert spend("a").left == 2


def test_the_window_ends_at_a_multiple_of_its_length(store: str) -> None:
    budget = spend("a")
    assert budget.reset % 60 == 0
    assert 0 < budget.reset - time.time() <= 60


def test_one_too_many_is_told_when_to_return(store: str) -> None:
    budget = limits.Budget(3, -1, int(time.time()) + 30)
    with pytest.raises(TooManyRequests) as raised:
        budget.check()
    assert 29 <= int(raised.value.headers["Retry-After"]) <= 30
    assert raised.value.headers["X-RateLimit-Remaining"] == "0"


@pytest.mark.commits
def test_many_at_once_are_all_counted(store: str) -> None:
    def one(_: int) -> int:
        with psycopg.connect(store, autocommit=True) as connection:
            row = connection.execute(
                "select remaining from shared.spend('a', 100, 3600)"
            ).fetchone()
            assert row
            return int(row[0])

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(40))) == list(range(60, 100))
