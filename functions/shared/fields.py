"""Field types that forgive what clients really send, and JSON as we answer."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from functions.shared.errors import Invalid

Model = TypeVar("Model", bound=BaseModel)


class BracketPathModel(BaseModel):
    """A model whose problems name the path: `Invalid kills[3].weapon`; details say more."""


class Lenient(BaseModel):
    """A query or path that takes every text: what is wrong counts as absent or unknown."""


class CamelModel(BaseModel):
    """A model whose fields are camelCase on the wire."""

    model_config = ConfigDict(alias_generator=to_camel)


class RequestModel(BaseModel):
    """A body, query or path whose validator is built at its first use, not by a cold start."""

    model_config = ConfigDict(defer_build=True)


class ResponseModel(BaseModel):
    """What an answer holds, for the reference and the tests: a cold start does not wait for it."""

    model_config = ConfigDict(defer_build=True)


class CamelResponse(ResponseModel, CamelModel):
    """A response whose fields are camelCase on the wire."""


class Detail(ResponseModel):
    """A field that is wrong."""

    field: str
    problem: str


class ErrorBody(ResponseModel):
    """The error message, and with which fields."""

    error: str
    details: list[Detail] | None = None


def to_integer(value: Any) -> Any:
    """GMod turns integers into floats: 245.0 is 245."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _no_nul(text: str) -> str:
    if "\0" in text:
        fail_validation("must not contain a NUL character")
    return text


def _instant(value: Any) -> datetime:
    """A time of a query: ISO 8601 (UTC where it names no zone), a date, or Unix ms."""
    try:
        if str(value).isdecimal():
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        return parse_time(value)
    except (ValueError, OverflowError, OSError) as error:
        if isinstance(error.__cause__, OverflowError):  # whatever is asked for lies between
            is_first = value.startswith("0001")
            return (datetime.min if is_first else datetime.max).replace(tzinfo=UTC)
        fail_validation("must be an ISO 8601 time or Unix time in ms")


def _last(moment: datetime) -> datetime:
    """Answers show milliseconds: what is shown as this one is still before the end of it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000 + 999)


def _day(value: Any) -> datetime:
    """A UTC day of a query, YYYY-MM-DD, as its first moment."""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        fail_validation("must be a day, YYYY-MM-DD")


def parse_time(value: Any) -> datetime:
    """The time of an ISO 8601 text in UTC, which is meant where it names no zone.

    In UTC, because PostgreSQL refuses some zones that Python reads, such as +01:00:00.5. Raises
    ValueError for any other text, also where its zone puts it beyond the years 1 to 9999.
    """
    try:
        read = datetime.fromisoformat(value)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (TypeError, OverflowError) as error:
        raise ValueError("no time of ours") from error


def to_list(value: Any) -> Any:
    """A JSON array as Lua spells it: an empty table may arrive as {}, a list with keys "1".."n"."""
    if value is None:
        return []
    if isinstance(value, dict) and value.keys() == {str(n) for n in range(1, len(value) + 1)}:
        return [value[str(n)] for n in range(1, len(value) + 1)]
    return value


def _empty_as_none(value: Any) -> Any:
    return None if value == "" else value


def _id(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


Number = Annotated[float, Strict(), AllowInfNan(False)]
# A bound stands before the validator: `Field(strict=True, ge=1), BeforeValidator(whole)`. Behind it
# pydantic publishes it as `ge`, which JSON Schema does not know.
Integer = Annotated[int, Strict(), BeforeValidator(to_integer)]
Name64 = Annotated[
    str, Strict(), StringConstraints(min_length=1, max_length=64), AfterValidator(_no_nul)
]
Instant = Annotated[datetime, BeforeValidator(_instant, json_schema_input_type=str)]
InclusiveEnd = Annotated[
    Instant, AfterValidator(_last)
]  # inclusive, up to the end of its millisecond
EmptyAsNone = BeforeValidator(_empty_as_none)  # a query that names a filter without a value
FilterText = Annotated[str | None, Field(max_length=256), EmptyAsNone]
Cursor = Annotated[str | None, EmptyAsNone]  # of a page, from the page before
OptionalId = Annotated[UUID | None, BeforeValidator(_id)]  # None: an id that no row has
Day = Annotated[datetime, BeforeValidator(_day, json_schema_input_type=date)]


def clamped_int(default: int, most: int) -> BeforeValidator:
    """A query number that never fails: `default` for zero or unreadable, at most `most`."""

    def read(value: Any) -> int:
        try:
            number = int(float(value))
        except (TypeError, ValueError, OverflowError):
            return default
        return min(number, most) if number > 0 else default

    return BeforeValidator(read, json_schema_input_type=int)


def fail_validation(sentence: str, rule: str = "", *, field: str = "") -> NoReturn:
    """Ends a model's validation with our message instead of pydantic's.

    `rule`: its name, for the families that have one. `field`: which one a whole model's rule is of.
    """
    says = {"sentence": sentence, "rule": rule, "field": field}
    raise PydanticCustomError("ours", "{sentence}", says)


def parse(model: type[Model], value: Any) -> Model:
    """The value as a `model`; raises Invalid with a message for each wrong field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == "ours" and not found[0]["loc"] and not found[0]["ctx"]["field"]:
        raise Invalid(found[0]["msg"])
    terse = issubclass(model, BracketPathModel)
    details = [_describe(one, terse) for one in found[:20]]
    field, problem = details[0]["field"], details[0]["problem"]
    raise Invalid(f"Invalid {field}" if terse else f"{field} {problem}", details)


def _describe(found: Any, terse: bool) -> dict[str, str]:
    """A problem with its field, and with its rule where that has a name."""
    says = found.get("ctx", {}) if found["type"] == "ours" else {}
    place = _path((*found["loc"], *([says["field"]] if says.get("field") else [])), terse)
    rule = {"rule": says["rule"]} if says.get("rule") else {}
    return {"field": place or "body", "problem": _sentence(found), **rule}


def _path(places: tuple[int | str, ...], terse: bool) -> str:
    """Where a problem is: `kills[3].weapon` where a model is terse, else `kills.3.weapon`."""
    path = ".".join(str(part) for part in places)
    return to_bracket_path(path) if terse else path


def to_bracket_path(path: str) -> str:
    """`kills.3.weapon` as `kills[3].weapon`."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", path)


_SENTENCES = {
    "missing": "is required",
    "string_type": "must be text",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "ours": "{sentence}",
}


def _sentence(found: Any) -> str:
    kind = "model_type" if found["type"].startswith("model_") else found["type"]
    return _SENTENCES.get(kind, "is not valid").format(**found.get("ctx", {}))
