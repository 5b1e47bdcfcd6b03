"""The logbook: log events as the panel reads them, one by one or as they arrive."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, RootModel

from functions.logs.event_text import describe
from functions.shared import cursors, db, fields, ids, json_codec
from functions.shared.errors import NotFound

_WINNERS = (("TRAITOR", "traitor"), ("INNOCENT", "innocent"), ("TIME", "timeout"))
_NUMBERED = {"2": "traitor", "3": "innocent", "4": "timeout"}


class LiveQuery(fields.BracketPathModel):
    """Where to go on: `after` is the cursor of the answer before."""

    after: fields.Cursor = None
    limit: Annotated[int, fields.clamped_int(default=50, most=200)] = 50


class LogPath(fields.Lenient):
    """Which event."""

    log_id: str


class Log(fields.CamelResponse):
    """An event; `metadata` is what the server sent and what it shares.

    `rawText` is never empty: for an event that was sent without it, it describes the event.
    """

    id: str
    server_id: str
    game_mode: str
    type: str
    timestamp: datetime
    steam_id: str | None = None
    player_name: str | None = None
    raw_text: str
    metadata: dict[str, Any]


class Logs(RootModel[list[Log]]):
    """Events, newest first: the answer is the bare list."""

    model_config = ConfigDict(defer_build=True)


class Live(fields.ResponseModel):
    """Events in the order of their arrival, oldest first, and where to go on."""

    events: list[Log]
    cursor: str


def get_log(log_id: str) -> dict[str, Any]:
    """One event; raises NotFound. One round trip."""
    known = ids.parse_id(log_id)
    row = known and db.fetch_one(
        """
        select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata
        from logs.events
        where id = %s
          and sent_at = %s
        """,
        (known, ids.get_time(known)),
    )
    if not row:
        raise NotFound("Log not found")
    return to_response(row)


def fetch_live(query: LiveQuery) -> dict[str, Any]:
    """Events that arrived after the cursor, oldest first, as Live; without one the newest.

    Never skips or repeats one: an event is read only when no transaction that may still write an
    earlier one is running. One round trip.
    """
    after = cursors.decode(query.after, "after", live="arrival") if query.after else None
    rows = _next(after, query.limit) if after else _newest(query.limit)
    events = [row for row in rows if row["id"] is not None]
    found = [to_response(row) for row in events]
    # What does not fit comes with the next answer; of the newest ones the oldest are left out.
    count = len(json_codec.take_fitting(map(json_codec.dumps, found if after else found[::-1])))
    if after:
        found, events = found[:count], events[:count]
    else:
        found = found[-count:]
    if events:
        last = events[-1]
        after = [last["inserted_xid"], last["arrival"], str(last["id"])]
    elif after is None:
        after = [rows[0]["snapshot_xmin"], 0, "00000000-0000-0000-0000-000000000000"]
    return {
        "events": found,
        "cursor": cursors.encode(after, live="arrival"),
    }


def _next(after: list[Any], limit: int) -> list[db.Row]:
    return db.query(
        """
        select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
          arrival, inserted_xid::text as inserted_xid
        from logs.events
        where (inserted_xid, arrival, id) > (%(xid)s::xid8, %(arrival)s, %(id)s::uuid)
          and inserted_xid < pg_snapshot_xmin(pg_current_snapshot())
        order by logs.events.inserted_xid, arrival, id
        limit %(limit)s
        """,
        {"xid": after[0], "arrival": after[1], "id": after[2], "limit": limit},
    )


def _newest(limit: int) -> list[db.Row]:
    """At least one row, which is no event if there is none, but has the snapshot's xmin."""
    return db.query(
        """
        with newest as (
          select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
            arrival, inserted_xid
          from logs.events
          where inserted_xid < pg_snapshot_xmin(pg_current_snapshot())
          order by inserted_xid desc, arrival desc, id desc
          limit %s
        )
        select n.id, n.server_id, n.mode, n.type, n.occurred_at, n.steam_id, n.player_name,
          n.raw_text, n.metadata, n.arrival, n.inserted_xid::text as inserted_xid,
          pg_snapshot_xmin(pg_current_snapshot())::text as snapshot_xmin
        from (values (1)) as one
        left join newest n on true
        order by n.inserted_xid, n.arrival, n.id
        """,
        (limit,),
    )


def to_response(row: db.Row) -> dict[str, Any]:
    """An event as it is read."""
    metadata = row["metadata"]
    if row["type"] in ("ROUND_START", "ROUND_END"):
        named = (metadata.get(name) for name in ("winner", "result"))
        won = next((one for one in named if one not in (None, "")), None)
        if won is not None:
            metadata["winner"] = _winner(won)
    event = {
        "id": row["id"],
        "serverId": row["server_id"],
        "gameMode": row["mode"],
        "type": row["type"],
        "timestamp": row["occurred_at"],
        "steamId": row["steam_id"],
        "playerName": row["player_name"],
        "rawText": row["raw_text"] or describe(row["type"], row["player_name"], metadata),
        "metadata": metadata,
    }
    return {key: value for key, value in event.items() if value is not None}


def _winner(value: Any) -> Any:
    """The panel's word for who won: from a team's number or a text that names it; else as sent."""
    named = str(value).upper()
    words = (word for part, word in _WINNERS if part in named)
    return _NUMBERED.get(named) or next(words, value)
