"""Chaos over the deployed stack: ten strike at once, networks and attackers are cut, and each
client ends with the battle as the server has it, event for event; no log says how anybody got in.

tests/live/test_chaos.py does worse to the functions themselves: dead senders, a gateway that is
busy, a socket that takes 10 s.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed

from functions.live import tickets
from functions.shared import db
from infra.clients.tiltyard_live import Timing
from tests.support.battles import enemies, make_battle
from tests.support.clients import browser, followers, network
from tests.support.clients.followers import Followers
from tests.support.game import in_threads, player_id
from tests.support.live import wire
from tests.support.live.fighters import arm, find_in_logs, stored_frames, token
from tests.support.live.wire import Tap
from tests.support.online import Online
from tests.support.stack import until

NewPlayer = Callable[[str], Online]
TIMING = Timing(backoff=0.1, max_backoff=1, ping=1)
ATTACKERS, BLOWS = 10, 4
CUTS = 8  # of the networks of those who watch


@pytest.fixture(scope="module")
def made_in() -> Iterator[list[Followers]]:
    with followers.in_python() as python, browser.running(followers.FILES) as page:
        yield [python, followers.in_browser(page)]


class Striker:
    """Strikes an enemy some times: by HTTP, or by sockets, each opened with a ticket."""

    def __init__(self, who: Online, battle: int, enemy: int, *, by_socket: bool) -> None:
        self.sure = 0  # blows that were done
        self.lost = 0  # blows of which it never learned what became of them
        self.tickets = [
            tickets.issue(f"battle:{battle}", player_id(who), 0) for _ in range(BLOWS * by_socket)
        ]
        self._who = who
        self._name = db.fetch_value(
            "select username from accounts.users where id = %s", (player_id(who),)
        )
        self._battle = battle
        self._enemy = enemy

    def fight(self, url: str) -> None:
        """Strikes all its blows."""
        if not self.tickets:
            for _ in range(BLOWS):
                assert self.strike(self._enemy) == 200
                self.sure += 1
            return
        with wire.taps(url) as sockets:
            tap, left = None, list(self.tickets)
            for blow in range(BLOWS):
                try:
                    if tap is None:
                        tap = sockets.open(f"/ws/battle/{self._battle}?ticket={left.pop()}")
                        tap.wait_for("connected")
                    tap.say({"type": "attack", "enemy_id": self._enemy, "attack_type": "quick"})
                    if blow % 2:
                        tap.cut()
                    tap.wait_for("attack", len(self._own(tap)) + 1, username=self._name)
                    self.sure += 1
                except ConnectionClosed:  # by it, or by a server that was too busy to be sure of it
                    tap = None
                    self.lost += 1

    def _own(self, tap: Tap) -> list[Any]:
        return [one for one in tap.of("attack") if one["username"] == self._name]

    def strike(self, enemy: int) -> int:
        """Strikes by HTTP; what is answered."""
        body = {"enemy_id": enemy, "attack_type": "quick"}
        return self._who.post(f"/api/battles/{self._battle}/attack", body).status


def test_whatever_is_cut_every_client_ends_with_the_battle(
    stack: Any,
    database: Any,
    new_player: NewPlayer,
    made_in: list[Followers],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tickets, "SECONDS", 3600)  # the machine may be slow
    battle = make_battle()
    db.query("update game.battles set max_players = %s where id = %s", (ATTACKERS, battle))
    people = [new_player("Fighter") for _ in range(ATTACKERS)]
    [enemy] = {arm(who, battle) for who in people}
    strikers = [Striker(who, battle, enemy, by_socket=n % 2 == 0) for n, who in enumerate(people)]
    before = len(stored_frames(battle))
    with ExitStack() as closing:
        port = urlsplit(stack.url).port
        assert port
        between = [closing.enter_context(network.before(port)) for _ in range(3)]
        watching = []
        for n in range(6):
            follow = made_in[n // 5]  # the last of them in the browser
            url = f"ws://127.0.0.1:{between[n % 3].port}/ws/battle/{battle}"
            credential = {("token", "bearer")[n % 2]: token(new_player("Watcher"))}
            watching.append(follow(url, credential, TIMING))
            closing.callback(watching[-1].close)
        until(60, lambda: all(one.state()["is_live"] for one in watching))

        def cut_networks() -> None:
            for number in range(CUTS):
                between[number % 3].cut()
                time.sleep(random.uniform(0.1, 0.6))

        roles = [*[one.fight for one in strikers], lambda _: cut_networks()]
        in_threads(len(roles), lambda n: roles[n](stack.url))
        sure, lost = (sum(getattr(one, name) for one in strikers) for name in ("sure", "lost"))
        db.query("update game.battle_enemies set hp_current = 1 where battle_id = %s", (battle,))
        for one in enemies(people[1], battle):
            # A blow whose sender is gone may come this late.
            assert strikers[1].strike(one) in ((200, 400) if one == enemy else (200,))
        until(120, lambda: all(events(one) == stored_frames(battle)[before:] for one in watching))
        assert sum(one.opened for one in between) >= 2 * len(watching)
        assert [one.state()["ended"] for one in watching] == [None] * len(watching)
    frames = stored_frames(battle)
    assert sure + 2 <= [frame["type"] for frame in frames].count("attack") <= sure + 3 + lost
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    assert [frame["type"] for frame in frames].count("enemy_defeated") == 3
    assert frames[-1]["type"] == "battle_completed"
    used = [ticket for one in strikers for ticket in one.tickets]
    assert find_in_logs(stack, database, ["eyJ", *used]) == []


def events(follower: Any) -> list[dict[str, Any]]:
    """The events that a client was given, in the order in which it was."""
    return [frame for kind, frame in follower.state()["received"] if kind == "event"]
