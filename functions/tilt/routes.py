"""`/api/tilt`: a Discord bot posts tilt events, and reads history and statistics back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from functions.shared import auth, fields
from functions.shared.auth import RequireScope
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.settings import settings
from functions.tilt import cooldown, events, history, stats


def _keys_are_optional() -> bool:
    return settings().tilt_keys == "optional"


routes = Routes(__name__, family="plain")
read = RequireScope("tilt:read", optional_when=_keys_are_optional)
write = RequireScope("tilt:write", optional_when=_keys_are_optional)


class Recorded(fields.CamelResponse):
    """The event is stored, now or earlier: the same event always has the same id."""

    success: Literal[True]
    message: Literal["Tilt event recorded"]
    event_id: str


class Queued(fields.CamelResponse):
    """The database is down: the event is durably queued, and will be stored under this id."""

    success: Literal[True]
    message: Literal["Tilt event queued"]
    event_id: str


class Deleted(fields.ResponseModel):
    """The event is deleted, or did not exist."""

    success: Literal[True]
    message: Literal["Event deleted"]


class Erased(fields.ResponseModel):
    """How many rows were removed, per table."""

    success: Literal[True]
    message: Literal["User erased"]
    removed: dict[str, int]


class EventPath(fields.Lenient):
    """Which event; an id that is not one of ours is no error."""

    event_id: str


@routes.post(
    "/api/tilt/events",
    guard=write,
    body=events.NewEvent,
    max_bytes=events.MAX_BYTES,
    answers={200: Recorded, 202: Queued},
    rate_limited=True,
)
def record_event(request: Request, event: events.NewEvent) -> Response:
    """Records a tilt event. Sending it again changes nothing and gives the same id."""
    done = events.record(event, request.caller.name if request.caller else None)
    message = "Tilt event queued" if done.queued else "Tilt event recorded"
    body = {"success": True, "message": message, "eventId": done.id}
    headers = done.budget.headers if done.budget else {}
    return Response(body, HTTPStatus.ACCEPTED if done.queued else HTTPStatus.OK, headers)


@routes.delete("/api/tilt/events/{event_id}", guard=write, query=EventPath, answers={200: Deleted})
def delete_event(request: Request, path: EventPath) -> dict[str, Any]:
    """Deletes an event; an unknown id is no error."""
    events.delete(path.event_id)
    return {"success": True, "message": "Event deleted"}


@routes.delete(
    "/api/tilt/users/{user_id}", guard=auth.erase, query=stats.User, answers={200: Erased}
)
def erase_user(request: Request, path: stats.User) -> dict[str, Any]:
    """Erases a person: every row about them, in every table of this domain.

    Needs a key of scope admin, also where keys are optional.
    """
    assert request.caller
    removed = events.erase(path.user_id, request.caller.name)
    return {"success": True, "message": "User erased", "removed": removed}


@routes.get(
    "/api/tilt/history/{user_id}",
    guard=read,
    query=history.HistoryQuery,
    answers={200: history.History},
)
def get_history(request: Request, query: history.HistoryQuery) -> dict[str, Any]:
    """A user's events of the last days, newest first; a user without events has zero of them."""
    return history.get_history(query)


@routes.get(
    "/api/tilt/export/{user_id}",
    guard=read,
    query=history.ExportQuery,
    answers={200: history.Export},
    response_headers=("X-Next-Cursor",),
    also={"text/csv": "A header row and a row an event; X-Next-Cursor says that there is more"},
)
def export_events(request: Request, query: history.ExportQuery) -> Response:
    """A user's events as JSON or CSV, a page at a time: `nextCursor`, or X-Next-Cursor for CSV."""
    found, more = history.export_events(query)
    if query.format == "csv":
        headers = {"Content-Type": "text/csv; charset=utf-8"} | (
            {"X-Next-Cursor": more} if more else {}
        )
        return Response(history.to_csv(found), headers=headers)
    return Response({"success": True, "userId": query.user_id, "events": found, "nextCursor": more})


@routes.get("/api/tilt/stats/{user_id}", guard=read, query=stats.User, answers={200: stats.Stats})
def get_stats(request: Request, path: stats.User) -> dict[str, Any]:
    """A user's numbers over all time, exact the moment an event is stored or deleted."""
    return stats.get_stats(path.user_id)


@routes.get(
    "/api/tilt/trend/{user_id}", guard=read, query=stats.TrendQuery, answers={200: stats.Trend}
)
def get_trend(request: Request, query: stats.TrendQuery) -> list[dict[str, Any]]:
    """A user's last days, hour by hour or day by day; empty buckets have zero events."""
    return stats.get_trend(query)


@routes.get(
    "/api/tilt/signals/{user_id}",
    guard=read,
    query=stats.SignalsQuery,
    answers={200: stats.Signals},
)
def get_signals(request: Request, query: stats.SignalsQuery) -> dict[str, Any]:
    """What a user's signals of the last days were, per type."""
    return stats.get_signals(query)


@routes.get(
    "/api/tilt/compare/{user_id}", guard=read, query=stats.User, answers={200: stats.Comparison}
)
def get_comparison(request: Request, path: stats.User) -> dict[str, Any]:
    """Where a user stands among all users of the last 30 days; names nobody."""
    return stats.compare(path.user_id)


@routes.get(
    "/api/tilt/cooldown/{user_id}", guard=read, query=stats.User, answers={200: cooldown.Cooldown}
)
def get_cooldown(request: Request, path: stats.User) -> dict[str, Any]:
    """Whether the user should take a break, for how many minutes, and why."""
    return cooldown.recommend(path.user_id)
