"""Cursors: they come back as they were, and only with their own filters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared import cursors
from functions.shared.errors import Invalid


@given(st.lists(st.text() | st.integers() | st.none()))
def test_a_cursor_comes_back(place: list[object]) -> None:
    assert cursors.decode(cursors.encode(place, user="u"), user="u") == place


def test_other_filters_refuse_it() -> None:
    cursor = cursors.encode(["x"], user="u", days=7)
    for filters in ({"user": "v", "days": 7}, {"user": "u", "days": 8}, {"user": "u"}, {}):
        with pytest.raises(Invalid, match="cursor"):
            cursors.decode(cursor, **filters)


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_an_altered_one_is_refused(position: int, other: str) -> None:
    cursor = cursors.encode(["01a1fcc9-2619-85ee-b4a2-8262dfa6dfba"], user="u")
    position %= len(cursor) - 1  # the last character has bits that base64 drops
    altered = cursor[:position] + other + cursor[position + 1 :]
    if altered != cursor:
        with pytest.raises(Invalid, match="cursor"):
            cursors.decode(altered, user="u")


def test_a_refusal_names_what_was_sent() -> None:
    with pytest.raises(Invalid, match="after is not one of ours") as refused:
        cursors.decode("x", "after")
    assert refused.value.details
    assert refused.value.details[0]["field"] == "after"


def test_another_key_refuses_it(setting: Callable[..., None]) -> None:
    cursor = cursors.encode(["x"])
    setting(SIGNING_KEY="another signing key, long enough too")
    with pytest.raises(Invalid):
        cursors.decode(cursor)
