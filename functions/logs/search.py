"""Search: the log events that match, newest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from psycopg import sql
from pydantic import Field

from functions.logs import logbook, steam
from functions.logs.sent import MODES
from functions.shared import db, page, wire

Text = Annotated[str | None, Field(max_length=256), logbook.Optional]
_LOOK = 4000  # newest events that are looked through before the index of words is asked
_WIDER = 4  # how much longer the next stretch of time is, when one had too few matches
_WIDEST = timedelta(days=60)  # what is before such a stretch is looked through at once
_LATELY = timedelta(days=7)  # where rows are as they were written, not packed into columns
_AFTER_SECOND = timedelta(minutes=10)  # an event's `at` is never later than that after `second`


class LogsQuery(wire.Terse):
    """Which events to read; `from` and `to` are inclusive."""

    search: Text = Field(None, description="in name, text or SteamID; a whole SteamID exactly")
    server_id: Text = Field(None, alias="serverId")
    type: Text = None
    since: Annotated[wire.Instant | None, logbook.Optional] = Field(None, alias="from")
    until: Annotated[wire.Instant | None, logbook.Optional] = Field(None, alias="to")
    game_mode: Text = Field(None, alias="gameMode")
    map: Text = None
    steam_id: Text = Field(None, alias="steamId")
    limit: Annotated[int, wire.lenient(default=200, most=1000)] = 200
    cursor: Annotated[str | None, logbook.Optional] = None


@dataclass(frozen=True)
class Wanted:
    """What an event must be: conditions, the words it must say, how many are wanted at the most.

    Only what was asked for is a condition, and every value is quoted into the statement: one plan
    for all that may be asked could use no index, and one for all players would suit only few.
    """

    conditions: tuple[sql.Composable, ...]
    words: str
    limit: int
    newest: datetime  # nothing is wanted after that

    def also(self, *conditions: sql.Composable) -> Wanted:
        """The same with more conditions."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def since(self, moment: datetime) -> Wanted:
        """The same from a moment on; spares the chunks that are older."""
        return self.also(
            sql.SQL("at >= {}").format(moment),
            sql.SQL("second >= {}").format(_earlier(moment, _AFTER_SECOND)),
        )

    def before(self, at: datetime, event_id: Any) -> Wanted:
        """The same after an event in the order of the answer."""
        after = self.also(
            sql.SQL("at <= {}").format(at),
            sql.SQL("(at, id) < ({}, {})").format(at, event_id),
        )
        return replace(after, newest=at)

    @property
    def lately(self) -> Wanted:
        """The same of the newest days: old chunks of the columnstore would be sorted whole."""
        return self.since(_earlier(self.newest, _LATELY))

    def found(self, statement: sql.SQL) -> list[db.Row]:
        """The rows of a statement with what is wanted put in."""
        return db.run(
            statement.format(
                where=sql.SQL(" and ").join(self.conditions),
                person=self.words,
                words=f"%{_literal(self.words)}%",
                look=_LOOK,
                limit=self.limit,
            ),
            None,
        )


def listed(ask: LogsQuery) -> tuple[str, str | None]:
    """The newest events that match, as JSON text, and the cursor of the next page if there is one.

    One round trip, some more for what is rare.
    """
    filters = ask.model_dump(mode="json", exclude={"limit", "cursor"})
    wanted = _wanted(ask)
    if ask.cursor:
        at, last = page.place(ask.cursor, **filters)
        wanted = wanted.before(datetime.fromisoformat(at), last)
    if ask.search and not steam.is_real(ask.search):
        rows = _saying(wanted)
    else:
        statement = _ABOUT if ask.search else _MATCHING
        rows = wanted.lately.found(statement)
        if len(rows) < wanted.limit:
            rows = wanted.found(statement)
    texts: list[str] = []
    size = 0
    for row in rows[: ask.limit]:
        text = wire.dumps(logbook.told(row))
        size += len(text.encode()) + 1
        if size > logbook.MOST_BYTES and texts:
            break
        texts.append(text)
    more = None
    if len(texts) < len(rows):
        last_row = rows[len(texts) - 1]
        more = page.cursor([last_row["at"].isoformat(), str(last_row["id"])], **filters)
    return f"[{','.join(texts)}]", more


