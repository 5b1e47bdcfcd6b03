"""The one reader of JSON for every door: what clients send, also as GMod spells it.

JSON has no word for a number that is not finite. Python writes `NaN`, GMod writes `inf`, `-nan` or
nothing at all (`"karma":,`), and a long number overflows. All of them are read as such a number.
The doors of game servers take it as null, because a game server does not send a corrected body;
every other door refuses it and names the field. Line breaks and other control characters, which old
builds of GMod do not escape in texts, are taken at every door.
"""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

from pydantic import BaseModel

from functions.shared.errors import BadRequest, Invalid, InvalidJson

MAX_DEPTH = 64  # levels of lists and objects that a body may have where all of it is kept
LARGEST = sys.float_info.max
# Gaps where a value belongs: more of them than a game server leaves, each of which costs a hundred
# times the memory of its comma.
_MAX_GAPS = 50_000
# Of a list that is cut to what one answer holds: Lambda sends at most 6 MB, escaped once more.
MAX_ANSWER_BYTES = 4_500_000
# A number overflows only with an exponent of three digits, or with so many digits before one of
# two. What matches need not be a number: it is only looked at more closely.
_EXPONENT, _DIGITS = re.compile(r"[0-9][eE]\+?[0-9]{3}"), re.compile(r"[0-9]{200}")
# Texts, which stay as they are, and outside of them what GMod and C write for a number that is not
# finite, integers that Python would not read, and gaps where a value belongs.
_TOKEN = re.compile(
    r"""
      "(?:[^"\\]|\\.)*+"
    | (?P<word>[-+]?+(?:(?i:nan(?:\([a-z0-9_]*+\))?+|inf(?:inity)?+)|1\.\#[A-Z]++[0-9]*+))
      (?![\w.\#+-])
    | (?<![0-9.eE+-])(?P<long>-?+[0-9]{309,}+)(?![.eE])
    | (?P<gap>(?<=:)[ \t\r\n]*+(?=[,}])|(?<=[\[,])[ \t\r\n]*+(?=,)|(?<=,)[ \t\r\n]*+(?=\]))
    """,
    re.VERBOSE | re.DOTALL,
)


def parse(body: str) -> Any:
    """The JSON value of a body; numbers that are not finite are NaN and infinities of Python.

    Raises InvalidJson, with the position, for text that is no JSON.
    """
    return _parsed(body)[0]


def loads(body: str, *, keeps_nul: bool = False, max_depth: int = MAX_DEPTH) -> Any:
    """The JSON value of a body, in which lone surrogates are replaced by U+FFFD.

    Of a key that an object has twice the last one counts. Raises InvalidJson for text that is no
    JSON, BadRequest for numbers that are not finite and nesting of more than `max_depth` levels,
    and Invalid for NUL characters (unless `keeps_nul`); the latter two name the field.
    """
    value, is_repaired = _parsed(body)
    if (
        is_repaired
        or "\\u" in body
        or "NaN" in body
        or "Infinity" in body
        or _EXPONENT.search(body)
        or _DIGITS.search(body)
        or body.count("[") + body.count("{") > max_depth
    ):
        return _clean(value, _refuse_number, keeps_nul, max_depth)
    return value


def loads_of_game_server(body: str) -> Any:
    """The JSON value of a game server's body: what is no finite number is null.

    Numbers that overflow are left as they are: see `without_infinite`. Raises as `loads`.
    """
    value, is_repaired = _parsed(body)
    is_suspect = is_repaired or "\\u" in body or "NaN" in body or "Infinity" in body
    return without_infinite(value) if is_suspect else value


def without_infinite(value: Any) -> Any:
    """The value with null for every number that is not finite; raises Invalid for NUL."""
    return _clean(value, lambda _: None, False, sys.maxsize)


def is_finite(number: float) -> bool:
    """Whether a number is one that a float can hold."""
    return -LARGEST <= number <= LARGEST


def _parsed(body: str) -> tuple[Any, bool]:
    """The value, and whether the text had to be repaired first."""
    text = body.removeprefix("\ufeff")
    try:
        # Without arguments: with some, json makes a decoder for each call.
        return json.loads(text), False
    except ValueError:
        return _repaired(text, len(body) - len(text)), True
    except RecursionError:
        raise InvalidJson("is nested too deeply") from None


def _repaired(text: str, skipped: int) -> Any:
    """The value of JSON as GMod spells it; raises BadRequest with a position in the sent body."""
    gaps: list[int] = []  # where the repaired text is three characters longer than the sent one

    def spell(found: re.Match[str]) -> str:
        if found["gap"] is not None:
            gaps.append(found.start() + 3 * len(gaps))
            if len(gaps) > _MAX_GAPS:
                position = found.start() + skipped
                raise InvalidJson(f"is no JSON at character {position}", position)
            return "NaN" + found[0]
        if found["word"]:
            return "NaN".rjust(len(found[0]))
        return "1e999".ljust(len(found[0])) if found["long"] else found[0]

    try:
        return json.loads(_TOKEN.sub(spell, text), strict=False)
    except json.JSONDecodeError as error:
        position = max(error.pos - 3 * bisect_left(gaps, error.pos), 0) + skipped
        raise InvalidJson(f"is no JSON at character {position}", position) from None
    except RecursionError:
        raise InvalidJson("is nested too deeply") from None


# Where a value is: its container's place and its own key there; None is the body itself.
_Place = tuple[Any, str | int] | None


def _clean(
    value: Any, on_infinite: Callable[[_Place], object], keeps_nul: bool, max_depth: int
) -> Any:
    """The value with what JSON can spell and the store cannot hold replaced, in place.

    Without recursion, because what is nested too deeply for it arrives here too; and only the way
    down to one value is held, because a body may have millions of lists.
    """
    root = [value]
    open_: list[tuple[Any, _Place, Iterator[tuple[Any, Any]]]] = [(root, None, enumerate(root))]
    while open_:
        holder, path, items = open_[-1]
        for key, inner in items:
            where = None if holder is root else (path, key)
            if isinstance(inner, str):
                holder[key] = _clean_text(inner, where, keeps_nul)
            elif isinstance(inner, dict | list):
                if len(open_) > max_depth:
                    problem = f"must not be nested more than {max_depth} levels deep"
                    raise BadRequest(*_describe(where, problem))
                open_.append((inner, where, _iterate(inner, where, keeps_nul)))
                break
            elif isinstance(inner, int | float) and not is_finite(inner):
                holder[key] = on_infinite(where)
        else:
            open_.pop()
    return root[0]


def _iterate(holder: Any, path: _Place, keeps_nul: bool) -> Iterator[tuple[Any, Any]]:
    """The keys and values of a list or an object, whose keys are clean then."""
    if not isinstance(holder, dict):
        return enumerate(holder)
    _clean_keys(holder, path, keeps_nul)
    return iter(holder.items())


def _clean_keys(holder: dict[str, Any], path: _Place, keeps_nul: bool) -> None:
    if all(key.isascii() and "\0" not in key for key in holder):
        return
    items = [(_clean_text(key, path, keeps_nul), inner) for key, inner in holder.items()]
    holder.clear()
    holder.update(items)


def _clean_text(text: str, path: _Place, keeps_nul: bool) -> str:
    if "\0" in text and not keeps_nul:
        raise Invalid(*_describe(path, "must not contain a NUL character"))
    return text if text.isascii() else replace_surrogates(text)


def replace_surrogates(text: str) -> str:
    """The text with lone surrogates, which JSON can spell but Unicode cannot hold, as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _refuse_number(path: _Place) -> NoReturn:
    raise BadRequest(*_describe(path, "must be a finite number"))


def _describe(path: _Place, problem: str) -> tuple[str, list[dict[str, str]]]:
    """A problem as a sentence and as details, both with the path of its field."""
    keys: list[str] = []
    while path is not None:
        path, key = path
        keys.append(str(key))
    field = ".".join(reversed(keys[-MAX_DEPTH:]))
    sentence = f"{field} {problem}" if field else f"The body {problem}"
    return sentence, [{"field": field or "body", "problem": problem}]


def format_time(moment: datetime) -> str:
    """A time as clients read it: ISO 8601, UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_number(value: Decimal | None) -> int | float | None:
    """A database number as a JSON number, without a fraction where it has none."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def dumps(answer: Any) -> str:
    """An answer as compact JSON text; raises ValueError for NaN, which no client could read."""
    return _ENCODER.encode(answer)


def take_fitting(texts: Iterable[str], max_bytes: int | None = None) -> list[str]:
    """The JSON texts, from the first on, that one array of `max_bytes` holds: at least one.

    Reads no further than to the first text that does not fit. MAX_ANSWER_BYTES unless given.
    """
    limit = MAX_ANSWER_BYTES if max_bytes is None else max_bytes
    taken: list[str] = []
    size = 2  # the brackets
    for text in texts:
        size += len(text.encode()) + 1
        if size > limit and taken:
            break
        taken.append(text)
    return taken


def _serialise(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return to_number(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    raise TypeError(f"no JSON spelling for {type(value).__name__}")


# Made once: json.dumps would make one a call.
_ENCODER = json.JSONEncoder(
    default=_serialise, ensure_ascii=False, allow_nan=False, separators=(",", ":")
)
