"""Log events in the store: written once each, many at a time.

Longer than 300 lines because one statement, which counts, ends both ways of storing events.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

import psycopg

from functions.logs.privacy import ip_sightings
from functions.logs.rows import COLUMNS, Row
from functions.shared import db, ids

_LIVE_SECONDS = 120  # an event this close to its receipt is a sign of life
_SKEWS = 100  # clock skews of a server that are remembered
COPY_THRESHOLD = 30  # rows for which one statement costs less than a COPY and its transaction


@dataclass(frozen=True)
class EventBatch:
    """Events of one server that came together; `counts`: what else became of (outcome, detail).

    `matched`: how many more came that are stored under another id.
    """

    server_id: str
    receipt: datetime
    rows: list[Row]
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    is_live: bool = True  # as it happens: it tells of the server's life and clock
    matched: int = 0


class EventWriter:
    """Stores the events of one request while its later ones are still being normalised.

    Normalising a thousand events takes about as long as storing them, on two different machines:
    more than a few are copied to PostgreSQL as they come. Where one of those needs to be looked up
    first, since it is stored already or came without a time, nothing of them stays and `store`
    begins again. Failures show in `store` alone.
    """

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._copy: _Copy | None = None
        self._transaction = ExitStack()
        self._failure: Exception | None = None

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(self, *error: Any) -> None:
        self._transaction.__exit__(*error)

    def add(self, rows: list[Row]) -> None:
        """Takes the next rows of the batch."""
        self._rows += rows
        if len(self._rows) <= COPY_THRESHOLD or self._failure:
            return
        with self._attempt():
            if any(row.earlier for row in rows):
                raise _NeedsLookupError
            if self._copy is None:
                self._copy, rows = self._transaction.enter_context(_Copy()), self._rows
            self._copy.write(rows)

    def store(self, batch: EventBatch) -> set[str]:
        """Stores the batch whose rows were added; returns the ids of the new ones.

        Two round trips for many events that are all new, else as the function `store`. Raises
        DatabaseUnavailable.
        """
        if self._copy and not self._failure:
            with self._attempt():
                new_ids = self._copy.finish(batch)
                self._transaction.close()
                return new_ids
        if isinstance(self._failure, _WAITED_LONG):
            raise db.DatabaseUnavailable from self._failure
        return store(batch)

    @contextmanager
    def _attempt(self) -> Iterator[None]:
        """Rolls the copy back where a step of it fails, and notes why."""
        try:
            yield
        except (psycopg.Error, db.DatabaseUnavailable, _NeedsLookupError) as error:
            self._failure = error
            with suppress(psycopg.Error, db.DatabaseUnavailable):
                self._transaction.__exit__(type(error), error, error.__traceback__)


class _NeedsLookupError(Exception):
    """A row that came without a time: it may be stored under another id."""


_WAITED_LONG = (
    db.DatabaseUnavailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.LockNotAvailable,
)


@db.retried
def store(batch: EventBatch) -> set[str]:
    """Stores the rows that are not there yet, counts all, and returns the ids of the new ones.

    All or nothing. One round trip for a few events; more for many, for events without a time and
    for addresses.
    """
    first = {row.id: row for row in reversed(batch.rows)}  # of equal ones the first
    rows = _without_known_windows(list(first.values()))
    rows.sort(key=lambda row: row.id)  # two requests lock their rows in one order: no deadlock
    for _ in range(2):
        if len(rows) > COPY_THRESHOLD:
            with suppress(psycopg.errors.UniqueViolation), _Copy() as copy:
                copy.write(rows)
                return copy.finish(batch)
            known = _find_known([row.id for row in rows])
            rows = [row for row in rows if row.id not in known]
    with db.transaction() if _have_addresses(rows) else nullcontext():
        new_ids = _run(_MERGE, _to_counts(batch) | {"rows": _to_recordset(rows, batch.is_live)})
        ip_sightings.collect_sightings(row for row in rows if row.id in new_ids).store()
        return new_ids


def _have_addresses(rows: list[Row]) -> bool:
    return any('"ip"' in row.metadata or '"geo"' in row.metadata for row in rows)


def _without_known_windows(rows: list[Row]) -> list[Row]:
    """Without events that had no time, and are stored under the id of this or the last window, or
    will be: what the queue kept may come from several windows."""
    timeless = sorted((row for row in rows if row.earlier), key=lambda row: row.sent_at)
    if not timeless:
        return rows
    known = _find_known([known for row in timeless for known in (row.id, row.earlier) if known])
    kept = [row for row in rows if row.earlier is None]
    for row in timeless:
        if not {row.id, row.earlier} & known:
            known.add(row.id)
            kept.append(row)
    return kept


def _find_known(event_ids: list[str]) -> set[str]:
    """Those of the ids under which an event is stored. One round trip."""
    seconds = [ids.get_time(event_id) for event_id in event_ids]
    found = db.query(
        """
        select e.id::text
        from unnest(%s::uuid[], %s::timestamptz[]) as w (id, sent_at)
        join logs.events e on e.id = w.id
          and e.sent_at = w.sent_at
        where e.sent_at between %s and %s
        """,
        (event_ids, seconds, min(seconds), max(seconds)),  # the range spares all other chunks
    )
    return {row["id"] for row in found}


class _Copy:
    """A COPY of events, none of which may be stored already, in a transaction of its own."""

    def __init__(self) -> None:
        self._copied: dict[str, Row] = {}

    def __enter__(self) -> _Copy:
        with ExitStack() as block:
            block.enter_context(db.transaction())
            self._copying = block.enter_context(ExitStack())
            cursor = self._copying.enter_context(db.connection().cursor())
            self._copy = self._copying.enter_context(
                cursor.copy(
                    """
                    copy logs.events
                      (id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name,
                       raw_text, involved_steam_ids, map, player_count, session_id, metadata,
                       arrival)
                    from stdin
                    """
                )
            )
            self._block = block.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._block.__exit__(*error)

    def write(self, rows: list[Row]) -> None:
        """Sends rows, of equal ones the first."""
        copied, write_row = self._copied, self._copy.write_row
        for row in rows:
            if row.id in copied:
                continue
            # psycopg spells a time in ten times as long.
            sent_at = row.sent_at.isoformat()
            same = row.occurred_at is row.sent_at
            occurred_at = sent_at if same else row.occurred_at.isoformat()
            write_row((row.id, sent_at, occurred_at, *row[3 : len(COLUMNS)]))
            copied[row.id] = row

    def finish(self, batch: EventBatch) -> set[str]:
        """Counts the batch whose rows were written; returns their ids.

        What is to be counted is made up while PostgreSQL stores the last rows. Raises
        UniqueViolation if one of them is there already.
        """
        rows = list(self._copied.values())
        values = _to_counts(batch) | _to_hours(rows, batch.is_live)
        sightings = ip_sightings.collect_sightings(rows)
        self._copying.close()
        _run(_COUNT_COPIED, values)
        sightings.store()
        return set(self._copied)


def _to_hours(rows: list[Row], is_live: bool) -> dict[str, Any]:
    """Of rows that are all new: how many in which hour, and the newest clock skews."""
    hours = Counter(row.occurred_at.isoformat()[:13] for row in rows)  # the date and its hour
    skews = [row.skew for row in rows if is_live and row.skew is not None]
    return {
        "hours": [f"{hour}:00Z" for hour in hours],
        "events": list(hours.values()),
        "skews": skews[-_SKEWS:],
    }


def _to_recordset(rows: list[Row], is_live: bool) -> str:
    names = Row._fields[: len(COLUMNS) + is_live]  # only what is live tells of the clock
    return json.dumps(
        [dict(zip(names, row, strict=False)) for row in rows], default=str, ensure_ascii=False
    )


def _to_counts(batch: EventBatch) -> dict[str, Any]:
    """What is counted of a batch, whatever is new in it."""
    counts = sorted(batch.counts.items())
    return {
        "all": len(batch.rows) + batch.matched,
        "server_id": batch.server_id,
        "receipt": batch.receipt,
        "outcomes": [outcome for (outcome, _), _ in counts],
        "details": [detail for (_, detail), _ in counts],
        "counts": [number for _, number in counts],
        "most": _SKEWS,
        **_to_sign_of_life(batch),
    }


def _run(head: LiteralString, values: dict[str, Any]) -> set[str]:
    """Counts what is new, marks its hours, and sees that the server is alive. One round trip."""
    return {row["id"] for row in db.query(head + _COUNT_NEW, values)}


_COUNT_COPIED: LiteralString = """
    with new as (
      select null::uuid as id
      where false
    ), fresh as (
      select hour, events
      from unnest(%(hours)s::timestamptz[], %(events)s::bigint[]) as f (hour, events)
    ), skew as (
      select %(skews)s::bigint[] as milliseconds
    )
