"""Everything that goes wrong, each with a name: a verb that breaks something and mends it again.

What a fault breaks is whole when it returns, so that the next one finds something to break.
"""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from infra.local import timescale
from tests.fire import disk
from tests.fire.ground import Ground, signal_all
from tests.support.deliveries import to_record

# What the template fires by the clock: its functions' names without `Function`.
_SCHEDULED = ("Refresh", "Audit", "Retention", "LiveSweep", "GamePool", "LogsPrivacy")


@dataclass
class Faults:
    """The faults of a fire, and how often each was had. `wait` ends early when the fire does."""

    ground: Ground
    rng: random.Random
    wait: Callable[[float], object] = time.sleep
    pace: float = 1.0  # of all pauses
    had: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def of_the_database(self) -> list[Callable[[], None]]:
        """One of them at a time."""
        had: list[Callable[[], None]] = [
            *(self.kill_database, self.kill_backend, self.stop_database, self.freeze_database),
            *(self.slow_network, self.silence_network, self.cut_network, self.refuse_network),
            self.end_sessions,
        ]
        return [*had, self.fill_disk] if self.ground.disk else had

    @property
    def of_functions(self) -> list[Callable[[], None]]:
        """At any time."""
        had: list[Callable[[], None]] = [
            *(self.kill_functions, self.freeze_functions),
            *(self.repeat_queue, self.repeat_schedules),
        ]
        return [*had, self.step_clocks] if self.ground.clocks else had

    def have(self, fault: Callable[[], None]) -> None:
        """Has a fault, and counts it; one that could not be had is noted, not raised."""
        name = fault.__name__.replace("_", " ")
        try:
            fault()
        except Exception as error:  # noqa: BLE001  the report tells of it
            with self._lock:
                self.failed.append(f"{name}: {type(error).__name__}: {error}")
        with self._lock:
            self.had[name] += 1

    def kill_database(self) -> None:
        """All of PostgreSQL's processes at once, as a power cut would."""
        self._kill("PostgreSQL, all processes", self.ground.list_database_pids())
        self._up_again()

    def kill_backend(self) -> None:
        """One process of PostgreSQL, after which it recovers by itself."""
        with self.ground.connect() as admin:
            pids = [
                pid
                for (pid,) in admin.execute(
                    "select pid from pg_stat_activity where application_name = 'tiltyard'"
                ).fetchall()
            ]
        if pids:
            self._kill("PostgreSQL, a backend", [self.rng.choice(pids)])
        self._up_again()

    def stop_database(self) -> None:
        """An orderly restart, as of an upgrade."""
        timescale.stop(self.ground.database_home)
        self._pause(0.5, 3)
        self._up_again()

    def freeze_database(self) -> None:
        """A machine that hangs: nothing is refused, nothing answered."""
        pids = self.ground.list_database_pids()
        signal_all(pids, signal.SIGSTOP)
        try:
            self._pause(1, 6)
        finally:
            signal_all(pids, signal.SIGCONT)

    def slow_network(self) -> None:
        """Each packet takes its time."""
        self.ground.proxy.delay = self.rng.uniform(0.02, 0.2)
        try:
            self._pause(3, 7)
        finally:
            self.ground.proxy.delay = 0.0

    def silence_network(self) -> None:
        """Nothing gets through, and nobody is told."""
        self.ground.proxy.hold()
        try:
            self._pause(1, 6)
        finally:
            self.ground.proxy.release()

    def cut_network(self) -> None:
        """Connections are lost, three times in a row."""
        for _ in range(3):
            self.ground.proxy.cut()
            self._pause(0.1, 0.6)

    def refuse_network(self) -> None:
        """Connections are lost, and no new one is taken."""
        self.ground.proxy.is_open = False
        try:
            self.ground.proxy.cut()
            self._pause(1, 4)
        finally:
            self.ground.proxy.is_open = True

    def end_sessions(self) -> None:
        """An operator ends everybody's sessions."""
        with self.ground.connect() as admin:
            admin.execute(
                """
                select pg_terminate_backend(pid)
                from pg_stat_activity
                where application_name = 'tiltyard'
                """
            )

    def fill_disk(self) -> None:
        """No space is left, for data or for the write-ahead log."""
        assert self.ground.disk
        ballast = disk.fill(self.ground.disk)
        try:
            self._pause(2, 5)
        finally:
            ballast.unlink()
        self._up_again()

    def kill_functions(self) -> None:
        """Some environments of functions, at work or not."""
        pids = self.ground.list_lambda_pids()
        chosen = self.rng.sample(pids, min(len(pids), self.rng.randint(1, 5)))
        self._kill("Lambda environments", chosen)

    def freeze_functions(self) -> None:
        """Some environments of functions stand still, whatever they hold."""
        pids = self.ground.list_lambda_pids()
        chosen = self.rng.sample(pids, min(len(pids), self.rng.randint(1, 4)))
        signal_all(chosen, signal.SIGSTOP)
        try:
            self._pause(1, 8)
        finally:
            signal_all(chosen, signal.SIGCONT)

    def repeat_queue(self) -> None:
        """What waits in the queue is delivered now, late, and once more as another message."""
        sqs, queue = self.ground.client("sqs"), self.ground.stack.deployed.queue
        got = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=10,
            VisibilityTimeout=self.rng.randint(1, 8),
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        for message in got:
            delay = self.rng.randint(0, 10)
            sqs.send_message(QueueUrl=queue, MessageBody=message["Body"], DelaySeconds=delay)
        if got:
            self._invoke("Spool", {"Records": [to_record(message) for message in got]})

    def repeat_schedules(self) -> None:
        """A scheduled function is fired twice at the same moment."""
        name = self.rng.choice(_SCHEDULED)
        for _ in range(2):
            self._invoke(name, {})

    def step_clocks(self) -> None:
        """The clocks of functions go wrong by minutes, and right again."""
        assert self.ground.clocks
        self.ground.clocks.step(self.rng.choice((-240, -60, -5, 5, 60, 240)))
        try:
            self._pause(3, 10)
        finally:
            self.ground.clocks.step(0)

    def _pause(self, least: float, most: float) -> None:
        self.wait(self.pace * self.rng.uniform(least, most))

    def _kill(self, what: str, pids: list[int]) -> None:
        hit = signal_all(pids, signal.SIGKILL)
        with self._lock:
            self.kills[what] += min(hit, 1) if what.startswith("PostgreSQL") else hit

    def _up_again(self) -> None:
        """Returns when the database answers."""
        until = time.monotonic() + 120
        while True:
            try:
                self.ground.start_database()
                with self.ground.connect():
                    return
            except (psycopg.OperationalError, timescale.TimescaleError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def _invoke(self, name: str, event: dict[str, Any]) -> None:
        """Fires a function, and waits for nothing."""
        self.ground.client("lambda").invoke(
            FunctionName=self.ground.find_function(name),
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )
