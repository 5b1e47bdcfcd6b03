"""JSON in and out, and sentences instead of pydantic's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from functions.shared import fields, json_codec
from functions.shared.errors import Invalid


class Thing(BaseModel):
    """A model with one field of each forgiving type."""

    whole: fields.Integer = 1
    number: fields.Number = 1.5
    name: fields.Name64 = "n"
    at: fields.Instant = datetime(2026, 1, 1, tzinfo=UTC)
    limit: Annotated[int, fields.clamped_int(default=20, most=50)] = 20


class Period(BaseModel):
    """A model that ends with a time."""

    to: fields.InclusiveEnd


@pytest.mark.parametrize(("sent", "read"), [(245, 245), (245.0, 245), (-0.0, 0), (1e15, 10**15)])
def test_a_whole_number_may_be_a_float(sent: float, read: int) -> None:
    whole = fields.parse(Thing, {"whole": sent}).whole
    assert (whole, type(whole)) == (read, int)


@pytest.mark.parametrize("sent", [245.5, "245", True, None, [], float("nan"), 1e400])
def test_what_is_no_whole_number(sent: Any) -> None:
    with pytest.raises(Invalid, match=r"whole must be a (whole|finite) number"):
        fields.parse(Thing, {"whole": sent})


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2026-03-02T19:50:00Z", datetime(2026, 3, 2, 19, 50, tzinfo=UTC)),
        ("2026-03-02T19:50:00+02:00", datetime(2026, 3, 2, 17, 50, tzinfo=UTC)),
        ("2026-03-02T19:50:00", datetime(2026, 3, 2, 19, 50, tzinfo=UTC)),
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        ("1702000000000", datetime(2023, 12, 8, 1, 46, 40, tzinfo=UTC)),
    ],
)
def test_instants(sent: str, read: datetime) -> None:
    assert fields.parse(Thing, {"at": sent}).at == read


@pytest.mark.parametrize(
    ("sent", "last"),
    [
        ("2026-03-02T19:50:00.123Z", 123_999),
        ("2026-03-02T19:50:00.123456Z", 123_999),
        ("2026-03-02T19:50:00Z", 999),
        ("1772481000123", 123_999),
    ],
)
def test_a_last_instant_is_all_of_its_millisecond(sent: str, last: int) -> None:
    """Answers show no more of a time: `to` the one that was shown must not miss it."""
    shown = datetime(2026, 3, 2, 19, 50, tzinfo=UTC)
    assert fields.parse(Period, {"to": sent}).to == shown.replace(microsecond=last)


@pytest.mark.parametrize("sent", ["yesterday", "", "9" * 40, "2026-13-01", "²"])
def test_what_is_no_instant(sent: str) -> None:
    with pytest.raises(Invalid, match="at must be an ISO 8601 time or Unix time in ms"):
        fields.parse(Thing, {"at": sent})


@pytest.mark.parametrize(
    ("sent", "read"),
    [("5", 5), ("5.9", 5), ("999", 50), ("0", 20), ("-1", 20), ("x", 20), ("", 20), ("1e400", 20)],
)
def test_lenient_numbers(sent: str, read: int) -> None:
    assert fields.parse(Thing, {"limit": sent}).limit == read


def test_sentences_never_quote_pydantic() -> None:
    with pytest.raises(Invalid) as raised:
        fields.parse(Thing, {"number": "x", "name": "", "whole": {}})
    assert raised.value.details == [
        {"field": "whole", "problem": "must be a whole number"},
        {"field": "number", "problem": "must be a number"},
        {"field": "name", "problem": "must have at least 1 character(s)"},
    ]


class Household(BaseModel):
    """A model with a list and a flag."""

    people: Annotated[list[str], Field(min_length=2, max_length=3)] = ["a", "b"]
    is_ours: bool = False


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"people": ["a"]}, "people must have at least 2 entries"),
        ({"people": list("abcd")}, "people must have at most 3 entries"),
        ({"is_ours": "x"}, "is_ours must be true or false"),
        ({"is_ours": [1]}, "is_ours must be true or false"),
    ],
)
def test_a_limit_is_named(sent: dict[str, Any], sentence: str) -> None:
    """Some were "is not valid", and nothing more."""
    with pytest.raises(Invalid, match=sentence):
        fields.parse(Household, sent)


def test_answers_are_compact_json_with_numbers_times_and_ids() -> None:
    east = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    answer = {"d": Decimal("2.50"), "i": Decimal("5.00"), "t": east, "u": UUID(int=8), "x": "é"}
    assert json_codec.dumps(answer) == (
        '{"d":2.5,"i":5,"t":"2026-01-01T00:00:00.000Z",'
        '"u":"00000000-0000-0000-0000-000000000008","x":"é"}'
    )
    assert json.loads(json_codec.dumps([datetime(2026, 1, 1, tzinfo=UTC).date()])) == ["2026-01-01"]


def test_an_answer_never_holds_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_codec.dumps(float("nan"))
