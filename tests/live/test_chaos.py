"""Chaos: whatever a network, the gateway and dying functions do, each client ends with the room.

How much happens is counted, not timed; how long it takes decides nothing but when to give up.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from contextlib import suppress
from typing import Any

import pytest

from functions.live import kinds, management, opening, sweep
from tests.support.accounts import make_user
from tests.support.connections import own_connections
from tests.support.game import in_threads
from tests.support.live import rooms
from tests.support.live.gateway import Gateway
from tests.support.live.lossy import ROOM, Died, Lossy, other_invocations, read_words

CLIENTS, ATTACKERS, BLOWS = 20, 10, 20
ROUNDS = 40  # of each client, before its network loses nothing any more
SLOW = 3  # the number of the client that takes 10 s
GIVE_UP = 300  # seconds: far more than it takes


class Fate:
    """Has a sender die when it has posted to half of the sockets of a round."""

    def __init__(self) -> None:
        self.deaths = 0
        self.is_due = False
        self._post_all = management.post_all

    def post_all(self, frames: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Stands for the function of this name."""
        is_round = any(b'"said"' in frame for own in frames.values() for frame in own)
        if not (is_round and self.is_due):
            return self._post_all(frames, seconds)
        self.is_due = False
        self.deaths += 1
        if half := dict(list(frames.items())[: len(frames) // 2]):
            self._post_all(half, seconds)
        raise Died


class Storm:
    """Clients, attackers and the sweep, all at once, until every client knows that it has all."""

    def __init__(self, cloud: Gateway, fate: Fate, clients: list[Lossy]) -> None:
        self.clients = clients
        self._cloud = cloud
        self._fate = fate
        self._fighting = threading.Barrier(ATTACKERS, self._strike_last)
        self._is_fought = False
        self._give_up = time.monotonic() + GIVE_UP

    def rage(self) -> None:
        """Runs until it is over."""
        roles = [*[self._live] * CLIENTS, *[self._attack] * ATTACKERS, self._sweep]
        in_threads(len(roles), lambda n: roles[n](n))

    def _is_over(self) -> bool:
        head = ATTACKERS * BLOWS + 1
        is_done = self._is_fought and all(one.is_calm and one.has(head) for one in self.clients)
        return is_done or time.monotonic() > self._give_up

    def _attack(self, number: int) -> None:
        """Strikes some blows; where its environment dies, another one serves the next blow."""
        for blow in range(BLOWS):
            if number == CLIENTS and blow == BLOWS // 4:
                self._cloud.busy_until = time.monotonic() + 2
            if number == CLIENTS + 1 and blow % 8 == 2:
                self._fate.is_due = True
            self._strike(f"{number}.{blow}")
            time.sleep(random.uniform(0, 0.3))
        self._fighting.wait()

    def _strike_last(self) -> None:
        self._fate.is_due = True  # nobody writes after it: the sweep has to see to it
        self._strike("last")
        self._is_fought = True

    def _strike(self, word: str) -> None:
        with suppress(Died):
            rooms.append(ROOM, word)

    def _live(self, number: int) -> None:
        client = self.clients[number]
        for count in itertools.count(1):
            if self._is_over():
                return
            client.is_calm = self._is_fought and count > ROUNDS
            with suppress(Died):
                client.live_once()
                if not client.is_calm and count % 15 == 0:
                    client.cut()
            time.sleep(0.01)

    def _sweep(self, _: int) -> None:
        while not self._is_over():
            with suppress(Died):
                sweep.sweep(1)
            time.sleep(0.2)


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small kind of room, in which a client may say as much as it wants."""
    kind = rooms.kind._replace(messages_a_minute=None, bad_messages_a_minute=None)
    for module in (kinds, opening):
        monkeypatch.setattr(module, "load_kinds", lambda: {"room": kind})


@pytest.mark.commits
@pytest.mark.usefixtures("unlimited")
def test_every_client_ends_with_the_room_event_for_event(
    store: str, cloud: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [make_user(f"user {n}")["id"] for n in range(CLIENTS)]
    cloud.jitter = 0.01
    fate = Fate()
    monkeypatch.setattr(management, "post_all", fate.post_all)
    with own_connections(store, monkeypatch), other_invocations(monkeypatch, 4):
        clients = [Lossy(cloud, n, user, seed=n) for n, user in enumerate(users)]
        for client in clients:
            client.live_once()
        cloud.seconds[clients[SLOW].name] = 10
        Storm(cloud, fate, clients).rage()
        said = read_words()
    assert len(said) == ATTACKERS * BLOWS + 1
    assert [n for n, client in enumerate(clients) if client.words != said] == []
    # It was chaos indeed.
    assert fate.deaths > 0
    assert sum(client.lost for client in clients) > 0
    assert sum(client.resumed for client in clients) > 0
    assert all(client.opened > 1 for client in clients)
