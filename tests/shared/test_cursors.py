"""Cursors: they come back as they were, and only with their own filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

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


class ListQuery(BaseModel):
    """A list filtered by `kind`."""

    kind: str = "a"
    limit: int = 2
    cursor: str | None = None


def test_a_page_begins_behind_the_last_row_of_the_page_before() -> None:
    at, row_id = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), uuid4()
    first = cursors.Keyset(ListQuery(), 2, last_at="at", last_id="id")
    assert first.values == {"last_at": None, "last_id": None, "limit": 2, "one_more": 3}
    cursor = first.next_cursor([{"at": at, "id": row_id}], found=2)
    second = cursors.Keyset(ListQuery(cursor=cursor, limit=9), 9, last_at="at", last_id="id")
    assert second.after == [at.isoformat(), str(row_id)]
    assert second.values["last_id"] == str(row_id)
    with pytest.raises(Invalid, match="cursor"):
        cursors.Keyset(ListQuery(cursor=cursor, kind="b"), 2, last_at="at", last_id="id")


def test_a_list_that_is_shown_whole_has_no_next_page() -> None:
    assert cursors.Keyset(ListQuery(), 2, last="id").next_cursor([{"id": 1}], found=1) is None
    assert cursors.Keyset(ListQuery(), 2, last="id").next_cursor([], found=0) is None


def test_a_cursor_is_refused_by_another_list() -> None:
    class OtherQuery(ListQuery):
        """The same filters of another list."""

    cursor = cursors.Keyset(ListQuery(), 1, last="id").next_cursor([{"id": "x"}], found=2)
    with pytest.raises(Invalid, match="cursor"):
        cursors.Keyset(OtherQuery(cursor=cursor), 1, last="id")
