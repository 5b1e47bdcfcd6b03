"""The lines of an uploaded log: when each was written, and what it says after its time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

MAX_NAME = 128  # of a player, in code points: longer texts are no names that could match another
_SHOWN = 500
_HALF_DAY = 12 * 3600
_TIME = re.compile(r"\[([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])\] ++")


class Line(NamedTuple):
    """A line that is not blank: its number from 1, itself, what follows its time, and when.

    `at` is ISO 8601 in UTC, that of the last timed line if it has no time of its own.
    """

    number: int
    whole: str
    text: str
    timed: bool
    at: str


class Told(NamedTuple):
    """An event, shaped as servers send them, and the number of the line that told it."""

    line: int
    event: dict[str, Any]


class Unread(NamedTuple):
    """A line that told nothing: its number, its first 500 characters, and why."""

    line: int
    text: str
    reason: str


def split(content: str) -> list[str]:
    """All lines of a file, blank ones too, but for an empty last one."""
    found = content.removeprefix("\ufeff").split("\n")
    if not found[-1]:
        found.pop()
    return found


def timed(texts: Iterable[str], base: date, offset_minutes: int) -> Iterator[Line]:
    """Each line that is not blank, with its time in UTC: local time - `offset_minutes`.

    Local days begin with `base`; a time more than 12 h before the last one is of the next day.
    """
    day = datetime(base.year, base.month, base.day, tzinfo=UTC) - timedelta(minutes=offset_minutes)
    last, at = 0, stamp(day)
    for number, text in enumerate(texts, 1):
        if not text or text.isspace():
            continue
        whole = text.rstrip("\r")
        found = _TIME.match(whole)
        if found is None:
            yield Line(number, whole, whole, False, at)
            continue
        now = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
        if now < last - _HALF_DAY:
            day += timedelta(days=1)
        if now != last:
            at = stamp(day + timedelta(seconds=now))
        last = now
        yield Line(number, whole, whole[found.end() :], True, at)


def after_time(text: str) -> str | None:
    """What follows the time that a line begins with; None for a line without time."""
    found = _TIME.match(text)
    return text[found.end() :] if found else None


def stamp(moment: datetime) -> str:
    """A UTC time cut to its second: `YYYY-MM-DDTHH:MM:SSZ`."""
    return moment.isoformat()[:19] + "Z"


def told(line: Line, kind: str, metadata: dict[str, Any], **fields: str | None) -> Told:
    """The event that a line tells; `fields` that are empty are left out."""
    event = {"type": kind, "timestamp": line.at, "rawText": line.whole, "metadata": metadata}
    return Told(line.number, event | {name: value for name, value in fields.items() if value})


def unread(line: Line) -> Unread:
    """A line in no known shape."""
    return Unread(line.number, line.whole[:_SHOWN], "unrecognised_line")


def command(message: str) -> dict[str, Any] | None:
    """The metadata of the COMMAND that a chat message is too; None for mere talk."""
    if not message.startswith(("!", "/")):
        return None
    words = message.split()
    return {"command": words[0], "args": words[1:]}
