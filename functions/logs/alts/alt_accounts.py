"""Suspicious: accounts that may be one person's, with the evidence. Shown, never acted on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, RootModel

from functions.logs.alts import alt_allowlist, alt_groups
from functions.logs.alts.alt_groups import AddressUse, Allowed, Group
from functions.logs.players import players
from functions.logs.privacy import ip_addresses, ip_sightings
from functions.shared import db, fields, json_codec

_UNKNOWN = "Localização desconhecida"
_MAX_PLAYERS = 500  # of a group that are shown
_Flag = BeforeValidator(lambda value: str(value).strip().lower() in ("true", "1", "yes"))


class SuspiciousQuery(fields.BracketPathModel, fields.CamelModel):
    """Whether to see allowed groups too."""

    include_allowed: Annotated[bool, _Flag] = False


class Evidence(fields.CamelResponse):
    """Two accounts, and on how many UTC days both were seen there."""

    steam_ids: list[str]
    kind: Literal["same_address", "same_network"]
    days: int
    first_seen: datetime
    last_seen: datetime


class Suspect(players.Player):
    """A player, the newest address while it is kept, and where that is."""

    ip: str | None = None
    geo: dict[str, Any] | None = None


class SuspiciousGroup(fields.CamelResponse):
    """Accounts on one address (HIGH) or network; one that many share is MEDIUM too."""

    id: str
    level: Literal["HIGH", "MEDIUM"]
    common_ip_or_subnet: str
    location: str
    last_activity: datetime
    players: list[Suspect]
    players_total: int
    evidence: list[Evidence]
    note: Literal["shared_network"] | None = None
    allowed: Literal[True] | None = None


class Suspicious(RootModel[list[SuspiciousGroup]]):
    """Groups, HIGH ones first, then the newest activity: the answer is the bare list."""


def list_groups(query: SuspiciousQuery) -> tuple[str, bool]:
    """The groups that fit into an answer, as JSON text, and whether there are more.

    Four round trips.
    """
    seen, permitted = _recent(), alt_allowlist.list_allowed_groups()
    found = [(group, False) for group in alt_groups.find_groups(seen, permitted)]
    if query.include_allowed:
        known = {(group.kind, group.key) for group, _ in found}
        others = alt_groups.find_groups(seen, Allowed({}, set()))
        found += [(one, True) for one in others if (one.kind, one.key) not in known]
    steam_ids = sorted({who for group, _ in found for who in group.seen})
    cards, places = players.get_players(steam_ids), ip_sightings.list_newest(steam_ids)
    texts = json_codec.take_fitting(
        json_codec.dumps(group) for group in _to_response(found, cards, places)
    )
    return f"[{','.join(texts)}]", len(texts) < len(found)


def _recent() -> list[AddressUse]:
    """All accounts of the networks on which there are two or more."""
    rows = db.query(
        """
        with recent as (
          select subnet_hash, ip_hash, steam_id, array_agg(day) as days,
            min(first_at) as first_at, max(last_at) as last_at,
            (array_agg(address order by last_at desc) filter (where address is not null))[1]
              as address,
            (array_agg(geo order by geo_at desc) filter (where geo is not null))[1] as geo,
            max(geo_at) as geo_at
          from logs.sightings
          where last_at >= now() - make_interval(secs => %s)
          group by subnet_hash, ip_hash, steam_id
        ), shared as (
          select subnet_hash
          from recent
          group by subnet_hash
          having count(distinct steam_id) > 1
        )
        select subnet_hash, ip_hash, steam_id, days, first_at, last_at, address, geo, geo_at
        from recent
        join shared using (subnet_hash)
        """,
        (ip_sightings.KEPT.total_seconds(),),
    )
    return [AddressUse(**{**row, "days": frozenset(row["days"])}) for row in rows]


def _to_response(
    found: list[tuple[Group, bool]], cards: dict[str, Any], places: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    for group, is_allowed in found:
        shown = sorted(group.seen, key=lambda who: _newest_first(group.seen[who], who))
        kind = "same_address" if group.kind == "ip" else "same_network"
        yield {
            "id": f"{group.kind}_{group.key.hex()[:16]}",
            "level": "HIGH" if group.is_high else "MEDIUM",
            "commonIpOrSubnet": _name(group),
            "location": _location(group),
            "lastActivity": group.last_at,
            "players": [
                cards[who] | places.get(who, {}) for who in shown[:_MAX_PLAYERS] if who in cards
            ],
            "playersTotal": len(shown),
            "evidence": [
                {
                    "steamIds": list(pair.steam_ids),
                    "kind": kind,
                    "days": pair.days,
                    "firstSeen": pair.first_at,
                    "lastSeen": pair.last_at,
                }
                for pair in group.pairs
            ],
            **({"note": "shared_network"} if group.is_crowded else {}),
            **({"allowed": True} if is_allowed else {}),
        }


def _newest_first(seen: list[AddressUse], who: str) -> tuple[float, str]:
    return -max(one.last_at for one in seen).timestamp(), who


def _name(group: Group) -> str:
    """The address or network while an address of it is kept, then what stands for it."""
    kept = [one for seen in group.seen.values() for one in seen if one.address]
    newest = max(kept, key=lambda one: one.last_at, default=None)
    evidence = newest and newest.address and ip_addresses.get_evidence(newest.address)
    if group.kind == "ip":
        return evidence.key if evidence else ip_addresses.mask_ip(group.key)
    return evidence.net if evidence else ip_addresses.mask_subnet(group.key)


def _location(group: Group) -> str:
    placed = [(one.geo_at, one.geo) for seen in group.seen.values() for one in seen]
    known = [(at, geo) for at, geo in placed if at and geo]
    if not known:
        return _UNKNOWN
    _, geo = max(known, key=lambda one: one[0])
    return ", ".join(geo[name] for name in ("city", "state", "country") if name in geo) or _UNKNOWN
