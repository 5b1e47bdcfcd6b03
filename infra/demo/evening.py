"""An evening on two servers with a tilt bot, posted to a stack as it would have happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from infra.demo.season import Season
from infra.demo.service import DemoError, Service
from infra.demo.tilt import Bot

SERVERS = 2
_PLAYERS = 24
_HOT_HEADED = 4
_LENGTH = timedelta(hours=4)
_LAST_HOUR = 23


def get_last_evening(now: datetime) -> datetime:
    """The end of the latest evening that is over: 23:00 UTC, so that a repeat posts the same."""
    end = now.astimezone(UTC).replace(hour=_LAST_HOUR, minute=0, second=0, microsecond=0)
    return end if end <= now else end - timedelta(days=1)


@dataclass
class Evening:
    """The four hours before `end`; counts what the stack answers to it."""

    seed: int
    rounds: int
    end: datetime
    stored: int = 0
    known: int = 0
    queued: int = 0
    tilted: int = 0
    names: list[tuple[str, str]] = field(init=False)
    users: dict[str, str] = field(init=False)  # of the bot, with their names

    def __post_init__(self) -> None:
        self._season = Season(self.seed, _PLAYERS, SERVERS)
        self.names = self._season.names()
        watched = self.names[:: _PLAYERS // _HOT_HEADED][:_HOT_HEADED]
        self._bot = Bot({steam_id: _user(steam_id) for steam_id, _ in watched})
        self.users = {_user(steam_id): name for steam_id, name in watched}

    @property
    def window(self) -> dict[str, Any]:
        """The evening's day, as the statistics take it."""
        day = self.end.date()
        return {"from": day.isoformat(), "to": (day + timedelta(days=1)).isoformat()}

    def play(self, service: Service, progress: Callable[[int, int], None]) -> None:
        """Posts everybody's name, then round by round what servers and bot have to tell."""
        for steam_id, name in self.names:
            payload = {"steam_id": steam_id, "display_name": name}
            service.post("/api/player/update", payload)
        played = self._season.rounds(self.rounds, self.end - _LENGTH, self.end)
        for number, (_, body) in enumerate(played, 1):
            self._collect(service, body)
            for event in self._bot.list_events(body):
                service.post("/api/tilt/events", event)
                self.tilted += 1
            progress(number, self.rounds)

    def _collect(self, service: Service, body: dict[str, Any]) -> None:
        status = service.post("/api/collect", body).status
        if status == HTTPStatus.CREATED:
            self.stored += 1
        elif status == HTTPStatus.ACCEPTED:
            self.queued += 1
        elif status == HTTPStatus.OK:
            self.known += 1
        else:
            raise DemoError(f"POST /api/collect was answered {status}, which says nothing.")

    def describe(self) -> str:
        """What became of it, in sentences."""
        sentence = f"{self.stored} rounds stored, {self.known} were there already."
        if self.queued:
            sentence += f" {self.queued} wait in the queue: the database is down."
        if self.known == self.rounds:
            sentence = f"All {self.known} rounds were there already: a repeat changes nothing."
        return f"{sentence} The tilt bot posted {self.tilted} events."


def _user(steam_id: str) -> str:
    return "demo-" + steam_id.rpartition(":")[2]
