"""A battle as it is stored: a JSON object, changed by events alone.

Each event holds what it changed, before and after, as the parts of the battle that differ. So the
events of a battle folded from the first on are the battle, and the newest can be undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, NamedTuple

from functions.shared.fields import parse_time
from functions.shared.json_codec import format_time

State = dict[str, Any]
Event = dict[str, Any]
_OF_EVENTS = ("version", "updated_at")  # what every event changes, and says anyway


class Actor(NamedTuple):
    """Who changes a battle, and how: `is_official` is its tournament's organiser, or an admin."""

    id: str | None
    role: Literal["player", "organizer", "admin", "system"]
    source: Literal["rest", "ws", "system"]
    is_official: bool = False
    request_id: str | None = None


SYSTEM = Actor(None, "system", "system")


class Battle:
    """A battle while it is changed: `state`, as of the events that were recorded, and these."""

    def __init__(
        self, state: State, actor: Actor, now: datetime, last_event: Event | None = None
    ) -> None:
        """`now`: of the store, and never before the battle's last event, `last_event`."""
        stored_at = state.get("updated_at")
        self.first = state  # that the events follow
        self.state = state
        self.actor = actor
        self.now = max(now, parse_time(stored_at)) if stored_at else now
        self.last_event = last_event
        self.is_needed = False  # whether a later round of its tournament depends on its result
        self.events: list[Event] = []

    @property
    def status(self) -> str:
        return str(self.state["status"])

    @contextmanager
    def record(
        self,
        type_: str,
        data: Mapping[str, Any] | None = None,
        *,
        at: datetime | None = None,
        actor: Actor | None = None,
    ) -> Iterator[State]:
        """Records an event: it holds whatever the caller changes in the state that it is given."""
        changed = copy(self.state)
        yield changed
        before, after = diff(self.state, changed)
        who = actor or self.actor
        event = {
            "seq": self.state["version"] + 1,
            "type": type_,
            "actor_id": who.id,
            "actor_role": who.role,
            "source": who.source,
            "at": format_time(at or self.now),
            "data": dict(data or {}),
            "before": before,
            "after": after,
            "request_id": who.request_id,
        }
        self.state = evolve(self.state, event)
        self.events.append(event)
        self.last_event = event


def evolve(state: State, event: Mapping[str, Any]) -> State:
    """A battle after an event."""
    changed = merge(state, event["after"])
    return {**changed, "version": event["seq"], "updated_at": event["at"]}


def fold(events: Iterable[Mapping[str, Any]]) -> State:
    """The battle that some events make, from the first on."""
    state: State = {}
    for event in events:
        state = evolve(state, event)
    return state


def merge(state: State, change: Mapping[str, Any]) -> State:
    """A state with some parts of it replaced; objects part by part, all else as a whole."""
    merged = dict(state)
    for key, value in change.items():
        known = state.get(key)
        is_object = isinstance(known, dict) and isinstance(value, dict)
        merged[key] = merge(known, value) if is_object else value  # type: ignore[arg-type]
    return merged


def diff(old: State, new: State) -> tuple[State, State]:
    """The parts of two states that differ, as they are in each; nothing is ever left out of one."""
    before: State = {}
    after: State = {}
    for key, value in new.items():
        known = old.get(key)
        if key in _OF_EVENTS or (known == value and key in old):
            continue
        if isinstance(known, dict) and isinstance(value, dict):
            before[key], after[key] = diff(known, value)
        else:
            after[key] = value
            if key in old:
                before[key] = known
    return before, after


def copy(value: Any) -> Any:
    """A JSON value of one's own."""
    if isinstance(value, dict):
        return {key: copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [copy(inner) for inner in value]
    return value
