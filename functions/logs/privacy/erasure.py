"""Erasure of a player: a tombstone takes their place in events, which others' numbers rest on."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from functions.logs import change_queue, steam_ids
from functions.logs.privacy import event_edits
from functions.shared import db, json_codec
from functions.shared.erasure import to_pseudonym, to_tombstone
from functions.shared.errors import Invalid

_BATCH_SIZE = 1000  # events
_PARTS = ("attacker", "victim", "target")
# What may stay of an event of the person themselves: what happened, not what they said or own.
_KEPT = frozenset(
    {
        *("map", "serverName", "serverSessionId", "playerCount", "roundId", "roundNumber"),
        *("eventKind", "spawnKind", "entityClass", "propModel", "toolName", "targetClass"),
        *("weapon", "damage", "hitgroup", "attackerRole", "victimRole", "role"),
        *("winner", "result", "durationSeconds"),
        *(part + what for part in _PARTS for what in ("SteamId", "Name")),
    }
)

# Where others may have written the person's name.
_WORDS = frozenset({"message", "raw", "command", "args", *(f"{part}Name" for part in _PARTS)})


def erase(steam_id: str, actor: str) -> dict[str, int]:
    """Removes a person: from events, sightings, sessions, notes, punishments and old rollups.

    Returns the rows changed or removed, per table. Audited as done by `actor`. Raises Invalid for
    who is no person. What an outage or a time-out cuts off is completed by asking again.
    """
    if not steam_ids.is_real(steam_id):
        raise Invalid("Invalid steam_id", [{"field": "steam_id", "problem": "is no person's"}])
    begun = _announce(steam_id, actor)
    events = 0
    while done := _erase_events(steam_id):
        events += done
    return _finish(steam_id, begun, events)


def _announce(steam_id: str, actor: str) -> datetime:
    """Writes the erasure down before it begins: what waits in the spool must know of it."""
    begun: datetime = db.fetch_value(
        """
        insert into shared.audit (occurred_at, action, subject, actor)
        values (clock_timestamp(), 'logs.erase', %s, %s)
        returning occurred_at
        """,
        (to_pseudonym(steam_id), actor),
    )
    return begun


@db.retried
def _erase_events(steam_id: str) -> int:
    """Puts the tombstone into some events that name the person; returns how many they were."""
    with db.transaction():
        found = _naming(steam_id)
        if found:
            _unpack_without_limit()
            for rows in event_edits.group_rows(_without(row, steam_id) for row in found):
                event_edits.erase(rows, steam_id, to_tombstone(steam_id))
            _drop_word_index([row["sent_at"] for row in found])
            _mark(found)
    return len(found)


def _naming(steam_id: str) -> list[db.Row]:
    return db.query(
        """
        with own as (
          select id, sent_at, occurred_at, server_id, type, steam_id, raw_text, metadata
          from logs.events
          where steam_id = %(person)s
          limit %(limit)s
        ), others as (
          select id, sent_at, occurred_at, server_id, type, steam_id, raw_text, metadata
          from logs.events
          where involved_steam_ids @> array[%(person)s]
            and steam_id is distinct from %(person)s
          limit %(limit)s
        )
        select *
        from own
        union all
        select *
        from others
        """,
        {"person": steam_id, "limit": _BATCH_SIZE},
    )


def _unpack_without_limit() -> None:
    """Lifts the limit of rows that one statement may decompress."""
    db.query("set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0")


def _without(row: db.Row, person: str) -> db.Row:
    """The event without the person; of one of theirs no more stays than others may rest on."""
    details = row["metadata"]
    names = {
        name
        for part in _PARTS
        if details.get(f"{part}SteamId") == person
        and isinstance(name := details.get(f"{part}Name"), str)
        and name
    }
    if row["steam_id"] == person:
        details = {name: value for name, value in details.items() if name in _KEPT}
    cleaned = {
        key: _replaced(value, person, names if key in _WORDS else set())
        for key, value in details.items()
    }
    return {**row, "raw_text": "", "metadata": json_codec.dumps(cleaned)}


def _replaced(value: Any, person: str, names: set[str]) -> Any:
    """The value with the tombstone for each text that holds the SteamID or one of the names."""
    if isinstance(value, str):
        found = re.search(re.escape(person) + "(?![0-9])", value) or any(n in value for n in names)
        return to_tombstone(person) if found else value
    if isinstance(value, list):
        return [_replaced(one, person, names) for one in value]
    if isinstance(value, dict):
        return {key: _replaced(one, person, names) for key, one in value.items()}
    return value


def _drop_word_index(seconds: list[datetime]) -> None:
    """Deletes the index of chunks that may hold the person; the job indexes them again.

    Called after the events change: an indexing under way waits, or finds nothing to complete.
    """
    db.query(
        """
        delete from logs.indexed_chunks t
        using unnest(%s::timestamptz[]) as s (sent_at)
        where s.sent_at >= t.chunk
          and s.sent_at < t.until
        """,
        (seconds,),
    )


def _mark(rows: list[db.Row]) -> None:
    """Marks hours for derivation again, except where raw rows may be gone already."""
    places = sorted({(row["server_id"], _hour(row["occurred_at"])) for row in rows})
    db.query(
        """
        update logs.event_hours h
        set events = h.events
        from unnest(%s::text[], %s::timestamptz[]) as t (server_id, hour)
        where h.server_id = t.server_id
          and h.hour = t.hour
          and h.hour >= rollups.retained_from('logs.event_hours')
        """,
        ([server_id for server_id, _ in places], [hour for _, hour in places]),
    )


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@db.retried
def _finish(steam_id: str, begun: datetime, events: int) -> dict[str, int]:
    """Removes what else is kept of the person, and notes how much it all was."""
    with db.transaction():
        change_queue.fold_first()  # what is queued names the person
        forgotten = db.fetch_value(
            """
            select rollups.erase_person('logs.event_hours', 'steam_id', %(person)s)
              + rollups.erase_person('logs.session_hours', 'steam_id', %(person)s)
              + rollups.erase_person('logs.connects', 'steam_id', %(person)s) as rows
            """,
            {"person": steam_id},
        )
        counts: dict[str, int] = db.fetch_value(
            """
            with sighting as (
              delete from logs.sightings
              where steam_id = %(person)s
              returning 1
            ), session as (
              delete from logs.sessions
              where steam_id = %(person)s
              returning 1
            ), played as (
              delete from logs.session_hours
              where steam_id = %(person)s
            ), connect as (
              delete from logs.connects
              where steam_id = %(person)s
            ), unmatched as (
              delete from logs.unmatched_ends
              where steam_id = %(person)s
            ), total as (
              delete from logs.player_totals
              where steam_id = %(person)s
            ), name as (
              delete from logs.player_names
              where steam_id = %(person)s
            ), day as (
              delete from logs.active_days
              where steam_id = %(person)s
            ), play_total as (
              delete from logs.play_totals
              where steam_id = %(person)s
            ), person_total as (
              delete from logs.person_totals
              where steam_id = %(person)s
            ), round as (
              delete from logs.player_rounds
              where steam_id = %(person)s
            ), note as (
              delete from logs.notes
              where steam_id = %(person)s
              returning 1
            ), punishment as (
              delete from logs.punishments
              where steam_id = %(person)s
              returning 1
            ), allowance as (
              delete from logs.alt_allowlist
              where steam_ids @> array[%(person)s]
              returning steam_ids, reason, author, created_at
            ), fewer as (
              insert into logs.alt_allowlist (steam_ids, reason, author, created_at)
              select array_remove(steam_ids, %(person)s), reason, author, created_at
              from allowance
              where cardinality(steam_ids) > 2
              on conflict do nothing
            )
            update shared.audit
            set counts = jsonb_build_object(
              'logs.events', %(events)s::bigint,
              'logs.sightings', (select count(*) from sighting),
              'logs.sessions', (select count(*) from session),
              'logs.notes', (select count(*) from note),
              'logs.punishments', (select count(*) from punishment),
              'logs.allowed', (select count(*) from allowance),
              'rollups', %(forgotten)s::bigint
            )
            where occurred_at = %(begun)s
              and action = 'logs.erase'
              and subject = %(subject)s
            returning counts
            """,
            {
                "person": steam_id,
                "subject": to_pseudonym(steam_id),
                "begun": begun,
                "events": events,
                "forgotten": forgotten,
            },
        )
    return counts
