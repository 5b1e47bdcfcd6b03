"""Sockets that follow a room through the fire, by the client that bots use."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any

from infra.clients.tiltyard_live import Timing
from tests.fire.account import Verdict
from tests.support.clients import followers

Frame = dict[str, Any]
_TIMING = Timing(backoff=0.5, max_backoff=5, ping=10)
_PATIENCE = 240.0  # seconds until a socket has what it missed, once the fire is over
_QUIET = 3.0  # seconds without anything new


class Watchers(AbstractContextManager["Watchers"]):
    """Sockets that are open while the block runs."""

    def __init__(self, url: str, credentials: Sequence[Mapping[str, str]]) -> None:
        self._ending = ExitStack()
        follow = self._ending.enter_context(followers.in_python())
        self._followers = [follow(url, one, _TIMING) for one in credentials]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.close()

    def list_received(self) -> list[dict[str, Any]]:
        """What each has received and how it stands, when nothing more comes."""
        until = time.monotonic() + _PATIENCE
        before: list[int] = []
        while True:
            states = [one.state() for one in self._followers]
            counts = [len(state["received"]) for state in states]
            is_quiet = all(state["is_live"] or state["ended"] for state in states)
            if (is_quiet and counts == before) or time.monotonic() > until:
                return states
            before = counts if is_quiet else []
            time.sleep(_QUIET)


def hold_replays(
    domain: str, states: Sequence[dict[str, Any]], frames: Sequence[Frame]
) -> list[Verdict]:
    """Holds what each socket received against the room's events in the store, in order."""
    problems = []
    for number, state in enumerate(states):
        if state["ended"] or not state["is_live"]:
            problems.append(f"socket {number} ended: {state['ended']}")
        problems += [f"socket {number}: {one}" for one in _differences(state, frames)]
    return [Verdict(domain, "every socket's replay is the table", len(frames), tuple(problems))]


def _differences(state: dict[str, Any], frames: Sequence[Frame]) -> list[str]:
    stored = {frame["seq"]: frame for frame in frames}
    last: int | None = None
    for kind, frame in state["received"]:
        if kind == "snapshot":
            last = frame["seq"]
        elif kind == "event":
            if last is None or frame["seq"] != last + 1:
                return [f"event {frame['seq']} came after {last}"]
            last = frame["seq"]
            if frame != stored.get(last):
                return [f"event {last} is another one in the table"]
    newest = max(stored, default=0)
    return [] if last == newest else [f"it has {last} of {newest} events"]
