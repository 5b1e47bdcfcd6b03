"""A user's tilt history: the events themselves, newest first, a page at a time."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import BaseModel, Field

from functions.shared import csv_cells, cursors, db, fields, ids, json_codec

# Of text in one page. In what Lambda sends back a quote takes up to six bytes and a control
# character seven: so even the worst page stays under 5 MB, and below Lambda's own 6 MB.
ANSWER_BYTES = 700_000
EXPORT_EVENTS = 5_000  # in one page of an export
_EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


class HistoryQuery(BaseModel):
    """What part of a user's history to read."""

    user_id: fields.Name64
    days: Annotated[int, fields.clamped_int(default=7, most=30)] = 7
    limit: Annotated[int, fields.clamped_int(default=100, most=500)] = 100
    type: Annotated[fields.Name64 | None, fields.EmptyAsNone] = Field(
        None, description="keeps events that carry a signal of this type"
    )
    cursor: fields.Cursor = None


class ExportQuery(BaseModel):
    """What part of a user's history to export; `from` is inclusive, `to` exclusive."""

    user_id: fields.Name64
    format: Literal["csv", "json"] = "json"
    since: fields.Instant = Field(_EARLIEST, alias="from")
    until: fields.Instant = Field(_LATEST, alias="to")
    cursor: fields.Cursor = None


class StoredEvent(fields.ResponseModel):
    """A tilt event as it is read back; the score has two decimals, whatever was sent."""

    id: UUID
    user_id: str
    timestamp: datetime
    signals: list[dict[str, Any]]
    tilt_score: float
    context: str
    created_at: datetime


class History(fields.CamelResponse):
    """A page of history; `count` is of the whole window."""

    success: Literal[True]
    user_id: str
    count: int
    days: int
    events: list[StoredEvent]
    next_cursor: str | None


class Export(fields.CamelResponse):
    """A page of an export."""

    success: Literal[True]
    user_id: str
    events: list[StoredEvent]
    next_cursor: str | None


def get_history(query: HistoryQuery) -> dict[str, Any]:
    """The newest events of the last `days`, as History. One round trip."""
    since = datetime.now(UTC) - timedelta(days=query.days)
    count, events, more = _fetch_page(query, query.limit, since, _LATEST, query.type)
    return {
        "success": True,
        "userId": query.user_id,
        "count": count,
        "days": query.days,
        "events": events,
        "nextCursor": more,
    }


def export_events(query: ExportQuery) -> tuple[list[dict[str, Any]], str | None]:
    """The newest events from `since` until `until`, and the cursor of the next page."""
    _, events, more = _fetch_page(query, EXPORT_EVENTS, query.since, query.until)
    return events, more


def to_csv(events: list[dict[str, Any]]) -> str:
    """Events as CSV with a header row; no cell can start a formula in a spreadsheet."""
    text = io.StringIO()
    rows = csv.writer(text, quoting=csv.QUOTE_ALL)
    rows.writerow(StoredEvent.model_fields)
    for event in events:
        rows.writerow([_cell(event[name]) for name in StoredEvent.model_fields])
    return text.getvalue()


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json_codec.dumps(value).strip('"')
    return csv_cells.neutralise(text)


def _fetch_page(
    query: HistoryQuery | ExportQuery,
    limit: int,
    since: datetime,
    until: datetime,
    kind: str | None = None,
) -> tuple[int, list[dict[str, Any]], str | None]:
    """The number of events in a history's window, one page of them, and the next page's cursor."""
    keyset = cursors.Keyset(query, limit, last="id")
    last = keyset.values["last"]
    found = db.query(
        """
        with page as (
          select id, user_id, occurred_at, signals, tilt_score, context, created_at
          from tilt.events
          where user_id = %(user_id)s
            and occurred_at >= %(since)s
            and occurred_at < %(until)s
            and (%(kind)s::jsonb is null or signals @> %(kind)s)
            and (%(last)s::uuid is null or (occurred_at, id) < (%(last_at)s, %(last)s))
          order by occurred_at desc, id desc
          limit %(limit)s + 1
        ), sized as (
          select *, row_number() over newest as place,
            sum(octet_length(signals::text || context || user_id) + 200) over newest as bytes
          from page
          window newest as (order by occurred_at desc, id desc)
        ), total as (
          select (select count(*) from page) as ready,
            case
              when not %(counted)s then 0
              when %(kind)s::jsonb is null then (
                select events
                from tilt.sum_since(%(user_id)s, %(since)s)
              )
              else (
                select count(*)
                from tilt.events
                where user_id = %(user_id)s
                  and occurred_at >= %(since)s
                  and signals @> %(kind)s
              )
            end as events
        )
        select t.events as total, t.ready, s.id, s.user_id, s.occurred_at as timestamp,
          s.signals, round(s.tilt_score, 2) as tilt_score, s.context, s.created_at
        from total t
        left join sized s on s.place <= %(limit)s and (s.bytes <= %(bytes)s or s.place = 1)
        order by s.occurred_at desc, s.id desc
        """,
        {
            **keyset.values,
            "user_id": query.user_id,
            "since": since,
            "until": until,
            "kind": Jsonb([{"type": kind}]) if kind else None,
            "last_at": ids.get_time(last) if last else None,
            "counted": isinstance(query, HistoryQuery),
            "bytes": ANSWER_BYTES,
        },
    )
    total, ready = found[0]["total"], found[0]["ready"]
    events = [{name: row[name] for name in StoredEvent.model_fields} for row in found if row["id"]]
    return total, events, keyset.next_cursor(events, ready)
