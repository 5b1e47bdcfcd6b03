"""The order of both clients: whatever a network does to frames, each event comes once, in turn."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from infra.clients.tiltyard_live import Order, Received
from tests.support.clients.browser import Browser

Frame = dict[str, Any]


def head(type_: str, epoch: str, words: list[str]) -> Frame:
    return {"type": type_, "seq": len(words), "epoch": epoch, "battle": list(words)}


def event(words: list[str], seq: int) -> Frame:
    return {"type": "said", "seq": seq, "word": words[seq - 1]}


def mangle(chance: Random, frames: list[Frame]) -> list[Frame]:
    """Loses, repeats, batches and reorders."""
    kept = [one for one in frames if chance.random() > 0.2]
    kept += [one for one in kept if chance.random() < 0.2]
    if chance.random() < 0.7:
        chance.shuffle(kept)
    events = [one for one in kept if one["type"] == "said"]
    if events and chance.random() < 0.3:
        kept.append({"type": "batch", "events": events[: chance.randrange(4)]})
    return kept


def make_history(seed: int) -> tuple[list[Frame | None], list[str]]:
    """Frames over some connections, None where one opens; and what the room is in the end."""
    chance = Random(seed)
    frames: list[Frame | None] = []
    words: list[str] = []
    epoch = "first"
    for connection in range(chance.randrange(1, 5)):
        if chance.random() < 0.3:
            epoch = f"epoch {connection}"
            del words[chance.randrange(len(words) + 1) :]
        known = len(words)
        sent = [head("connected", epoch, words)]
        for n in range(chance.randrange(8)):
            words.append(f"{connection}.{n}")
            sent.append(event(words, len(words)))
            if chance.random() < 0.2:
                sent.append({"type": "pong", "seq": len(words), "epoch": epoch})
            if chance.random() < 0.1:
                sent.append(head("snapshot", epoch, words))
        frames += [None, *mangle(chance, sent)]
        if chance.random() < 0.5:  # the answer to a `resume`
            frames += [event(words, seq) for seq in range(known + 1, len(words) + 1)]
            frames.append({"type": "resumed", "from_seq": known + 1, "to_seq": len(words)})
    frames += [None, head("connected", epoch, words)]
    frames += [event(words, seq) for seq in range(1, len(words) + 1)]
    return frames, words


def deliver(frames: list[Frame | None]) -> list[tuple[list[Received], bool]]:
    """What comes of each frame, and whether nothing is known to be missing then."""
    order = Order()
    delivered = []
    for frame in frames:
        if frame is None:
            order.open()
        delivered.append((list(order.receive(frame)) if frame else [], order.is_current))
    return delivered


@pytest.mark.parametrize("seed", range(0, 1000, 100))
def test_each_event_comes_once_and_in_turn(seed: int) -> None:
    for one in range(seed, seed + 100):
        frames, words = make_history(one)
        state: list[str] = []
        delivered = deliver(frames)
        for kind, frame in [received for each, _ in delivered for received in each]:
            if kind == "snapshot":
                state = list(frame["battle"])
            elif kind == "event":
                state.append(frame["word"])
                assert frame["seq"] == len(state), one
        assert state == words, one
        assert delivered[-1][1]


# What names more than an empty room of the epoch "e" has.
AHEAD: list[Frame] = [
    {"type": "pong", "seq": 1, "epoch": "e"},
    {"type": "pong", "seq": 0, "epoch": "another"},
    {"type": "resumed", "from_seq": 1, "to_seq": 1},
    {"type": "ack", "ref": "x", "seq": 1},
    {"type": "reconnect", "reason": "max_age", "seq": 1},
    {"type": "said", "seq": 2},
]


@pytest.mark.parametrize("frame", AHEAD, ids=str)
def test_whatever_names_more_than_is_known_shows_that_something_is_missing(frame: Frame) -> None:
    assert [current for _, current in deliver([head("connected", "e", []), frame])] == [True, False]


def test_the_browsers_order_is_the_same(page: Browser) -> None:
    histories = [make_history(seed)[0] for seed in range(300)]
    histories += [[head("connected", "e", []), frame] for frame in AHEAD]
    found = page.evaluate(f"deliver({json.dumps(histories)})")
    assert found == json.loads(json.dumps([deliver(frames) for frames in histories]))
