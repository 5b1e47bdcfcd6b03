"""What the stack says: the lines of the functions, made readable, on the terminal and in a file."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.cloud import Cloud

_PAUSE = 0.4
_LOOK_BACK = 3000  # ms in which a line may still turn up behind a later one
_KEPT = 300
# Where the cloud unpacked the code: without it, a traceback names files as this checkout does.
_UNPACKED = re.compile(r'[^"]*/ministack-lambda-[^/"]+/(?:code|layer_0/python)/')
_PLATFORM = ("START RequestId", "END RequestId", "REPORT RequestId")


class Journal:
    """Writes every line to a file and, when asked, to the terminal; from any thread."""

    def __init__(self, file: Path, terminal: TextIO | None) -> None:
        self.file = file
        self._terminal = terminal
        self._lock = threading.Lock()
        file.write_text("")

    def say(self, text: str) -> None:
        """One line, or several."""
        with self._lock, self.file.open("a") as out:
            out.write(text + "\n")
        self.show(text)

    def show(self, text: str) -> None:
        """On the terminal alone."""
        # A terminal that was closed is no reason to leave anything running.
        with self._lock, suppress(OSError):
            if self._terminal:
                print(text, file=self._terminal, flush=True)


class Follower:
    """Reads a log group as it grows."""

    def __init__(self, cloud: Cloud, group: str, journal: Journal) -> None:
        self._client = boto3.client("logs", **cloud.access)
        self._group = group
        self._journal = journal
        self._since = 0
        self._seen: set[str] = set()
        self._streams: deque[str] = deque()

    def look(self) -> None:
        """Say what is new. Every invocation writes a stream of its own, all at once."""
        new: set[str] = set()
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=self._group, startTime=max(0, self._since - _LOOK_BACK)
        )
        for page in pages:
            for event in page["events"]:
                stream, at = event["logStreamName"], event["timestamp"]
                self._since = max(self._since, at)
                if stream in self._seen:
                    continue
                new.add(stream)
                if line := format_line(event["message"], at):
                    self._journal.say(line)
        self._seen |= new
        self._streams.extend(new)
        self._forget()

    def _forget(self) -> None:
        """Delete old streams: the cloud keeps all in memory and searches all at every look."""
        while len(self._streams) > _KEPT:
            stream = self._streams.popleft()
            self._client.delete_log_stream(logGroupName=self._group, logStreamName=stream)
            self._seen.discard(stream)


@contextmanager
def follow_logs(cloud: Cloud, group: str, journal: Journal) -> Iterator[None]:
    """The group's lines go to the journal while the block runs, and the last ones at its end."""
    follower, ended = Follower(cloud, group, journal), threading.Event()

    def follow() -> None:
        while not ended.wait(_PAUSE):
            look()

    def look() -> None:
        try:
            follower.look()
        except (BotoCoreError, ClientError) as error:
            journal.say(f"logs: {error}")
            ended.wait(5)

    thread = threading.Thread(target=follow, name="logs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        look()


def format_line(message: str, at: int) -> str | None:
    """A line for people: requests in columns, others as they are, None for metrics and what the
    platform says itself."""
    message = message.rstrip()
    if not message or message.startswith(_PLATFORM):
        return None
    clock = datetime.fromtimestamp(at / 1000).strftime("%H:%M:%S")
    try:
        entry = json.loads(message)
        if entry["event"] == "metric":  # for CloudWatch: what it counts is a line, too
            return None
        if entry["event"] not in ("request", "failure"):
            names = [name for name in entry if name not in ("event", "level")]
            return (
                f"{clock}  {entry['event']} {' '.join(f'{name}={entry[name]}' for name in names)}"
            )
        if entry["event"] == "failure":
            where = _UNPACKED.sub("", (entry["stack"] or [""])[-1])
            words = [entry["error"], entry["sqlstate"], entry["message"], f"at {where}"]
            return f"{clock}  failure {entry['request_id']}: {' '.join(filter(None, words))}"
        cold = "  cold" if entry["cold"] else ""
        return (
            f"{clock}  {entry['method']:<7} {entry['status']}  {entry['ms']:>8.1f} ms"
            f"  {entry['route']}{cold}  {entry['request_id']}"
        )
    except (ValueError, KeyError, TypeError):
        return f"{clock}  {_UNPACKED.sub('', message)}"
