"""Fields of requests about tournaments."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict, StringConstraints

from functions.shared.fields import fail_validation
from functions.tracker.fields import Id, Line, Trimmed, Whole

# RFC 3339, whose offset is not optional.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
MAX_MONEY = 1_000_000_000


def drop_nulls(sent: Any) -> Any:
    """An object without its nulls, which stand for defaults."""
    if isinstance(sent, dict):
        return {name: value for name, value in sent.items() if value is not None}
    return sent


def _moment(sent: Any) -> datetime:
    if not isinstance(sent, str) or not _TIME.fullmatch(sent.strip()):
        fail_validation("must be an RFC 3339 time with an offset")
    text = re.sub(r"(\.\d{6})\d+", r"\1", sent.strip().upper())
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        fail_validation("must be an RFC 3339 time with an offset")
    if not _FIRST <= moment <= _LAST:
        fail_validation("must be in the years 1970 to 9998")
    return moment


def _cents(amount: float) -> float:
    exponent = Decimal(str(amount)).normalize().as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -2:
        fail_validation("must have at most two decimals")
    return amount


def _paragraphs(text: str) -> str:
    if any(unicodedata.category(one) == "Cc" and one not in "\n\r\t" for one in text):
        fail_validation("must not contain control characters")
    return text


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        fail_validation("must not name anything twice")
    return values


Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=datetime)]
Money = Annotated[
    float, Strict(), Field(ge=0, le=MAX_MONEY, allow_inf_nan=False), AfterValidator(_cents)
]
Fee = Annotated[
    float, Strict(), Field(ge=0, le=100_000, allow_inf_nan=False), AfterValidator(_cents)
]
EventName = Annotated[Line, Field(min_length=3, max_length=100)]
Description = Annotated[
    str, Strict(), StringConstraints(max_length=5000), Trimmed, AfterValidator(_paragraphs)
]
Location = Annotated[Line, Field(max_length=200)]
TimeZone = Annotated[Line, Field(min_length=1, max_length=64)]
PairingSeed = Annotated[Line, Field(min_length=1, max_length=64)]
Club = Annotated[Line, Field(min_length=1, max_length=100)]
TableNumber = Annotated[int, Field(strict=True, ge=1, le=9999), Whole]
Tables = Annotated[
    list[TableNumber], Field(min_length=1, max_length=512), AfterValidator(_distinct)
]
Users = Annotated[list[Id], Field(max_length=20), AfterValidator(_distinct)]
Seats = Annotated[int, Field(strict=True, ge=2, le=512), Whole]
