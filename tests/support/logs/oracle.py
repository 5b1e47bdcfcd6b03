"""A recount of the logs in plain Python: slow, obvious, and independent of the code it checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

HOUR = timedelta(hours=1)
IDLE = timedelta(hours=6)
REJOIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Event:
    """An event as it is stored."""

    id: str
    at: datetime
    server: str
    type: str
    steam_id: str | None = None
    name: str | None = None
    mode: str = "Sandbox"
    key: str | None = None
    map: str | None = None
    count: int | None = None
    text: str = "text"
    metadata: dict[str, Any] = field(default_factory=dict, hash=False)
    is_rejoin: bool = False  # a CONNECT after a change of the map: no connection
    continues: bool = False  # one that found a session open, which goes on
    arrival: int = 0

    @property
    def order(self) -> tuple[datetime, int, str]:
        return (self.at, {"CONNECT": 1, "DISCONNECT": 3}.get(self.type, 2), self.id)

    @property
    def start(self) -> datetime | None:
        said = self.metadata.get("sessionStart") if self.key else None
        return datetime.fromisoformat(said) if said else None


@dataclass(frozen=True)
class Beat:
    """A heartbeat as it is stored."""

    at: datetime
    server: str
    players: int | None = None
    map: str | None = None


@dataclass(frozen=True, order=True)
class Session:
    """A session; `end` of an open one is its server's last sign of life."""

    start: datetime
    end: datetime
    server: str
    steam_id: str
    key: str
    method: str
    reason: str

    @property
    def seconds(self) -> int:
        return int((self.end - self.start).total_seconds())

    def within(self, since: datetime, until: datetime) -> int:
        """The seconds of it between two moments."""
        past = min(max(since, self.start), self.end), min(max(until, self.start), self.end)
        first, last = (int((moment - self.start).total_seconds()) for moment in past)
        return max(0, last - first)


def is_person(steam_id: str | None) -> bool:
    found = re.fullmatch(r"STEAM_[0-5]:[01]:([0-9]{1,10})", steam_id or "")
    return found is not None and int(found[1]) > 0


class Oracle:
    """All that was ever stored, and what is to be read of it at a moment."""

    def __init__(
        self, events: list[Event], beats: list[Beat], modes: dict[str, str], now: datetime
    ) -> None:
        self.events = sorted(events, key=lambda one: one.order)
        self.beats = sorted(beats, key=lambda one: one.at)
        self.modes = modes
        self.now = now
        self._sessions: list[Session] | None = None
        self._connects: list[Event] | None = None

    def connects(self) -> list[Event]:
        """The CONNECTs that are connections."""
        if self._connects is None:
            self._connects = [
                one
                for server in self.modes
                for own in _Server(self, server).lines().values()
                for one in own
                if one.type == "CONNECT" and not one.is_rejoin
            ]
        return self._connects

    def sessions(self) -> list[Session]:
        if self._sessions is None:
            self._sessions = sorted(
                session for server in self.modes for session in _Server(self, server).sessions()
            )
        return self._sessions


