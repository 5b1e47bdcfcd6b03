"""What was done to a tournament, for those who organise it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from functions.shared import db, tracker_tokens
from functions.shared.errors import Forbidden
from functions.shared.fields import RequestModel, fail_validation
from functions.shared.request import Caller
from functions.tracker.fields import PathId
from functions.tracker.tournaments.tournaments import refuse_unknown

MAX_EVENTS = 500


def _whole(sent: Any) -> int:
    text = str(sent)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        fail_validation("must be a whole number from 0")
    return int(text)


def _limit(sent: Any) -> int:
    if (limit := _whole(sent)) < 1:
        fail_validation("must be a whole number from 1")
    return min(limit, MAX_EVENTS)


class EventsQuery(RequestModel):
    """The events after a number."""

    tournament_id: PathId
    since: Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)] = 0
    limit: Annotated[int, BeforeValidator(_limit, json_schema_input_type=int)] = 100


def list_events(caller: Caller, query: EventsQuery) -> dict[str, Any]:
    """A page of events, oldest first; raises NotFound, Forbidden. One round trip.

    The cursor of the next page is what to send as `since`.
    """
    rows = db.query(
        """
        select c.is_active, t.id, c.role = 'admin' or tracker.owns(t, c.public_id) as is_owner,
          e.seq, e.event
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral tracker.see_tournament(
          %s, row(c.public_id, tracker.to_role(c.role))::tracker.caller
        ) as t on c.is_active
        left join lateral tracker.list_tournament_events(t.id, %s, %s) as e on true
        """,
        (
            *(caller.user_id, caller.version, caller.session_id),
            *(query.tournament_id, query.since, query.limit + 1),
        ),
    )
    tracker_tokens.check(rows[0] if rows else None)
    if rows[0]["id"] is None:
        raise refuse_unknown(query.tournament_id)
    if not rows[0]["is_owner"]:
        raise Forbidden("Only organisers of the tournament may do that", required="owner")
    shown = [row["event"] for row in rows if row["seq"]]
    has_more = len(shown) > query.limit
    shown = shown[: query.limit]
    return {
        "data": shown,
        "pagination": {
            "limit": query.limit,
            "has_more": has_more,
            "next_cursor": str(shown[-1]["seq"]) if has_more else None,
        },
    }
