"""logs.panel: staff read while a server plays, and after events came late.

`busy`: eight readers over four pages, each with a pause between its requests, while the server
sends an event at a time. `late`: a player's page after one request of events, one an hour, of 83
days. Both with much in the hour, and against little.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from threading import Event as Flag
from typing import Any

from functions.logs import change_queue
from functions.logs.ingest import batch, event_writer
from functions.logs.ingest import ingest_server as known
from infra.local.timescale import Server
from tests.benchmarks import logs_population, logs_requests
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, at_most, below, p95
from tests.benchmarks.logs_population import Sent, name, steam_id
from tests.benchmarks.logs_requests import Sender
from tests.benchmarks.store import Store, environ
from tests.benchmarks.store import store as new_store

NAMES = ("logs.panel.busy", "logs.panel.busy.growth", "logs.panel.late", "logs.panel.late.growth")
_LITTLE, _MUCH = 10_000, 100_000  # events in the hour
_PEOPLE = 500
_READERS = 8
_PAUSE = 0.4  # seconds between a reader's requests
_RATE = 50  # events a second that arrive
_SECONDS = 20
_LATE = 2000  # events, one an hour
_READS = 60  # of a player's page after them
_MOST_BUSY, _MOST_LATE = 150, 100  # ms
_BATCH = 1000


class Evening:
    """People who come, play and leave, as their server's hooks tell it."""

    def __init__(self) -> None:
        self._random = Random(7)
        self._keys: dict[int, str] = {}  # of those who are there
        self._numbers = count()
        self._made = self._people()

    def events(self, times: list[datetime]) -> list[Sent]:
        """What happens at these times, in their order."""
        return [self._at(moment, next(self._made)) for moment in times]

    def _people(self) -> Iterator[Sent]:
        for number in count():
            start = datetime(2026, 1, 1, tzinfo=UTC)
            yield from logs_population.events(number, start, timedelta(hours=1), 1000)

    def _at(self, moment: datetime, event: Sent) -> Sent:
        who = self._random.randrange(_PEOPLE)
        if who not in self._keys:
            self._keys[who] = f"s{who}-{next(self._numbers)}"
            home = who - (who % 10 == 1)  # a tenth of them live with somebody
            host = f"93.{home % 250}.{home // 250}.9"
            event |= {"type": "CONNECT", "metadata": {"ip": host, "authType": "steam"}}
        elif event["type"] == "CONNECT":
            event |= {"type": "CHAT", "metadata": {"message": f"again {next(self._numbers)}"}}
        event |= {
            "timestamp": moment.isoformat(timespec="milliseconds"),
            "steamId": steam_id(who),
            "playerName": name(who),
            "sessionId": self._keys[who],
            "map": "gm_construct",
        }
        if event["type"] == "DISCONNECT":
            del self._keys[who]
        return event


def measure(store: Store) -> list[Figure]:
    """Little in the hour, and much, each in a database of its own on the same server."""
    where = Server(store.admin_url, store.app_url, "", is_ours=False)
    found = []
    for size in (_LITTLE, _MUCH):
        with new_store(where) as own:
            found.append(_measure(own, size))
    (little_busy, little_late), (busy, late) = found
    return [
        below("logs.panel.busy", busy, _MOST_BUSY),
        at_most("logs.panel.busy.growth", busy, little_busy, 1.5),
        below("logs.panel.late", late, _MOST_LATE),
        at_most("logs.panel.late.growth", late, little_late, 1.5),
    ]


def _measure(store: Store, size: int) -> tuple[float, float]:
    """Readers and the server have a process each."""
    sender, evening = logs_requests.sender(store), Evening()
    token = logs_requests.staff(store)
    _fill(store, sender, evening, size)
    with ExitStack() as block:
        sides = [
            block.enter_context(callee("tests.benchmarks.ours", store.app_url, domains="logs"))
            for _ in range(_READERS + 1)
        ]
        return _busy(sides, sender, evening, token), _late(sides, sender, token)


def _fill(store: Store, sender: Sender, evening: Evening, size: int) -> None:
    """The last fifty minutes, as the ingest stores them and readers find them."""
    now = datetime.now(UTC)
    step = timedelta(minutes=50) / size
    times = [now - step * (size - n) for n in range(size)]
    with environ(store):
        for start in range(0, size, _BATCH):
            sent: list[Any] = list(evening.events(times[start : start + _BATCH]))
            outcomes = batch.prepare(sent, known.Sender(sender.server), now)
            event_writer.store(batch.to_batch(outcomes, known.Sender(sender.server), now))
            change_queue.fold_all()
    with store.connect() as admin:
        admin.execute("vacuum analyze")


def _busy(sides: list[Callee], sender: Sender, evening: Evening, token: str) -> float:
    """p95 in ms of all pages while events arrive."""
    done = Flag()

    def send() -> None:
        started = time.monotonic()
        for number in count():
            if done.is_set():
                return
            sent = evening.events([datetime.now(UTC)])
            sides[0].answer([sender.send(json.dumps({"events": sent}))])
            time.sleep(max(0.0, started + (number + 1) / _RATE - time.monotonic()))

    def read(reader: int) -> list[float]:
        random, seconds = Random(reader), []
        time.sleep(_PAUSE * reader / _READERS)
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            pages = (
                "/api/players",
                f"/api/players/{steam_id(random.randrange(_PEOPLE))}",
                f"/api/servers/{sender.server.id}/analytics?range=24h",
                "/api/suspicious",
            )
            path = pages[len(seconds) % len(pages)]
            seconds += sides[reader].answer([logs_requests.read(path, token)])
            time.sleep(_PAUSE)
        return seconds[2 * len(pages) :]  # the first ones plan

    with ThreadPoolExecutor(_READERS + 1) as pool:
        sending = pool.submit(send)
        reading = [pool.submit(read, reader) for reader in range(1, _READERS + 1)]
        seconds = [one for reader in reading for one in reader.result()]
        done.set()
        sending.result()
    return p95(seconds) * 1000


def _late(sides: list[Callee], sender: Sender, token: str) -> float:
    """p95 in ms of a player's page after events of one request that came late."""
    now, who = datetime.now(UTC), 0
    sent = [
        {
            "type": "CHAT",
            "timestamp": (now - timedelta(hours=ago)).isoformat(timespec="seconds"),
            "steamId": steam_id(who),
            "playerName": name(who),
            "metadata": {"message": f"late {ago}"},
        }
        for ago in range(1, _LATE + 1)
    ]
    sides[0].answer([sender.send(json.dumps({"events": sent}))])
    random = Random(1)
    people = [who, *(random.randrange(_PEOPLE) for _ in range(_READS - 1))]
    seconds = [
        sides[1 + n % _READERS].answer(
            [logs_requests.read(f"/api/players/{steam_id(person)}", token)]
        )[0]
        for n, person in enumerate(people)
    ]
    return p95(seconds) * 1000
