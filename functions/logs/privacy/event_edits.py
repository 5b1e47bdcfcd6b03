"""Stored events that are changed later: some of one server and type, which the columnstore keeps
together, so that it unpacks these and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from functions.shared import db


def group_rows(rows: Iterable[db.Row]) -> Iterator[list[db.Row]]:
    """The rows by their server and type."""

    def source(row: db.Row) -> tuple[str, str]:
        return row["server_id"], row["type"]

    for _, group in groupby(sorted(rows, key=source), key=source):
        yield list(group)


def fetch_events(rows: list[db.Row]) -> list[db.Row]:
    """Those that are there of rows with `id`, `sent_at`, and one `server_id` and `type`."""
    return db.query(
        """
        select e.id, e.sent_at, e.server_id, e.type, e.raw_text, e.metadata
        from unnest(%(ids)s::uuid[], %(seconds)s::timestamptz[]) as w (id, sent_at)
        join logs.events e on e.id = w.id
          and e.sent_at = w.sent_at
        where e.server_id = %(server_id)s
          and e.type = %(type)s
          and e.sent_at between %(since)s and %(until)s
        """,
        _where(rows),
    )


def rewrite_events(rows: list[db.Row]) -> None:
    """Replaces `raw_text` and `metadata` (JSON text) of rows of one server and type."""
    db.query(
        """
        update logs.events e
        set raw_text = n.raw_text, metadata = n.metadata::jsonb
        from unnest(
          %(ids)s::uuid[], %(seconds)s::timestamptz[], %(texts)s::text[], %(details)s::text[]
        ) as n (id, sent_at, raw_text, metadata)
        where e.id = n.id
          and e.sent_at = n.sent_at
          and e.server_id = %(server_id)s
          and e.type = %(type)s
          and e.sent_at between %(since)s and %(until)s
        """,
        _where(rows) | _contents(rows),
    )


def erase(rows: list[db.Row], person: str, stone: str) -> None:
    """As `rewrite`, and a tombstone takes the place of a person, with neither name nor session."""
    db.query(
        """
        update logs.events e
        set raw_text = n.raw_text,
          metadata = n.metadata::jsonb,
          involved_steam_ids = array_replace(e.involved_steam_ids, %(person)s, %(stone)s),
          player_name = case when e.steam_id = %(person)s then null else e.player_name end,
          session_id = case when e.steam_id = %(person)s then null else e.session_id end,
          steam_id = case when e.steam_id = %(person)s then %(stone)s else e.steam_id end
        from unnest(
          %(ids)s::uuid[], %(seconds)s::timestamptz[], %(texts)s::text[], %(details)s::text[]
        ) as n (id, sent_at, raw_text, metadata)
        where e.id = n.id
          and e.sent_at = n.sent_at
          and e.server_id = %(server_id)s
          and e.type = %(type)s
          and e.sent_at between %(since)s and %(until)s
        """,
        {**_where(rows), **_contents(rows), "person": person, "stone": stone},
    )


def _where(rows: list[db.Row]) -> dict[str, Any]:
    seconds = [row["sent_at"] for row in rows]
    return {
        "ids": [row["id"] for row in rows],
        "seconds": seconds,
        "server_id": rows[0]["server_id"],
        "type": rows[0]["type"],
        "since": min(seconds),
        "until": max(seconds),
    }


def _contents(rows: list[db.Row]) -> dict[str, Any]:
    return {
        "texts": [row["raw_text"] for row in rows],
        "details": [row["metadata"] for row in rows],
    }