"""
_MERGE: LiteralString = """
    with sent as (
      select id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
        involved_steam_ids, map, player_count, session_id, metadata, arrival, skew
      from json_to_recordset(%(rows)s::json) as e (
        id uuid, sent_at timestamptz, occurred_at timestamptz, server_id text, mode text, type text,
        steam_id text, player_name text, raw_text text, involved_steam_ids text[], map text,
        player_count integer, session_id text, metadata text, arrival bigint, skew bigint
      )
    ), new as (
      insert into logs.events
        (id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
         involved_steam_ids, map, player_count, session_id, metadata, arrival)
      select id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text,
        involved_steam_ids, map, player_count, session_id, metadata::jsonb, arrival
      from sent
      on conflict do nothing
      returning id, occurred_at
    ), fresh as (
      select date_trunc('hour', occurred_at, 'UTC') as hour, count(*) as events
      from new
      group by hour
    ), skew as (
      select array_agg(s.skew order by n.occurred_at, n.id) as milliseconds
      from new n
      join sent s on s.id = n.id
      where s.skew is not null
    )
"""
# PostgreSQL works these off from the last to the first: a server's row is locked before its hours,
# as heartbeats do it, so that no deadlock arises.
_COUNT_NEW = """
    , receipt as (
      insert into logs.ingest_counts as r (server_id, hour, outcome, detail, events)
      select %(server_id)s, date_trunc('hour', %(receipt)s::timestamptz, 'UTC'), c.outcome,
        c.detail, c.events
      from (
        select outcome, detail, events
        from unnest(%(outcomes)s::text[], %(details)s::text[], %(counts)s::bigint[])
          as s (outcome, detail, events)
        union all
        select 'stored', '', sum(events)
        from fresh
        union all
        select 'duplicate', '', %(all)s - coalesce(sum(events), 0)
        from fresh
      ) as c
      where c.events > 0
      order by c.outcome, c.detail
      on conflict on constraint ingest_counts_pkey do update
      set events = r.events + excluded.events
    ), touched as (
      insert into logs.event_hours as h (server_id, hour, events)
      select %(server_id)s, hour, events
      from fresh
      order by hour
      on conflict on constraint event_hours_pkey do update
      set events = h.events + excluded.events
    ), skewed as (
      insert into logs.clock_skews as s (server_id, milliseconds)
      select %(server_id)s, milliseconds
      from skew
      where cardinality(milliseconds) > 0
      on conflict (server_id) do update
      set milliseconds = (s.milliseconds || excluded.milliseconds)[
        greatest(cardinality(s.milliseconds || excluded.milliseconds) - %(most)s + 1, 1):
      ]
    ), alive as (
      update logs.servers
      set last_seen_at = %(sign)s,
        players = coalesce(%(players)s, players),
        map = coalesce(%(map)s, map)
      where id = %(server_id)s
        and (last_seen_at is null or last_seen_at <= %(sign)s::timestamptz)
    )
    select id::text
    from new
"""


def _to_sign_of_life(batch: EventBatch) -> dict[str, Any]:
    """What the newest live events say of their server."""
    receipt = batch.receipt
    live = [
        row
        for row in batch.rows
        if batch.is_live and abs((receipt - row.occurred_at).total_seconds()) <= _LIVE_SECONDS
    ]
    newest = sorted(live, key=lambda row: row.occurred_at, reverse=True)
    counts = (row.player_count for row in newest)
    return {
        "sign": min(newest[0].occurred_at, receipt) if newest else None,
        "players": next((count for count in counts if count is not None), None),
        "map": next((row.map for row in newest if row.map), None),
    }
