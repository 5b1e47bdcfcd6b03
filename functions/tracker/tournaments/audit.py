"""What was done to a tournament, for those who organise it."""

from __future__ import annotations

from typing import Any

from functions.shared import db, tracker_tokens
from functions.shared.errors import Forbidden
from functions.shared.request import Caller
from functions.tracker.fields import PathId
from functions.tracker.pages import EventsPageQuery, answer_events
from functions.tracker.tournaments.tournaments import refuse_unknown


class EventsQuery(EventsPageQuery):
    """Which events of which tournament."""

    tournament_id: PathId


def list_events(caller: Caller, query: EventsQuery) -> dict[str, Any]:
    """A page of events, oldest first; raises NotFound, Forbidden. One round trip."""
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
    return answer_events(query, [row["event"] for row in rows if row["seq"]])
