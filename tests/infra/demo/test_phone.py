"""A phone against a network that loses, repeats and reorders."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from infra.demo.phone import Phone
from infra.demo.service import Answer, DemoError, Service

Frame = dict[str, Any]


def event(seq: int) -> Frame:
    return {"type": "score_update", "seq": seq}


@contextmanager
def playing(monkeypatch: pytest.MonkeyPatch, *sessions: list[Frame]) -> Iterator[list[Frame]]:
    """A room that sends these frames by one connection after the other; what it was told.

    A frame `hear` waits for a message first.
    """
    left, heard = list(sessions), list[Frame]()

    def talk(connection: ServerConnection) -> None:
        for frame in left.pop(0):
            if frame["type"] == "hear":
                heard.append(json.loads(connection.recv()))
            else:
                connection.send(json.dumps(frame))

    with serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        monkeypatch.setattr(Service, "post", lambda *_: Answer(201, {"url": url}))
        yield heard
        server.shutdown()
        thread.join()


def make_phone() -> Phone:
    return Phone(Service("http://127.0.0.1:1", ""), "btl_00000000")


CONNECTED = {"type": "connected", "seq": 3, "epoch": "e"}
HEAR = {"type": "hear"}
ASKED = {"type": "resume", "last_seq": 4, "epoch": "e"}


def test_what_was_missed_comes_after_a_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    first = [CONNECTED, {"type": "player_connected"}, event(4), HEAR]
    resumed = {"type": "resumed", "from_seq": 4, "to_seq": 6}
    second = [CONNECTED | {"seq": 6}, HEAR, event(5), event(6), resumed]
    with playing(monkeypatch, first, second) as heard:
        phone = make_phone()
        assert phone.open() == 0
        phone.follow(4)
        phone.cut()
        assert phone.open() == 2
        phone.close()
    assert heard[-1] == ASKED
    assert (phone.last, len(phone.types)) == (6, 3)


def test_a_gap_is_asked_for_and_a_copy_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(
        monkeypatch, [CONNECTED, event(4), event(4), event(6), HEAR, event(5), event(6)]
    ) as heard:
        phone = make_phone()
        phone.open()
        phone.follow(6)
        phone.close()
    assert heard == [ASKED]
    assert (phone.last, len(phone.types)) == (6, 3)


def test_a_snapshot_stands_for_what_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = {"type": "snapshot", "seq": 900, "epoch": "f"}
    with playing(monkeypatch, [CONNECTED], [CONNECTED, HEAR, snapshot]):
        phone = make_phone()
        phone.open()
        assert phone.open() == 897
        phone.close()
    assert (phone.last, phone.epoch) == (900, "f")


def test_a_socket_that_ends_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(monkeypatch, [CONNECTED]):
        phone = make_phone()
        phone.open()
        with pytest.raises(DemoError, match="A socket brought nothing more"):
            phone.follow(4)
        phone.close()
