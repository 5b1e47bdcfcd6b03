"""Receipts: what became of everything that servers sent, counted by the hour of its receipt."""

from __future__ import annotations

from itertools import islice
from typing import Any

from functions.shared import db, fields

_MAX_TYPES = 1000  # unknown ones that an answer tells: any text may be sent as a type


class Clock(fields.CamelResponse):
    """A server's clock: how far it is behind ours, and the times that it sent and were not used."""

    median_skew_seconds: float | None
    missing: int
    invalid: int
    future: int


class IngestStats(fields.CamelResponse):
    """The last 30 days: events by ignore rule, by reason of their rejection, of unknown types.

    Of unknown types those that were sent most.
    """

    tools: dict[str, int]
    commands: dict[str, int]
    raw_text: dict[str, int]
    stored: int
    duplicates: int
    rejected: dict[str, int]
    unknown_types: dict[str, int]
    clock: dict[str, Clock]


def get_stats() -> dict[str, Any]:
    """What became of the events of the last 30 days, as Receipts. One round trip."""
    rows = db.query(
        """
        with counted as (
          select outcome, detail, case when outcome = 'clock' then server_id end as server,
            sum(events)::bigint as events, null::float as skew
          from logs.ingest_counts
          where hour >= now() - interval '720 hours'
          group by outcome, detail, server
        ), skewed as (
          select s.server_id as server,
            percentile_cont(0.5) within group (order by m.skew) / 1000 as skew
          from logs.clock_skews s
          cross join unnest(s.milliseconds) as m (skew)
          group by s.server_id
        )
        select outcome, detail, server, events, skew
        from counted
        union all
        select 'clock', 'skew', server, null, skew
        from skewed
        order by events desc nulls last, detail
        """
    )
    by_kind: dict[str, dict[str, int]] = {"tool": {}, "command": {}, "rawText": {}}
    for row in (row for row in rows if row["outcome"] == "ignored"):
        kind, _, text = row["detail"].partition(":")
        by_kind[kind][text] = row["events"]
    return {
        "tools": by_kind["tool"],
        "commands": by_kind["command"],
        "rawText": by_kind["rawText"],
        "stored": _of(rows, "stored").get("", 0),
        "duplicates": _of(rows, "duplicate").get("", 0),
        "rejected": _of(rows, "rejected"),
        "unknownTypes": dict(islice(_of(rows, "unknown").items(), _MAX_TYPES)),
        "clock": _clocks(rows),
    }


def delete_old(connection: db.Connection) -> int:
    """Deletes counts of over 31 days ago, which nobody reads; returns how many."""
    return connection.execute(
        "delete from logs.ingest_counts where hour < now() - interval '744 hours'"
    ).rowcount


def _of(rows: list[db.Row], outcome: str) -> dict[str, int]:
    return {row["detail"]: row["events"] for row in rows if row["outcome"] == outcome}


def _clocks(rows: list[db.Row]) -> dict[str, Any]:
    clocks: dict[str, Any] = {}
    for row in (row for row in rows if row["outcome"] == "clock"):
        none = {"medianSkewSeconds": None, "missing": 0, "invalid": 0, "future": 0}
        clock = clocks.setdefault(row["server"], none)
        if row["detail"] == "skew":
            clock["medianSkewSeconds"] = round(row["skew"], 3)
        else:
            clock[row["detail"]] = row["events"]
    return clocks
