"""Search: log events as the panel reads them, newest first, or as they arrive."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from functions.logs import steam
from functions.shared import db, ids, page, wire
from functions.shared.errors import NotFound

_MOST_BYTES = 4_500_000
_Optional = BeforeValidator(lambda sent: None if sent == "" else sent)
Text = Annotated[str | None, Field(max_length=256), _Optional]
_WINNERS = (("TRAITOR", "traitor"), ("INNOCENT", "innocent"), ("TIME", "timeout"))
_NUMBERED = {"2": "traitor", "3": "innocent", "4": "timeout"}


class LogsQuery(wire.Terse):
    """Which events to read; `from` and `to` are inclusive."""

    search: Text = Field(None, description="in name, text or SteamID; a whole SteamID exactly")
    server_id: Text = Field(None, alias="serverId")
    type: Text = None
    since: Annotated[wire.Instant | None, _Optional] = Field(None, alias="from")
    until: Annotated[wire.Instant | None, _Optional] = Field(None, alias="to")
    game_mode: Text = Field(None, alias="gameMode")
    map: Text = None
    steam_id: Text = Field(None, alias="steamId")
    limit: Annotated[int, wire.lenient(default=200, most=1000)] = 200
    cursor: Annotated[str | None, _Optional] = None


class LiveQuery(wire.Terse):
    """Where to go on: `after` is the cursor of the answer before."""

    after: Annotated[str | None, _Optional] = None
    limit: Annotated[int, wire.lenient(default=50, most=200)] = 50


class LogPath(BaseModel):
    """Which event."""

    log_id: str


class Log(wire.Shape):
    """An event; `rawText` is never empty, `metadata` is what the server sent and what it shares."""

    id: str
    serverId: str  # noqa: N815  the wire's name
    gameMode: str  # noqa: N815
    type: str
    timestamp: datetime
    steamId: str | None = None  # noqa: N815
    playerName: str | None = None  # noqa: N815
    rawText: str  # noqa: N815
    metadata: dict[str, Any]


class Logs(RootModel[list[Log]]):
    """Events, newest first: the answer is the bare list."""

    model_config = ConfigDict(defer_build=True)


class Live(wire.Shape):
    """Events in the order of their arrival, oldest first, and where to go on."""

    events: list[Log]
    cursor: str


def listed(ask: LogsQuery) -> tuple[list[dict[str, Any]], str | None]:
    """The newest events that match, and the cursor of the next page. One round trip."""
    filters = ask.model_dump(mode="json", exclude={"limit", "cursor"})
    last_at, last_id = page.place(ask.cursor, **filters) if ask.cursor else (None, None)
    search = ask.search
    person = search if search and steam.is_real(search) else None
    rows = db.run(
        """
        with found as (
          select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata,
            octet_length(metadata::text) + 2 * octet_length(raw_text) + 400 as bytes
          from logs.events
          where (%(server)s::text is null or server_id = %(server)s)
            and (%(type)s::text is null or type = %(type)s)
            and (%(mode)s::text is null or lower(mode) = lower(%(mode)s))
            and (%(map)s::text is null or map = %(map)s)
            and (%(steam)s::text is null or steam_id = %(steam)s)
            and (%(since)s::timestamptz is null or at >= %(since)s)
            and (%(until)s::timestamptz is null or at <= %(until)s)
            and (%(person)s::text is null or steam_id = %(person)s
              or people @> array[%(person)s])
            and (%(words)s::text is null
              or logs.searched(player_name, raw_text, steam_id) like %(words)s)
            and (%(last_at)s::timestamptz is null
              or (at, id) < (%(last_at)s::timestamptz, %(last_id)s::uuid))
          order by at desc, id desc
          limit %(limit)s + 1
        )
        select *, count(*) over () as ready, row_number() over newest as place,
          sum(bytes) over newest as total
        from found
        window newest as (order by at desc, id desc)
        order by at desc, id desc
        """,
        {
            "server": ask.server_id,
            "type": ask.type,
            "mode": ask.game_mode,
            "map": ask.map,
            "steam": ask.steam_id,
            "since": ask.since,
            "until": ask.until,
            "person": person,
            "words": None if person or not search else f"%{_literal(search.lower())}%",
            "last_at": last_at,
            "last_id": last_id,
            "limit": ask.limit,
        },
    )
    kept = [
        r
        for r in rows
        if r["place"] <= ask.limit and (r["total"] <= _MOST_BYTES or r["place"] == 1)
    ]
    more = None
    if kept and len(kept) < kept[0]["ready"]:
        more = page.cursor([kept[-1]["at"].isoformat(), str(kept[-1]["id"])], **filters)
    return [told(row) for row in kept], more


def of(log_id: str) -> dict[str, Any]:
    """One event; raises NotFound. One round trip."""
    known = ids.read(log_id)
    rows = known and db.run(
        """
        select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata
        from logs.events
        where id = %s
          and second = %s
        """,
        (known, ids.time_of(known)),
    )
    if not rows:
        raise NotFound("Log not found")
    return told(rows[0])


def arrived(ask: LiveQuery) -> dict[str, Any]:
    """Events that arrived after the cursor, oldest first, as Live; without one the newest.

    Never skips or repeats one: an event is read only when no transaction that may still write an
    earlier one is running. One round trip.
    """
    after = page.place(ask.after, live=True) if ask.after else None
    rows = db.run(
        """
        with visible as (
          select pg_snapshot_xmin(pg_current_snapshot()) as until
        ), found as (
          select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata, written,
            arrival
          from logs.events, visible
          where written < visible.until
            and %(written)s::text is not null
            and (written, arrival) > (%(written)s::xid8, %(arrival)s::bigint)
          order by written, arrival
          limit %(limit)s
        ), newest as (
          select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata, written,
            arrival
          from logs.events, visible
          where written < visible.until
            and %(written)s::text is null
          order by written desc, arrival desc
          limit %(limit)s
        )
        select v.until::text as visible, e.*, e.written::text as written_text
        from visible v
        left join (
          select *
          from found
          union all
          select *
          from newest
        ) as e on true
        order by e.written, e.arrival
        """,
        {
            "written": after and after[0],
            "arrival": after and after[1],
            "limit": ask.limit,
        },
    )
    events = [row for row in rows if row["id"] is not None]
    if events:
        place = [events[-1]["written_text"], events[-1]["arrival"]]
    else:
        # Nothing before `visible` is unread: arrivals are above 0.
        place = after or [rows[0]["visible"], 0]
    return {"events": [told(row) for row in events], "cursor": page.cursor(place, live=True)}


def told(row: db.Row) -> dict[str, Any]:
    """An event as it is read."""
    metadata = row["metadata"]
    if row["type"] in ("ROUND_START", "ROUND_END") and metadata.get("winner") is not None:
        metadata["winner"] = _winner(metadata["winner"])
    event = {
        "id": row["id"],
        "serverId": row["server_id"],
        "gameMode": row["mode"],
        "type": row["type"],
        "timestamp": row["at"],
        "steamId": row["steam_id"],
        "playerName": row["player_name"],
        "rawText": row["raw_text"],
        "metadata": metadata,
    }
    return {key: value for key, value in event.items() if value is not None}


def _winner(sent: Any) -> Any:
    """The panel's word for who won: from a team's number or a text that names it; else as sent."""
    said = str(sent).upper()
    words = (word for part, word in _WINNERS if part in said)
    return _NUMBERED.get(said) or next(words, sent)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
