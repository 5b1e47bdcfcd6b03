"""Reports of chat messages: players make them, operators read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from functions.game.calls import Call, to_response, to_value
from functions.game.fields import Reason, clamp
from functions.game.operators import MAX_PAGE, Reasoned
from functions.shared import cursors, db
from functions.shared.fields import Cursor, RequestModel, ResponseModel
from functions.shared.response import Response


class NewReport(RequestModel):
    """Why a message is reported."""

    reason: Reason


class Reported(ResponseModel):
    """The player's report of the message, which is the first that they sent."""

    message: str
    report_id: int


class ReportsQuery(Reasoned):
    """Which page."""

    cursor: Cursor = None
    limit: Annotated[int, clamp(50, MAX_PAGE)] = 50


class ReportedMessage(ResponseModel):
    """A message as it was written; `user_id` null: the person was erased, with their words."""

    id: int
    room: str
    user_id: int | None
    username: str
    text: str
    sent_at: datetime
    deleted_at: datetime | None


class Report(ResponseModel):
    """A report: who made it, when and why, and of which message."""

    id: int
    at: datetime
    reason: str
    reporter_id: int
    reporter: str
    message: ReportedMessage


class Reports(ResponseModel):
    """Reports, newest first; `next_cursor` null: there are no more."""

    reports: list[Report]
    next_cursor: str | None


def report_message(call: Call, message_id: int, reason: str) -> Response:
    """Reports a message of somebody else, once; raises NotFound, BadRequest. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body
            from game.report_message(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s)
            """,
            (*call, message_id, reason),
        )
    )


def list_reports(call: Call, query: ReportsQuery) -> dict[str, Any]:
    """A page of the reports. Audited. One round trip."""
    keyset = cursors.Keyset(query, query.limit, before="id")
    found = to_value(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_reports(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s)
            """,
            (*call, keyset.values["before"], keyset.values["one_more"], query.reason),
        )
    )
    shown = found[: query.limit]
    return {"reports": shown, "next_cursor": keyset.next_cursor(shown, len(found))}
