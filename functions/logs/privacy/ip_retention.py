"""Privacy: plain addresses and positions go after some days, and what their hashes tell stays."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from functions.logs.privacy import event_edits, ip_addresses, ip_rehash, ip_sightings
from functions.shared import db, json_codec
from functions.shared.settings import settings

_BATCH_SIZE = 500  # events


@dataclass
class Report:
    """What went, and how many sightings got today's hash; `left`: time did not allow for everything
    that is due."""

    events: int = 0
    sightings: int = 0
    deleted: int = 0
    rehashed: int = 0
    left: bool = False


def erase_due(seconds: float = 240.0) -> Report:
    """Erases what is due, the oldest first; may be ended anywhere and repeated, also at once."""
    deadline = time.monotonic() + seconds
    rehashed = ip_rehash.rehash()  # first: it needs plain addresses
    report = Report(sightings=_erase_sightings(), deleted=_delete_sightings(), rehashed=rehashed)
    while done := _erase_events():
        report.events += done
        if time.monotonic() > deadline:
            report.left = True
            break
    return report


def _erase_sightings() -> int:
    """Erases addresses and positions; only days are whole sightings. One round trip."""
    count: int = db.fetch_value(
        """
            with erased as (
              update logs.sightings
              set address = null, geo = geo - array['lat', 'lng']
              where address is not null
                and last_at < now() - make_interval(hours => 24 * %s)
              returning 1
            )
            select count(*)
            from erased
            """,
        (settings().logs_ip_days,),
    )
    return count


def _delete_sightings() -> int:
    """Deletes what is no evidence any more. One round trip."""
    count: int = db.fetch_value(
        """
            with deleted as (
              delete from logs.sightings
              where last_at < now() - make_interval(secs => %s)
              returning 1
            )
            select count(*)
            from deleted
            """,
        (ip_sightings.KEPT.total_seconds(),),
    )
    return count


@db.retried
def _erase_events() -> int:
    """Erases the oldest events that are due, of one server and type; returns how many were due.

    Of one server and type, because the columnstore keeps those together.
    """
    with db.transaction():
        due = db.query(
            """
            with oldest as (
              select server_id, type
              from logs.redaction_queue
              where occurred_at < now() - make_interval(hours => 24 * %(days)s)
              order by occurred_at
              limit 1
            )
            select a.id, a.sent_at, a.server_id, a.type
            from logs.redaction_queue a
            join oldest using (server_id, type)
            where a.occurred_at < now() - make_interval(hours => 24 * %(days)s)
            order by a.occurred_at
            limit %(limit)s
            for update of a skip locked
            """,
            {"days": settings().logs_ip_days, "limit": _BATCH_SIZE},
        )
        if due:
            if there := event_edits.fetch_events(due):
                event_edits.rewrite_events([_without_address(row) for row in there])
            db.query(
                "delete from logs.redaction_queue where id = any(%s)", ([row["id"] for row in due],)
            )
    return len(due)


def _without_address(row: db.Row) -> db.Row:
    """The event with a keyed hash in place of its address, wherever it says it, and no position.

    In place of an `ip` that is a list or an object stands the hash of its first address.
    """
    details = row["metadata"]
    ip, raw_text = details.get("ip") or "", row["raw_text"]
    found = ip_addresses.find_addresses(ip if isinstance(ip, str) else json_codec.dumps(ip))
    for address in found:
        instead = ip_addresses.mask_address(address, ip_sightings.get_hash_key())
        raw_text = ip_addresses.replace_address(raw_text, address, instead)
        details = json.loads(
            ip_addresses.replace_address(json_codec.dumps(details), address, instead)
        )
    if not isinstance(ip, str) or ip_addresses.find_addresses(
        details.get("ip") or ""
    ):  # more than a few
        details["ip"] = (
            ip_addresses.mask_address(found[0], ip_sightings.get_hash_key()) if found else ""
        )
    if details.get("geo"):
        details["geo"] = ip_sightings.remove_position(details["geo"])
    return {**row, "raw_text": raw_text, "metadata": json_codec.dumps(details)}