def _wanted(ask: LogsQuery) -> Wanted:
    mode = ask.game_mode and MODES.get(ask.game_mode.strip().lower(), ask.game_mode)
    asked = (
        ("server_id = {}", ask.server_id),
        ("type = {}", ask.type and ask.type.strip().upper()),
        ("mode = {}", mode),
        ("map = {}", ask.map),
        ("steam_id = {}", ask.steam_id),
        ("at <= {}", ask.until),
    )
    conditions = [sql.SQL(said).format(value) for said, value in asked if value]
    # One more than asked for tells whether there are more.
    newest = ask.until or datetime.now(UTC) + timedelta(minutes=10)
    wanted = Wanted((sql.SQL("true"), *conditions), ask.search or "", ask.limit + 1, newest)
    return wanted.since(ask.since) if ask.since else wanted


def _earlier(moment: datetime, span: timedelta) -> datetime:
    """The moment less a span, or the first moment there is: queries may name the year 1."""
    try:
        return moment - span
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_MATCHING = sql.SQL(
    """
    select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata
    from logs.events
    where {where}
    order by at desc, id desc
    limit {limit}
    """
)
# Each half by its own index: no index holds both. What is said of a person is sorted here, because
# walking back in time for somebody who is seldom met would never end.
_ABOUT = sql.SQL(
    """
    with own as (
      select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata
      from logs.events
      where steam_id = {person}
        and {where}
      order by at desc, id desc
      limit {limit}
    ), met as materialized (
      select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata
      from logs.events
      where people @> array[{person}]
        and steam_id is distinct from {person}
        and {where}
    )
    select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata
    from (select * from own union all select * from met) as e
    order by at desc, id desc
    limit {limit}
    """
)


def _saying(wanted: Wanted) -> list[db.Row]:
    """Words that are frequent are found by walking back in time, rare ones by their index.

    How frequent they are the newest events tell; then stretches of time are searched that should
    hold enough matches, each longer than the one after it.
    """
    rows = wanted.lately.found(_LOOKING)
    if rows[0]["looked"] < _LOOK:
        rows = wanted.found(_LOOKING)
    looked = rows[0]
    rows = [row for row in rows if row["id"]]
    if looked["looked"] < _LOOK:
        return rows
    oldest: datetime = looked["oldest"]
    rest = wanted.before(oldest, looked["last"])
    length: timedelta = looked["newest"] - oldest + timedelta(seconds=1)
    span = length * (wanted.limit / max(len(rows), 0.5))
    while len(rows) < wanted.limit:
        since = _back(oldest, span)
        missing = replace(rest, limit=wanted.limit - len(rows))
        rows += (missing.since(since) if since else missing).found(_INDEXED)
        if since is None:
            break
        rest = rest.also(sql.SQL("at < {}").format(since))
        oldest, span = since, span * _WIDER
    return rows


def _back(moment: datetime, span: timedelta) -> datetime | None:
    return None if span > _WIDEST else moment.astimezone(UTC) - span


_LOOKING = sql.SQL(
    """
    with looked as materialized (
      select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata,
        logs.searched(player_name, raw_text, steam_id) like lower({words}) as matches
      from logs.events
      where {where}
      order by at desc, id desc
      limit {look}
    ), edge as (
      select count(*) as looked, max(at) as newest, min(at) as oldest,
        (select id from looked order by at, id limit 1) as last
      from looked
    ), matching as (
      select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata
      from looked
      where matches
      order by at desc, id desc
      limit {limit}
    )
    select e.looked, e.newest, e.oldest, e.last, m.id, m.server_id, m.mode, m.type, m.at,
      m.steam_id, m.player_name, m.raw_text, m.metadata
    from edge e
    left join matching m on true
    order by m.at desc, m.id desc
    """
)
# All matches are found before they are sorted, or the planner might walk back in time after all.
_INDEXED = sql.SQL(
    """
    with matching as materialized (
      select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata
      from logs.events
      where {where}
        and logs.searched(player_name, raw_text, steam_id) like lower({words})
    )
    select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata
    from matching
    order by at desc, id desc
    limit {limit}
    """
)
