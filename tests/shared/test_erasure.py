"""Erasure: nobody is found by what stands for them, and who was erased since a moment is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from functions.shared import db, erasure

NOW = datetime.now(UTC)


def test_a_tombstone_is_always_the_same_and_needs_the_key(setting: Callable[..., None]) -> None:
    stone = erasure.to_tombstone("a person")
    assert stone == erasure.to_tombstone("a person") == "erased_" + erasure.to_pseudonym("a person")
    assert stone != erasure.to_tombstone("another person")
    setting(SIGNING_KEY="another signing key, long enough too")
    assert stone != erasure.to_tombstone("a person")


@pytest.mark.parametrize("text", ["", "erased_", "erased_" + "0" * 31, "x" + "0" * 32])
def test_nothing_but_a_tombstone_is_one(text: str) -> None:
    assert erasure.is_tombstone(erasure.to_tombstone("a"))
    assert not erasure.is_tombstone(text)


def test_who_was_erased_since_a_moment_is_found_by_the_action(store: str) -> None:
    db.query(
        """
        insert into shared.audit (occurred_at, action, subject)
        values (%s, 'x.erase', %s)
        """,
        (NOW, erasure.to_pseudonym("a")),
    )
    assert erasure.find_erasures("x.erase", NOW, ["a", "b"]).keys() == {"a"}
    assert erasure.find_erasures("x.erase", NOW + timedelta(seconds=1), ["a"]).keys() == set()
    assert erasure.find_erasures("y.erase", NOW, ["a"]).keys() == set()
    assert erasure.find_erasures("x.erase", NOW, []).keys() == set()
