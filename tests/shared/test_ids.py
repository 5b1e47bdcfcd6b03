"""Event ids: ordered by time, the same for the same event, apart by ordinal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared import ids

MS = st.integers(min_value=0, max_value=(1 << 48) - 1)
READABLE_MS = st.integers(min_value=0, max_value=253_402_214_400_000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(MS, MS, JSON, JSON)
def test_ids_are_ordered_by_time(one: int, other: int, says: object, says_too: object) -> None:
    if one < other:
        assert ids.make_event_id(one, says) < ids.make_event_id(other, says_too)


@given(MS, JSON)
def test_the_same_event_has_the_same_id_however_it_is_spelled(at_ms: int, says: object) -> None:
    again = json.loads(json.dumps(says))
    assert ids.make_event_id(at_ms, says) == ids.make_event_id(at_ms, again)


ANY_TEXT = st.text(st.characters())  # lone surrogates too
SAID = st.lists(st.integers() | st.floats() | ANY_TEXT | st.lists(JSON | ANY_TEXT))


@given(SAID)
def test_what_is_written_fast_is_what_json_writes(says: list[object]) -> None:
    """An id must not depend on which encoder was quicker."""
    assert ids.canonical_json(says) == ids._exactly(says)


@given(MS, JSON, st.integers(0, 5000), st.integers(0, 5000))
def test_ordinals_tell_equal_events_of_a_batch_apart(
    at_ms: int, says: object, one: int, other: int
) -> None:
    same = ids.make_event_id(at_ms, says, ordinal=one) == ids.make_event_id(
        at_ms, says, ordinal=other
    )
    assert same == (one == other)


@given(MS, JSON)
def test_an_id_is_a_version_8_uuid_of_rfc_9562(at_ms: int, says: object) -> None:
    text = ids.make_event_id(at_ms, says)
    event = UUID(text)
    assert str(event) == text
    assert event.version == 8
    assert event.variant == RFC_4122
    assert event.int >> 80 == at_ms


@given(READABLE_MS, JSON)
def test_an_id_alone_tells_its_time(at_ms: int, says: object) -> None:
    event = ids.parse_id(ids.make_event_id(at_ms, says))
    assert event is not None
    since_1970 = ids.get_time(event) - datetime(1970, 1, 1, tzinfo=UTC)
    assert since_1970 // timedelta(milliseconds=1) == at_ms


def test_numbers_nulls_and_key_order_do_not_change_an_id() -> None:
    one = ids.make_event_id(1, {"a": 2.0, "b": None, "c": [1, "é"]})
    assert one == ids.make_event_id(1, {"c": [1.0, "é"], "a": 2})


def test_what_an_event_says_changes_its_id() -> None:
    assert ids.make_event_id(1, "a", "bc") != ids.make_event_id(1, "ab", "c")


@pytest.mark.parametrize("at_ms", [-1, 1 << 48])
def test_times_that_do_not_fit_are_refused(at_ms: int) -> None:
    with pytest.raises(ValueError, match="1970"):
        ids.make_event_id(at_ms, "x")


@pytest.mark.parametrize(
    "text", ["", "12345", "not-an-id", str(UUID(int=0)), "01a1fcc9-2619-45ee-b4a2-8262dfa6dfba"]
)
def test_other_texts_are_no_ids(text: str) -> None:
    assert ids.parse_id(text) is None


def test_an_id_of_a_time_no_calendar_holds_is_none_of_ours() -> None:
    assert ids.parse_id(ids.make_event_id((1 << 48) - 1, "x")) is None


def test_the_time_is_utc_to_the_millisecond() -> None:
    event = ids.make_event_id(1_702_000_000_123, "x")
    assert ids.get_time(event) == datetime(2023, 12, 8, 1, 46, 40, 123_000, UTC)
