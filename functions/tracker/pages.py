"""Pages of the tracker's lists, which take a cursor as well as an offset, the newest first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple, NoReturn

from pydantic import BeforeValidator, model_validator

from functions.shared import cursors, db, ids
from functions.shared.errors import Invalid
from functions.shared.fields import (
    Cursor,
    EmptyAsNone,
    RequestModel,
    ResponseModel,
    fail_validation,
)

MAX_LIMIT = 100
MAX_OFFSET = 100_000
MAX_EVENTS = 500  # of a page
_HIGHEST = 10**9  # as which every larger number is read
_PAGING = {"limit", "offset", "cursor"}


def _limit(sent: Any) -> int:
    return min(parse_whole(sent, 1, None), MAX_LIMIT)


def _offset(sent: Any) -> int | None:
    return None if sent is None else parse_whole(sent, 0, MAX_OFFSET)


def parse_whole(sent: Any, least: int, most: int | None) -> int:
    """The whole number that a query means; fails the field's validation for what is none."""
    if isinstance(sent, int):
        return sent
    text = str(sent)
    is_whole = text.isascii() and text.isdigit()
    number = min(int(text.lstrip("0")[:10] or 0), _HIGHEST) if is_whole else -1
    if number < least or (most is not None and number > most):
        fail_validation(
            f"must be a whole number from {least}" + (f" to {most}" if most is not None else "")
        )
    return number


class PageQuery(RequestModel):
    """Which page: `limit` rows, behind `cursor` or after `offset` of them."""

    limit: Annotated[int, BeforeValidator(_limit, json_schema_input_type=int)] = 20
    offset: Annotated[
        int | None, BeforeValidator(_offset, json_schema_input_type=int | None), EmptyAsNone
    ] = None
    cursor: Cursor = None

    @model_validator(mode="after")
    def _has_one_start(self) -> PageQuery:
        if self.cursor is not None and self.offset is not None:
            fail_validation("and offset exclude each other", "exclusive", field="cursor")
        return self


class EventsPageQuery(RequestModel):
    """Which events: those after the number `since`, at most `limit`."""

    since: Annotated[
        int, BeforeValidator(lambda sent: parse_whole(sent, 0, None), json_schema_input_type=int)
    ] = 0
    limit: Annotated[
        int,
        BeforeValidator(
            lambda sent: min(parse_whole(sent, 1, None), MAX_EVENTS), json_schema_input_type=int
        ),
    ] = 100


def answer_events(query: EventsPageQuery, events: Sequence[Any]) -> dict[str, Any]:
    """The page of `events`, one more than it holds if there is another; the cursor of the next page
    is what to send as `since`."""
    shown = list(events[: query.limit])
    has_more = len(events) > query.limit
    return {
        "data": shown,
        "pagination": {
            "limit": query.limit,
            "has_more": has_more,
            "next_cursor": str(shown[-1]["seq"]) if has_more else None,
        },
    }


class Pagination(ResponseModel):
    """Whether there is more, and the cursor of it."""

    limit: int
    has_more: bool
    next_cursor: str | None


class Page(NamedTuple):
    """A page that is asked for: its bounds, as a statement takes them."""

    limit: int
    offset: int
    after: Sequence[Any]  # the position of the row before, or nulls
    fingerprint: str  # of the filters, and of who asks
    name: str

    def answer(self, rows: Sequence[db.Row], shown: Sequence[Any], *key: str) -> dict[str, Any]:
        """The page of `rows`, one more than it holds if there is another; `key`: its order."""
        has_more = len(rows) > self.limit
        position = [rows[self.limit - 1][name] for name in key] if has_more else []
        cursor = cursors.encode([*position, self.fingerprint], list=self.name)
        return {
            "data": list(shown[: self.limit]),
            "pagination": {
                "limit": self.limit,
                "has_more": has_more,
                "next_cursor": cursor if has_more else None,
            },
        }


def open_page(query: PageQuery, user_id: int, columns: int = 2) -> Page:
    """The page that a query means, of a list whose order has so many columns; raises Invalid."""
    filters = query.model_dump(mode="json", exclude=_PAGING)
    name = type(query).__name__
    bound = ids.canonical_json([name, filters, user_id])
    fingerprint = hashlib.sha256(bound.encode()).hexdigest()[:16]
    after: list[Any] = [None] * columns
    if query.cursor:
        *after, made_for = _decode(query.cursor, name)
        if made_for != fingerprint:
            _fail("cursor_filter_mismatch", "was made for another query")
    return Page(query.limit, query.offset or 0, after, fingerprint, name)


def _decode(cursor: str, name: str) -> list[Any]:
    try:
        return cursors.decode(cursor, list=name)
    except Invalid:
        _fail("invalid_cursor", "is not one of ours")


def _fail(rule: str, problem: str) -> NoReturn:
    raise Invalid(
        f"cursor {problem}", [{"field": "cursor", "problem": problem, "rule": rule}]
    ) from None
