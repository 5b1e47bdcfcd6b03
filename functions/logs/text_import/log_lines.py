"""The lines of an uploaded log: the time of each, and its text after the time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from functions.logs.coerce import format_second

_SHOWN = 500
_HALF_DAY = 12 * 3600
_NIGHT = (0, 1, 2, 3, 23)  # hours that some country has twice when its summer time ends
_WRONG = 60  # seconds by which a clock is put right, or lines are out of order
_SPACES = re.compile(r"[ \t\n\v\f\r]++")  # what Lua's patterns take for a space
_TIME = re.compile(r"\[([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])\] ++")


class Line(NamedTuple):
    """A line that is not blank: its number from 1, itself, what follows its time, and when.

    `at` is ISO 8601 in UTC, that of the last timed line if it has no time of its own.
    `after_gap`: it follows a blank line or nothing.
    """

    number: int
    whole: str
    text: str
    timed: bool
    at: str
    after_gap: bool = False


class ParsedEvent(NamedTuple):
    """An event, shaped as servers send them, and the number of its line."""

    line: int
    event: dict[str, Any]


class ParseError(NamedTuple):
    """A line that became no event: its number, its first 500 characters, and why."""

    line: int
    text: str
    reason: str


def split_lines(content: str) -> list[str]:
    """All lines of a file, blank ones too, but for an empty last one."""
    found = content.removeprefix("\ufeff").split("\n")
    if not found[-1]:
        found.pop()
    return found


def parse_times(texts: Iterable[str], base: date, offset_minutes: int) -> Iterator[Line]:
    """Each line that is not blank, with its time in UTC: local time - `offset_minutes`.

    Local days begin with `base`; a time more than 12 h before the last one is of the next day. An
    hour of the night that begins again is that of autumn, in which clocks are set back: from there
    on local time is an hour less ahead.
    """
    day = datetime(base.year, base.month, base.day, tzinfo=UTC) - timedelta(minutes=offset_minutes)
    last, at = 0, format_second(day)
    last_timed, is_summer = -1, True
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
        elif is_summer and _begins_again(last, now):
            day += timedelta(hours=1)
            is_summer = False
        if now != last:
            at = format_second(day + timedelta(seconds=now))
        last = now
        yield Line(number, whole, whole[found.end() :], True, at, number - 1 != last_timed)
        last_timed = number


def _begins_again(last: int, now: int) -> bool:
    """Whether a clock was set back within an hour of the night, by more than clocks go wrong."""
    hour = now // 3600
    return now < last - _WRONG and hour == last // 3600 and hour in _NIGHT


def text_after_time(text: str) -> str | None:
    """What follows the time that a line begins with; None for a line without time."""
    found = _TIME.match(text)
    return text[found.end() :] if found else None


def to_event(line: Line, kind: str, metadata: dict[str, Any], **fields: str | None) -> ParsedEvent:
    """The event of a line; `fields` that are empty are left out."""
    event = {"type": kind, "timestamp": line.at, "rawText": line.whole, "metadata": metadata}
    return ParsedEvent(
        line.number, event | {name: value for name, value in fields.items() if value}
    )


def to_error(line: Line) -> ParseError:
    """A line in no known shape."""
    return ParseError(line.number, line.whole[:_SHOWN], "unrecognised_line")


def parse_command(message: str) -> dict[str, Any] | None:
    """The metadata of the COMMAND that a chat message is too; None for any other message."""
    if not message.startswith(("!", "/")):
        return None
    words = [word for word in _SPACES.split(message) if word]
    if len(words[0]) == 1:  # hooks look for a sign and a word in one
        return {"command": message, "args": []}
    return {"command": words[0], "args": words[1:]}
