"""Users of a deployed stack's tracker: what they do goes over HTTP and by real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from functions.accounts import signing_keys
from functions.shared import tracker_tokens
from tests.support.client import Answered, Client
from tests.support.cups import Cup
from tests.support.live.wire import Tap, Taps
from tests.support.stack import Wire
from tests.support.tracker_battles import Duel


@dataclass
class Remote(Client):
    """Somebody whose requests go to the stack at a URL."""

    url: str = ""

    def call(
        self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answered:
        """As of a client, over HTTP. The client in use says JSON also without a body."""
        sent = self.headers if headers is None else headers
        return Wire(self.url)(method, url, body, {"Content-Type": "application/json"} | sent)

    @property
    def token(self) -> str:
        return self.headers["Authorization"].removeprefix("Bearer ")


@contextmanager
def tracker_beside() -> Iterator[None]:
    """Tokens that this process makes are signed with the keys of the store that it is beside."""
    for module in (signing_keys, tracker_tokens):
        module.clear_cache()
    yield
    for module in (signing_keys, tracker_tokens):
        module.clear_cache()


def go_remote(client: Client, http: Wire) -> Remote:
    """The same user, over HTTP."""
    return Remote(client.headers, url=http.url)


def take_online(duel: Duel, http: Wire) -> tuple[Remote, Remote]:
    """Both players of a duel, over HTTP."""
    return go_remote(duel.mira, http), go_remote(duel.nils, http)


def hold_online(cup: Cup, http: Wire) -> Cup:
    """The same event, whose organiser and players are users over HTTP."""
    players: dict[str, Client] = {
        letter: go_remote(client, http) for letter, client in cup.players.items()
    }
    return replace(cup, organiser=go_remote(cup.organiser, http), players=players)


def watch(sockets: Taps, who: Remote, battle: str, more: str = "") -> Tap:
    """A socket to a battle of which `connected` has come; `more` of its query."""
    tap = sockets.open(f"/v1/ws/battles/{battle}?{more}", f"bearer.{who.token}")
    tap.wait_for("connected")
    return tap
