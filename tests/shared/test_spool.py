"""What is queued while the database is away."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.shared import aws, spool
from functions.shared.errors import Unavailable
from tests.support.queues import Queues

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def items_of(bodies: list[str]) -> list[Any]:
    return [item for body in bodies for item in json.loads(body)["items"]]


def whole(items: list[Any]) -> list[Any]:
    """The items as the drain has them in the end, parts put together."""
    found: list[Any] = []
    bodies: list[str] = []
    for item in items:
        if spool.is_part(item):
            name, number, parts, body = spool.read_part(item)
            assert number == len(bodies)
            bodies.append(body)
            if len(bodies) == parts:
                found.append(spool.join_parts(name, bodies))
                bodies = []
        else:
            found.append(spool.decompress(item))
    return found


@example([{"zlib": "AAAA"}], 240)  # what looks packed and is not
@example([{"item": "a", "part": 0, "parts": 1, "zlib": "AAAA"}], 260)
@given(st.lists(ANY_JSON, max_size=8), st.integers(240, 400))
def test_any_json_survives_in_order_whatever_the_split(items: list[Any], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "MESSAGE_BYTES", limit)
        bodies = list(spool.build_messages("k", items, "key", 7))
        assert whole(items_of(bodies)) == items
        for body in bodies:
            told = json.loads(body)
            assert (told["kind"], told["key"], told["at"]) == ("k", "key", 7)
            carried = sum(len(json.dumps(item)) + 2 for item in told["items"])
            assert carried - 2 <= limit
            assert body.isascii()


def test_what_is_too_large_for_one_message_takes_several(queues: Queues) -> None:
    items = [f"{number}:" + "é" * 10_000 for number in range(10)]  # 60 kB each, escaped
    spool.enqueue("k", items)
    bodies = queues.bodies()
    assert len(bodies) == 4
    assert max(map(len, bodies)) < 256 * 1024
    assert sorted(items_of(bodies)) == items


def test_an_item_that_no_message_can_carry_travels_in_parts(queues: Queues) -> None:
    """Regression: it was refused, and a game server does not send it again."""
    large = secrets.token_urlsafe(800_000)  # does not get much smaller
    spool.enqueue("k", ["small", large])
    bodies = queues.bodies()
    assert len(bodies) == 6
    assert max(map(len, bodies)) < 256 * 1024
    items = sorted(items_of(bodies), key=lambda item: item["part"] if spool.is_part(item) else -1)
    assert whole(items) == ["small", large]


def test_what_is_larger_than_all_bodies_is_refused(queues: Queues) -> None:
    with pytest.raises(Unavailable):
        spool.enqueue("k", [secrets.token_hex(100 * spool.MESSAGE_BYTES)])


@pytest.mark.parametrize(
    "changed",
    [{"part": -1}, {"part": 2}, {"parts": 1000}, {"item": 7}, {"zlib": None}, {"part": "0"}],
)
def test_a_part_that_nobody_has_made_is_refused(changed: dict[str, Any]) -> None:
    part = {"item": "0" * 64, "part": 0, "parts": 2, "zlib": "AAAA", **changed}
    with pytest.raises(ValueError, match="no part"):
        spool.read_part(part)
    with pytest.raises(ValueError, match="do not belong together"):
        spool.join_parts("0" * 64, ["AAAA"])


def test_an_item_larger_than_a_message_is_compressed(queues: Queues) -> None:
    large = {"kills": [{"weapon": "é" * 60, "ordinal": n} for n in range(2000)]}
    spool.enqueue("k", ["small", large])
    bodies = [json.loads(body) for body in queues.bodies()]
    assert max(len(json.dumps(body)) for body in bodies) < spool.MESSAGE_BYTES
    items = [item for body in bodies for item in body["items"]]
    assert [spool.decompress(item) for item in items] == ["small", large]


@pytest.mark.parametrize("text", ["no base64!", "AAAA", 3, None])
def test_what_no_keep_has_packed_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        spool.decompress({"zlib": text})


def test_a_queue_that_cannot_be_reached_or_is_not_there_is_unavailable(
    queues: Queues, setting: Callable[..., None]
) -> None:
    setting(SPOOL_QUEUE_URL=queues.queue + "-that-nobody-made")
    with pytest.raises(Unavailable):
        spool.enqueue("k", [1])
    setting(SPOOL_QUEUE_URL="")
    with pytest.raises(Unavailable):
        spool.enqueue("k", [1])


def test_a_network_that_is_away_is_unavailable(setting: Callable[..., None]) -> None:
    setting(
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_ENDPOINT_URL="http://127.0.0.1:1",
        SPOOL_QUEUE_URL="http://127.0.0.1:1/0/spool",
    )
    aws.client.cache_clear()
    try:
        with pytest.raises(Unavailable):
            spool.enqueue("k", [1])
    finally:
        aws.client("sqs").close()
        aws.client.cache_clear()
