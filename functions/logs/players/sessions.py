"""Sessions: when a player was on a server, as far as its events and heartbeats tell."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, RootModel

from functions.logs import change_queue
from functions.shared import cursors, db, fields
from functions.shared.errors import NotFound


class SessionsQuery(fields.BracketPathModel):
    """Whose sessions; those that lie at least partly between `from` and `to`, inclusive."""

    steam_id: str
    since: Annotated[fields.Instant | None, fields.EmptyAsNone] = Field(None, alias="from")
    until: Annotated[fields.InclusiveEnd | None, fields.EmptyAsNone] = Field(None, alias="to")
    limit: Annotated[int, fields.clamped_int(default=200, most=1000)] = 200
    cursor: fields.Cursor = None


class Session(fields.CamelResponse):
    """A session; an open one has no `end`, and counts up to the last time its server was seen.

    `method` is exact if the end was sent with the session's own id.
    """

    server_id: str
    session_id: str | None = None
    start: datetime
    end: datetime | None = None
    seconds: int
    method: Literal["exact", "inferred"]
    end_reason: Literal["disconnect", "reconnect", "empty", "timeout", "idle", "open"]


class Sessions(RootModel[list[Session]]):
    """Sessions, newest first: the answer is the bare list."""

    model_config = ConfigDict(defer_build=True)


def list_sessions(query: SessionsQuery) -> tuple[list[dict[str, Any]], str | None]:
    """A player's sessions, the newest first, and the cursor of the next page; raises NotFound.

    Two round trips.
    """
    keyset = cursors.Keyset(query, query.limit, last_at="started_at", last_id="id")
    change_queue.fold_some()
    rows = db.query(
        """
        with known as (
          select 1
          from logs.player_sums
          where steam_id = %(steam_id)s
            and events > 0
          limit 1
        ), queued as materialized (
          select sign, id, server_id, session_id, started_at, ended_at, method, reason
          from logs.diff_queued_sessions(%(steam_id)s, null)
          where kind = 'session'
        ), session as (
          select id, server_id, session_id, started_at, ended_at, method, reason
          from logs.sessions
          where steam_id = %(steam_id)s
            and id not in (select id from queued where sign = -1)
          union all
          select id, server_id, session_id, started_at, ended_at, method, reason
          from queued
          where sign = 1
        )
        select s.id, s.server_id, s.session_id, s.started_at, s.ended_at, s.method,
          floor(extract(epoch from s.ended_at - s.started_at))::integer as seconds,
          -- A server that has been silent for too long is not there any more.
          case
            when s.reason = 'open' and now() - s.ended_at > case
              when exists (
                select
                from logs.heartbeats h
                where h.server_id = s.server_id
                  and h.occurred_at >= s.ended_at - interval '24 hours'
                  and h.occurred_at <= s.ended_at
              ) then interval '300 seconds'
              else interval '1800 seconds'
            end then 'timeout'
            else s.reason
          end as reason
        from known
        left join session s on (%(since)s::timestamptz is null or s.ended_at >= %(since)s)
          and (%(until)s::timestamptz is null or s.started_at <= %(until)s)
          and (%(last_at)s::timestamptz is null
            or (s.started_at, s.id) < (%(last_at)s::timestamptz, %(last_id)s::uuid))
        order by s.started_at desc, s.id desc
        limit %(one_more)s
        """,
        {
            "steam_id": query.steam_id,
            "since": query.since,
            "until": query.until,
            **keyset.values,
        },
    )
    if not rows:
        raise NotFound("Player not found")
    rows = [row for row in rows if row["id"]]
    shown = rows[: query.limit]
    return [_to_response(row) for row in shown], keyset.next_cursor(shown, len(rows))


def _to_response(row: db.Row) -> dict[str, Any]:
    session = {
        "serverId": row["server_id"],
        "sessionId": row["session_id"],
        "start": row["started_at"],
        "end": None if row["reason"] == "open" else row["ended_at"],
        "seconds": row["seconds"],
        "method": row["method"],
        "endReason": row["reason"],
    }
    return {name: value for name, value in session.items() if value is not None}
