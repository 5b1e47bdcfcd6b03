"""Sightings after the signing keys were rotated: one address has one hash again.

Accounts are compared by hashes alone, and an address that was seen before the rotation gets another
one afterwards. Wherever a plain address is still known, its older hashes are found and replaced,
those of sightings whose own address is erased too.
"""

from __future__ import annotations

from collections.abc import Iterable

from functions.logs.privacy import ip_addresses
from functions.shared import db
from functions.shared.secrets import get_secrets

_BATCH_SIZE = 500  # hashes


def rehash() -> int:
    """Gives sightings of known addresses the hashes of today; returns how many it changed.

    No round trip while there is one signing key. May be ended anywhere and repeated, also at once.
    """
    if len(get_secrets().signing_secrets) == 1:
        return 0
    rows = db.query("select distinct address from logs.sightings where address is not null")
    known = [ip_addresses.get_evidence(row["address"]) for row in rows]
    addresses = _map_hashes({one.key for one in known if one})
    done = sum(
        _move(addresses[first : first + _BATCH_SIZE])
        for first in range(0, len(addresses), _BATCH_SIZE)
    )
    _rename_networks(_map_hashes({one.net for one in known if one}))
    return done


def _map_hashes(parts: Iterable[str]) -> list[tuple[bytes, bytes]]:
    """Of each address, or network, the older hashes and that of today, in one order."""
    newest, *older = get_secrets().signing_secrets
    return sorted(
        (ip_addresses.hash_address(part, key), ip_addresses.hash_address(part, newest))
        for part in parts
        for key in older
    )


@db.retried
def _move(hashes: list[tuple[bytes, bytes]]) -> int:
    """Replaces the hash of an address, joining what both hashes say of an account and a day."""
    count: int = db.fetch_value(
        """
        with moved as (
          delete from logs.sightings as s
          using unnest(%s::bytea[], %s::bytea[]) as h (older, newest)
          where s.ip_hash = h.older
          returning h.newest as ip_hash, s.subnet_hash, s.steam_id, s.day, s.first_at, s.last_at,
            s.events, s.address, s.geo, s.geo_at
        ), joined as (
          insert into logs.sightings as s
            (ip_hash, subnet_hash, steam_id, day, first_at, last_at, events, address, geo, geo_at)
          select ip_hash, (array_agg(subnet_hash))[1], steam_id, day, min(first_at), max(last_at),
            sum(events)::integer,
            (array_agg(address order by last_at desc) filter (where address is not null))[1],
            (array_agg(geo order by geo_at desc) filter (where geo is not null))[1],
            max(geo_at)
          from moved
          group by ip_hash, steam_id, day
          order by ip_hash, steam_id, day
          on conflict on constraint sightings_pkey do update
          set first_at = least(s.first_at, excluded.first_at),
            last_at = greatest(s.last_at, excluded.last_at),
            events = s.events + excluded.events,
            address = coalesce(s.address, excluded.address),
            geo = case
              when s.geo_at is null or s.geo_at < excluded.geo_at then excluded.geo
              else s.geo
            end,
            geo_at = greatest(s.geo_at, excluded.geo_at)
          returning 1
        )
        select count(*)
        from joined
        """,
        ([older for older, _ in hashes], [newest for _, newest in hashes]),
    )
    return count


@db.retried
def _rename_networks(hashes: list[tuple[bytes, bytes]]) -> None:
    db.query(
        """
        update logs.sightings as s
        set subnet_hash = h.newest
        from unnest(%s::bytea[], %s::bytea[]) as h (older, newest)
        where s.subnet_hash = h.older
        """,
        ([older for older, _ in hashes], [newest for _, newest in hashes]),
    )