class _Server:
    """One server, and who played there."""

    def __init__(self, all_: Oracle, server: str) -> None:
        self.server, self.now = server, all_.now
        self.events = [one for one in all_.events if one.server == server]
        self.beats = [one for one in all_.beats if one.server == server]
        self.signs = sorted(one.at for one in (*self.events, *self.beats))
        self.silences = [
            sign
            for sign, later in zip(self.signs, self.signs[1:], strict=False)
            if later - sign > self.patience(sign)
        ]

    def patience(self, sign: datetime) -> timedelta:
        recent = (one for one in self.beats if sign - timedelta(hours=24) <= one.at <= sign)
        return timedelta(seconds=300 if any(recent) else 1800)

    def lines(self) -> dict[str, list[Event]]:
        """Of each person their events here, as they are after changes of the map."""
        found = {}
        for steam_id in sorted({one.steam_id for one in self.events if is_person(one.steam_id)}):
            assert steam_id
            own = [
                one
                for one in self.events
                if one.steam_id == steam_id and one.metadata.get("ambiguous") is not True
            ]
            found[steam_id] = list(self.after_map_changes(own))
        return found

    def sessions(self) -> Iterator[Session]:
        for steam_id, own in self.lines().items():
            yield from self.sessions_of(steam_id, own)

    def after_map_changes(self, own: list[Event]) -> Iterator[Event]:
        """The events, where a session that goes on keeps its first key."""
        stands_for: dict[str, str | None] = {}
        over: set[str | None] = set()
        force: str | None = None
        prior: Event | None = None
        for one in own:
            torn = prior is not None and self.is_torn(prior, one)
            is_rejoin = (
                prior is not None
                and one.type == "CONNECT"
                and prior.type != "DISCONNECT"
                and one.at - prior.at <= REJOIN
                and self.is_map_changed(prior, one)
            )
            continues = is_rejoin and not torn
            is_join = one.type == "CONNECT" and not continues
            if is_join or torn or (prior is not None and prior.type == "DISCONNECT"):
                force = None
            if continues and one.key and one.key != force and force not in over:
                stands_for[one.key] = stands_for.get(force, force) if force else None
            if is_join and one.key:
                stands_for.pop(one.key, None)
            if one.type == "DISCONNECT" and one.key:
                over.add(one.key)
            is_alias = one.key in stands_for
            yield replace(
                one,
                key=stands_for[one.key] if is_alias and one.key else one.key,
                metadata={} if is_alias else one.metadata,
                is_rejoin=is_rejoin,
                continues=continues,
            )
            force = one.key or force
            prior = one

    def is_torn(self, one: Event, later: Event) -> bool:
        """Whether any session ends between two events of a person that follow on each other."""
        stops = [(at, 9, "") for at in self.silences]
        stops += [(beat.at, 0, "") for beat in self.beats if beat.players == 0]
        return later.at - one.at >= IDLE or any(one.order < at < later.order for at in stops)

    def is_map_changed(self, since: Event, until: Event) -> bool:
        """Whether the map changed after one event and up to another."""
        signs = [(one.order, one.map, _is_map_change(one)) for one in self.events]
        signs += [((one.at, 0, ""), one.map, False) for one in self.beats]
        map_: str | None = None
        for order, said, is_change in sorted(signs, key=lambda sign: sign[0]):
            if order > until.order:
                break
            is_other = map_ is not None and said is not None and said != map_
            if order > since.order and (is_change or is_other):
                return True
            if since.at - order[0] <= timedelta(hours=24):
                map_ = said or map_
        return False

    def sessions_of(self, steam_id: str, own: list[Event]) -> Iterator[Session]:
        covered: set[int] = set()
        for key in sorted({one.key for one in own if one.key}):
            found = self.exact(own, key)
            if found is None:
                continue
            start, opener, end, reason, method, last = found
            covered |= {
                n
                for n, one in enumerate(own)
                if one.key is None and n <= last and one.at >= min(start, own[opener].at)
            }
            yield Session(min(start, end), end, self.server, steam_id, key, method, reason)
        n = 0
        while n < len(own):
            one = own[n]
            if one.key is not None or one.type == "DISCONNECT" or n in covered:
                n += 1
                continue
            end, reason, last = self.ending(own, n)
            yield Session(one.at, end, self.server, steam_id, "", "inferred", reason)
            n = last + 1

    def exact(
        self, own: list[Event], key: str
    ) -> tuple[datetime, int, datetime, str, str, int] | None:
        """Start, position of what opened it, end, reason, method, position of the last event."""
        mine = [n for n, one in enumerate(own) if one.key == key]
        starts = [
            said for n in mine if (said := own[n].start) and said >= own[n].at - timedelta(days=7)
        ]
        openers = (
            [n for n in mine if own[n].type == "CONNECT" and not own[n].continues]
            or [n for n in mine if own[n].type != "DISCONNECT"]
            or (mine if starts else [])
        )
        if not openers:
            return None  # a DISCONNECT with nothing open
        opener = openers[0]
        start = starts[0] if starts else own[opener].at
        for n in mine:
            if n >= opener and own[n].type == "DISCONNECT":
                return start, opener, own[n].at, "disconnect", "exact", n
        return start, opener, *self.inferred(own, opener)

    def inferred(self, own: list[Event], opener: int) -> tuple[datetime, str, str, int]:
        end, reason, last = self.ending(own, opener)
        return end, reason, "inferred", last

    def ending(self, own: list[Event], opener: int) -> tuple[datetime, str, int]:
        """When and why a session ends without a DISCONNECT of its own, and its last event."""
        key, last = own[opener].key, opener
        coming = sorted(
            [(one.order, n, one) for n, one in enumerate(own) if n > opener]
            + [((one.at, 0, ""), -1, None) for one in self.beats if one.players == 0]
            + [((at, 9, ""), -2, None) for at in self.silences],
            key=lambda item: item[:2],
        )
        for order, n, one in coming:
            if order < own[opener].order:
                continue
            if order[0] >= own[last].at + IDLE:
                return own[last].at, "idle", last
            if n == -1:
                return order[0], "empty", last
            if n == -2:
                return order[0], "timeout", last
            assert one
            is_join = one.type == "CONNECT" and not one.continues
            if is_join or (one.key is not None and one.key != key):
                return one.at, "reconnect", n - 1
            if one.type == "DISCONNECT" and one.key is None:
                return one.at, "disconnect", n
            last = n
        sign = self.signs[-1]
        if sign >= own[last].at + IDLE:
            return own[last].at, "idle", last
        silent = self.now - sign > self.patience(sign)
        return sign, "timeout" if silent else "open", last


def _is_map_change(one: Event) -> bool:
    return one.type == "GAME_EVENT" and one.metadata.get("eventKind") == "MAP_CHANGE"
