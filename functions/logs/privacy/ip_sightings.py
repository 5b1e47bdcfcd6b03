"""Sightings: which account was seen on which address on which day, in keyed hashes.

The plain address and position stay for some days; what tells accounts apart is never erased before
the sighting itself is, so that results do not change on the day the address goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from functions.logs import steam_ids
from functions.logs.privacy import ip_addresses
from functions.logs.rows import Row
from functions.shared import db, json_codec
from functions.shared.secrets import get_secrets

KEPT = timedelta(days=90)  # older sightings are no evidence, and are deleted
_PLACES = ("country", "city", "state")
_POSITION = ("lat", "lng")


@dataclass
class Sighting:
    """One account on one address on one UTC day."""

    ip_hash: bytes
    subnet_hash: bytes
    steam_id: str
    day: date
    first_at: datetime
    last_at: datetime
    events: int
    address: str
    geo: dict[str, Any] | None
    geo_at: datetime | None

    def add(self, other: Sighting) -> None:
        """Takes in another sighting of the same account, address and day."""
        self.first_at = min(self.first_at, other.first_at)
        self.last_at, self.address = max(
            (self.last_at, self.address), (other.last_at, other.address)
        )
        self.events += other.events
        if other.geo_at and (self.geo_at is None or self.geo_at < other.geo_at):
            self.geo, self.geo_at = other.geo, other.geo_at


def get_hash_key() -> bytes:
    """The key of the hashes: who has the database alone cannot try all addresses."""
    return get_secrets().signing_secrets[0]


@dataclass
class Sightings:
    """Where the players of some events were, and which of the events hold what is to be erased."""

    sightings: list[Sighting]
    plain: list[Row]

    def store(self) -> None:
        """Notes it: once for each event, in the transaction that stores it.

        One round trip, none for events without addresses.
        """
        if self.plain:
            _store(self.sightings, self.plain)


def collect_sightings(rows: Iterable[Row]) -> Sightings:
    """What is to be noted of events."""
    found: dict[tuple[bytes, str, date], Sighting] = {}
    plain: list[Row] = []
    for row in rows:
        if '"ip"' not in row.metadata and '"geo"' not in row.metadata:
            continue
        details = json.loads(row.metadata)
        if _is_plain(details):
            plain.append(row)
        seen = _sighting(row, details)
        if seen:
            known = found.setdefault((seen.ip_hash, seen.steam_id, seen.day), seen)
            if known is not seen:
                known.add(seen)
    # In one order: two requests never deadlock.
    return Sightings([found[key] for key in sorted(found)], plain)


def _is_plain(details: dict[str, Any]) -> bool:
    """Whether there is something to erase."""
    ip, geo = details.get("ip"), details.get("geo")
    if geo and geo != remove_position(geo):
        return True
    return bool(ip_addresses.find_addresses(ip)) if isinstance(ip, str) else bool(ip)


def _sighting(row: Row, details: dict[str, Any]) -> Sighting | None:
    ip = details.get("ip")
    if not steam_ids.is_real(row.steam_id) or not isinstance(ip, str) or details.get("ambiguous"):
        return None
    evidence = ip_addresses.get_evidence(ip)
    if evidence is None:
        return None
    assert row.steam_id
    geo = parse_geo(details.get("geo"))
    return Sighting(
        ip_addresses.hash_address(evidence.key, get_hash_key()),
        ip_addresses.hash_address(evidence.net, get_hash_key()),
        row.steam_id,
        row.occurred_at.astimezone(UTC).date(),
        row.occurred_at,
        row.occurred_at,
        1,
        ip,
        geo,
        row.occurred_at if geo else None,
    )


def remove_position(geo: Any) -> dict[str, str]:
    """Of what a server sent as `geo`, in whatever shape, the names of places and nothing else."""
    parts = geo if isinstance(geo, dict) else {}
    return {name: parts[name] for name in _PLACES if isinstance(parts.get(name), str)}


def parse_geo(geo: Any) -> dict[str, Any] | None:
    """Of what a server sent as `geo` the parts that have a meaning; None if there are none."""
    if not isinstance(geo, dict):
        return None
    known: dict[str, Any] = {
        name: geo[name][:64] for name in _PLACES if isinstance(geo.get(name), str) and geo[name]
    }
    for name in _POSITION:
        if isinstance(geo.get(name), int | float) and not isinstance(geo[name], bool):
            known[name] = geo[name]
    return known or None


def _store(seen: list[Sighting], plain: list[Row]) -> None:
    db.query(
        """
        with sighting as (
          insert into logs.sightings as s
            (ip_hash, subnet_hash, steam_id, day, first_at, last_at, events, address, geo, geo_at)
          select ip_hash, subnet_hash, steam_id, day, first_at, last_at, events, address,
            geo::jsonb, geo_at
          from unnest(
            %(ip_hash)s::bytea[], %(subnet_hash)s::bytea[], %(steam_id)s::text[], %(day)s::date[],
            %(first_at)s::timestamptz[], %(last_at)s::timestamptz[], %(events)s::integer[],
            %(address)s::text[], %(geo)s::text[], %(geo_at)s::timestamptz[]
          ) as n (
            ip_hash, subnet_hash, steam_id, day, first_at, last_at, events, address, geo, geo_at
          )
          on conflict on constraint sightings_pkey do update
          set first_at = least(s.first_at, excluded.first_at),
            last_at = greatest(s.last_at, excluded.last_at),
            events = s.events + excluded.events,
            address = case
              when (s.last_at, coalesce(s.address, '')) < (excluded.last_at, excluded.address)
                then excluded.address
              else coalesce(s.address, excluded.address)
            end,
            geo = case
              when s.geo_at is null or s.geo_at < excluded.geo_at then excluded.geo
              else s.geo
            end,
            geo_at = greatest(s.geo_at, excluded.geo_at)
        )
        insert into logs.redaction_queue (id, sent_at, occurred_at, server_id, type)
        select id, sent_at, occurred_at, server_id, type
        from unnest(
          %(ids)s::uuid[], %(seconds)s::timestamptz[], %(times)s::timestamptz[],
          %(servers)s::text[], %(types)s::text[]
        ) as p (id, sent_at, occurred_at, server_id, type)
        on conflict do nothing
        """,
        {
            **{name: [getattr(one, name) for one in seen] for name in Sighting.__annotations__},
            "geo": [one.geo and json_codec.dumps(one.geo) for one in seen],
            "ids": [row.id for row in plain],
            "seconds": [row.sent_at for row in plain],
            "times": [row.occurred_at for row in plain],
            "servers": [row.server_id for row in plain],
            "types": [row.type for row in plain],
        },
    )


def list_newest(steam_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Of each account the newest address that is still kept as `ip`, and the newest `geo`.

    Both may be None. One round trip.
    """
    rows = db.query(
        """
        select steam_id,
          (array_agg(address order by last_at desc) filter (where address is not null))[1] as ip,
          (array_agg(geo order by geo_at desc) filter (where geo is not null))[1] as geo
        from logs.sightings
        where steam_id = any(%s)
        group by steam_id
        """,
        (steam_ids,),
    )
    return {row["steam_id"]: {"ip": row["ip"], "geo": row["geo"]} for row in rows}
