"""Feed: rounds as their front-end reads them, newest first, as many as fit into one answer."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from functions.shared import cursors, db, fields, json_codec
from functions.ttt.filters import Period

MAX_BYTES = 5_000_000  # of a body as it is sent: packed, in base64
_MAX_UNPACKED = 40_000_000
_MIN_COMPRESSED = 256_000
_MAX_ROUNDS = 10_000  # rounds of a body


def _or(default: int) -> BeforeValidator:
    """A number that never fails: what is no count is the default."""

    def read(value: Any) -> int:
        is_count = isinstance(value, str) and value.isascii() and value.isdecimal()
        return min(int(value.lstrip("0")[:12] or 0), 10**9) if is_count else default

    return BeforeValidator(read, json_schema_input_type=int)


class FeedQuery(Period):
    """Which rounds to read."""

    limit: Annotated[int, _or(20)] = Field(20, description="at most 10,000")
    offset: Annotated[int, _or(0)] = 0
    cursor: fields.Cursor = Field(
        None, description="from X-Next-Cursor: stable while rounds arrive, where offset is not"
    )
    include: Annotated[Literal["names"] | None, fields.EmptyAsNone] = Field(
        None, description="what players were called at the round's time"
    )


class FeedKill(fields.ResponseModel):
    """A death, in the order it was sent."""

    attacker_steamid: str | None
    attacker_role: str | None
    victim_steamid: str
    victim_role: str | None
    weapon: str | None
    headshot: bool


class FeedPlayer(fields.ResponseModel):
    """Somebody who was there at the start or the end; `display_name` only where asked for."""

    steam_id: str
    role_start: str | None
    role_end: str | None
    karma_diff: int | None
    points_diff: int | None
    display_name: str | None = None


class FeedBuy(fields.ResponseModel):
    """A purchase, in the order it was sent."""

    steam_id: str
    role: str | None
    item: str


class FeedRound(fields.ResponseModel):
    """A round; `duration` in seconds."""

    id: str
    map_name: str | None
    winner: str
    duration: int | None
    timestamp: datetime
    kills: list[FeedKill]
    players: list[FeedPlayer]
    buys: list[FeedBuy]


class Feed(RootModel[list[FeedRound]]):
    """Rounds, newest first: the answer is the bare list."""

    model_config = ConfigDict(defer_build=True)


class Health(BaseModel):
    """The exact body that the page expects while all is well."""

    status: Literal["ok", "degraded"]


@dataclass(frozen=True)
class FeedPage:
    """A body, how many rounds match, and where to go on: nowhere if it has the oldest one."""

    body: str | bytes  # bytes: gzip
    total: int
    offset: int | None = None
    cursor: str | None = None


def fetch_page(query: FeedQuery, packs: bool = False) -> FeedPage:
    """The newest rounds that fit; `packs`: with gzip if there are many, and then many more do.

    One round trip; raises Invalid for a cursor of another query.
    """
    keyset = cursors.Keyset(
        query, min(query.limit, _MAX_ROUNDS), last_at="occurred_at", last_id="id"
    )
    offset = 0 if query.cursor else query.offset
    rows = db.query(
        """
        with found as (
          select id, occurred_at, map_name, winner, duration, players, kills, buys,
            octet_length(kills) + octet_length(players) + octet_length(buys) as bytes
          from ttt.rounds
          where occurred_at >= %(from_day)s
            and occurred_at < %(to_day)s
            and (%(server)s::text is null or server = %(server)s)
            and (%(map)s::text is null or coalesce(nullif(map_name, ''), 'unknown') = %(map)s)
            and (
              %(last_id)s::text is null
              or (occurred_at, id) < (%(last_at)s::timestamptz, %(last_id)s)
            )
          order by occurred_at desc, id desc
          offset %(offset)s
          limit %(limit)s + 1
        ), sized as (
          select *, row_number() over newest as place, count(*) over () as ready,
            sum(bytes) over newest as total_bytes
          from found
          window newest as (order by occurred_at desc, id desc)
        )
        select total.rounds as total, s.ready, s.id, s.occurred_at, s.map_name, s.winner,
          s.duration, s.players, s.kills, s.buys,
          case when %(named)s then ttt.names_at(s.players, s.occurred_at) end as names
        from (
          select coalesce(sum(rounds), 0)::bigint as rounds
          from ttt.round_window(%(from_day)s, %(first_month)s, %(end_month)s, %(to_day)s, %(map)s)
          where %(server)s::text is null
            or server = %(server)s
        ) as total
        left join sized s on s.place <= %(limit)s
          and (s.total_bytes <= %(bytes)s or s.place = 1)
        order by s.occurred_at desc, s.id desc
        """,
        {
            **query.window,
            **keyset.values,
            "offset": offset,
            "named": query.include == "names",
            "bytes": _MAX_UNPACKED if packs else MAX_BYTES,
        },
    )
    rounds = [row for row in rows if row["id"] is not None]
    texts = [_serialise(row) for row in rounds]
    body: str | bytes = ""
    if packs and sum(map(len, texts)) > _MIN_COMPRESSED:
        body, count = _compress(texts)
        rounds = rounds[:count]
    else:
        texts = json_codec.take_fitting(texts, MAX_BYTES)
        rounds = rounds[: len(texts)]
        body = "[" + ",".join(texts) + "]"
    total = rows[0]["total"]
    if not rounds:
        return FeedPage(body, total, offset if total > offset and not keyset.limit else None)
    more = keyset.next_cursor(rounds, rounds[0]["ready"])
    return FeedPage(body, total, offset + len(rounds) if more else None, more)


def _compress(texts: list[str]) -> tuple[bytes, int]:
    """The JSON array of as many texts as fit when packed, and how many those are: at least one."""
    packer, body, count = zlib.compressobj(1, wbits=31), b"", 0
    while count < len(texts):
        block = _block(texts, count)
        ahead = packer.copy()
        text = ("," if count else "[") + ",".join(texts[count : count + block])
        longer = body + ahead.compress(text.encode()) + ahead.flush(zlib.Z_SYNC_FLUSH)
        if count and (len(longer) + 32) * 4 / 3 > MAX_BYTES:
            break
        packer, body, count = ahead, longer, count + block
    return body + packer.compress(b"]") + packer.flush(), count


def _block(texts: list[str], start: int) -> int:
    """How many texts from `start` on are packed at once: about as much as is worth it."""
    size = 0
    for count, text in enumerate(texts[start:], 1):
        size += len(text)
        if size > _MIN_COMPRESSED:
            return count
    return len(texts) - start


def _serialise(row: db.Row) -> str:
    """A round as JSON: its lists are kept as they are answered."""
    head = json_codec.dumps(
        {
            "id": row["id"],
            "map_name": row["map_name"],
            "winner": row["winner"],
            "duration": row["duration"],
            "timestamp": row["occurred_at"],
        }
    )
    players = row["players"]
    if row["names"] is not None:
        named = [
            {**one, "display_name": row["names"].get(one["steam_id"])}
            for one in json.loads(players)
        ]
        players = json_codec.dumps(named)
    return f'{head[:-1]},"kills":{row["kills"]},"players":{players},"buys":{row["buys"]}}}'


def is_healthy() -> bool:
    """Whether the database answers. One round trip."""
    try:
        db.query("select 1 as one")
    except db.DatabaseUnavailable:
        return False
    return True
