"""The values of sent JSON as they are stored: whole numbers, clean text, real arrays, times."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from functions.shared import fields, json_codec

DEPTH = 16  # of metadata: itself is at depth 1
MAX_NAME = 128  # of a player, in code points: longer texts are no names that could match another
_LAST = datetime(9999, 12, 31, tzinfo=UTC)  # an event id holds no later one
# Soft hyphen, joiners, marks of direction, fillers of Hangul, the empty Braille cell: each is no
# space to Python, and nothing to the eye.
_INVISIBLE = frozenset(
    "\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u2800"
    "\u3164\ufe0e\ufe0f\ufeff\uffa0"
)
_MILLISECONDS = 1e11  # smaller numbers are seconds


class Rejected(Exception):  # noqa: N818  what happened to an event
    """An event that is not stored; its neighbours are. `reason` is the word for the sender."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def clean(text: str) -> str:
    """The text, lone surrogates as U+FFFD; raises Rejected for a NUL, which no store holds."""
    if "\0" in text:
        raise Rejected("text_has_nul")
    return text if text.isascii() else unicode(text)


unicode = json_codec.replace_surrogates


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: only spaces, controls and letters without a shape."""
    if text[:1].isalnum() and text[0] not in _INVISIBLE:  # nearly all
        return False
    return all(letter.isspace() or letter < " " or letter in _INVISIBLE for letter in text)


def warn_not_finite(warnings: list[str]) -> None:
    """What stands for a number that is not finite: null, and once in an event its warning."""
    if "number_not_finite" not in warnings:
        warnings.append("number_not_finite")


def plain(value: Any, warnings: list[str], depth: int = 1) -> Any:
    """The value with 12.0 as 12, clean text, and null for numbers that are not finite, which adds
    to `warnings`; raises Rejected, also for deeper than DEPTH."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return warn_not_finite(warnings)
        return int(value) if value.is_integer() else value
    if not isinstance(value, dict) and not isinstance(value, list):
        is_huge = type(value) is int and not json_codec.is_finite(value)
        return warn_not_finite(warnings) if is_huge else value
    if depth > DEPTH:
        raise Rejected("metadata_too_large")
    if isinstance(value, list):
        return [plain(inner, warnings, depth + 1) for inner in value]
    found = {}
    for key, inner in value.items():
        name = key if key.isascii() and "\0" not in key else clean(key)
        # Most values are such texts: a call for each of them would double the time of a batch.
        is_clean = type(inner) is str and inner.isascii() and "\0" not in inner
        found[name] = inner if is_clean else plain(inner, warnings, depth + 1)
    return found


def to_list(value: Any) -> list[Any] | None:
    """The array that was sent, maybe as Lua's {} or {"1": …, "2": …}; None for anything else."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        keys = [str(number) for number in range(1, len(value) + 1)]
        if value.keys() == set(keys):
            return [value[key] for key in keys]
    return None


def to_text(value: Any) -> str | None:
    """The text that was sent, a number's digits too; None for an empty one and anything else."""
    if isinstance(value, str):
        return clean(value) or None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def to_short_text(value: Any, most: int) -> str | None:
    """An id of at most `most` characters; raises Rejected for a longer one."""
    found = to_text(value)
    if found is not None and len(found) > most:
        raise Rejected("text_too_long")
    return found


def to_int(value: Any) -> int | None:
    """The number that was sent, maybe as text, floored; None unless it is one of 32 bits."""
    try:
        floored = math.floor(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return floored if abs(floored) < 1 << 31 and not isinstance(value, bool) else None


def to_instant(value: Any) -> datetime | None:
    """The UTC time of ISO 8601 text (UTC where it names no zone), Unix seconds or Unix ms."""
    try:
        read = _spelled(value) if isinstance(value, str) else _unix(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return read if read < _LAST and not isinstance(value, bool) else None


@lru_cache(maxsize=1024)  # events of a batch come in few seconds
def _spelled(text: str) -> datetime:
    if len(text) > 64:
        raise ValueError  # no time is that long, and none of such texts are kept here
    if text.removeprefix("-").replace(".", "", 1).isdecimal():
        return _unix(text)
    return fields.parse_time(text)


def _unix(value: Any) -> datetime:
    unix = float(value)
    return datetime.fromtimestamp(unix if abs(unix) < _MILLISECONDS else unix / 1000, UTC)


def format_second(moment: datetime) -> str:
    """A UTC time cut to its second: `YYYY-MM-DDTHH:MM:SSZ`."""
    return moment.isoformat()[:19] + "Z"
