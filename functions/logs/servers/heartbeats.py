"""Heartbeats: a server says that it is alive, on which map, and how many play."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from functions.logs.coerce import unicode
from functions.shared import db, fields, json_codec, spool
from functions.shared.errors import Forbidden, Problem
from functions.shared.spool import Accepted

_MAP = ("map", "Map", "mapName")
_COUNT = ("playerCount", "PlayerCount", "count")
_WORDS = "rounded down; negative or over 1,000,000 counts as not given"


class HeartbeatBody(fields.CamelModel):
    """A heartbeat as a server sends it; what is missing or unreadable is not an error.

    `Map` and `mapName` are read like `map`, `PlayerCount` and `count` like `playerCount`.
    """

    map: Any = Field(
        None,
        json_schema_extra={"type": ["string", "null"]},
        description="cut after 128 characters",
        examples=["gm_construct"],
    )
    player_count: Any = Field(
        None,
        json_schema_extra={"type": ["number", "string", "null"]},
        description=_WORDS,
        examples=[3],
    )


class HeartbeatQuery(fields.Lenient, fields.CamelModel):
    """What the body of a heartbeat lacks."""

    map: str | None = None
    player_count: str | None = Field(None, description=_WORDS)


@dataclass(frozen=True)
class Heartbeat:
    """A sign of life; what was missing or unreadable is None."""

    map: str | None = None
    players: int | None = None


def parse_body(body: str, query: Mapping[str, str]) -> Heartbeat:
    """The heartbeat of a request; the query fills in what the body lacks."""
    try:
        payload = json_codec.loads_of_game_server(body)
    except Problem:
        payload = {}
    given = (payload, query) if isinstance(payload, dict) else (query,)
    maps = (_map(one.get(name)) for one in given for name in _MAP)
    counts = (_count(one.get(name)) for one in given for name in _COUNT)
    return Heartbeat(
        map=next((found for found in maps if found), None),
        players=next((count for count in counts if count is not None), None),
    )


def _map(value: Any) -> str:
    return unicode(value.replace("\0", ""))[:128] if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    try:
        count = math.floor(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return count if 0 <= count <= 1_000_000 and not isinstance(value, bool) else None


def record(server_id: str, heartbeat: Heartbeat, key: str | None = None) -> datetime:
    """Notes a heartbeat as of now, which it returns; queues it while the database is down.

    `key`: what it was sent with. Raises Forbidden for a server that is gone: its key may live on
    in this process for a minute.
    """
    now = datetime.now(UTC)
    item = {"server": server_id, "at": now.isoformat(), **asdict(heartbeat)}
    is_known = spool.store_or_queue(
        lambda: _store(server_id, heartbeat, now),
        lambda: spool.enqueue("logs.heartbeats", [item], key),
    )
    if is_known is False:
        raise Forbidden("Invalid server key")
    return now


@db.retried
def consume(accepted: Sequence[Accepted]) -> None:
    """Notes spooled heartbeats, all or none, each as of its own time and not of its acceptance;
    not if that is over. A round trip a heartbeat, and one commit."""
    sent = sorted((one.item for one in accepted), key=lambda item: (item["server"], item["at"]))
    with db.transaction():
        for item in sent:
            beat = Heartbeat(map=item["map"], players=item["players"])
            _store(item["server"], beat, datetime.fromisoformat(item["at"]))


def _store(server_id: str, heartbeat: Heartbeat, at: datetime) -> bool:
    """False for a server that is gone, of which nothing is noted. One round trip."""
    return bool(
        db.query(
            """
            with server as (
              select id
              from logs.servers
              where id = %(server_id)s
                and deleted_at is null
            ), beat as (
              insert into logs.heartbeats (occurred_at, server_id, players, map)
              select %(at)s, id, %(players)s, %(map)s
              from server
              where %(at)s >= rollups.retained_from('logs.heartbeats')
              on conflict do nothing
            ), alive as (
              update logs.servers s
              set last_seen_at = %(at)s,
                players = coalesce(%(players)s, s.players),
                map = coalesce(%(map)s, s.map)
              from server n
              where s.id = n.id
                and (s.last_seen_at is null or s.last_seen_at < %(at)s)
            )
            select id
            from server
            """,
            {"at": at, "server_id": server_id, "players": heartbeat.players, "map": heartbeat.map},
        )
    )
