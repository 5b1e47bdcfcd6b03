"""What staff allow: households, of whom every pair may share an address, and shared networks."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    model_validator,
)

from functions.logs import steam_ids
from functions.logs.alts.alt_groups import Allowed
from functions.logs.privacy import ip_addresses, ip_sightings
from functions.shared import db, fields
from functions.shared.errors import NotFound
from functions.shared.secrets import get_secrets


def _real(value: str) -> str:
    if not steam_ids.is_real(value):
        fields.fail_validation("must be a SteamID of a person")
    return value


def _network(value: str) -> str:
    """The /24 or /48 that a text names: only what is hashed with every sighting can be found."""
    try:
        network = ip_network(value.strip(), strict=False)
    except ValueError:
        fields.fail_validation("must be an IPv4 /24 or an IPv6 /48")
    if network.prefixlen != (24 if network.version == 4 else 48):
        fields.fail_validation("must be an IPv4 /24 or an IPv6 /48")
    return str(network)


Person = Annotated[str, AfterValidator(_real)]


class NewAllowance(fields.CamelModel):
    """A household, as `steamIds`, or a network that many share; and why."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["steamIds"]}, {"required": ["network"]}]}
    )

    steam_ids: Annotated[list[Person] | None, Field(min_length=2, max_length=16)] = None
    network: Annotated[
        str | None, AfterValidator(lambda value: _network(value) if value else None)
    ] = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1024)]

    @model_validator(mode="after")
    def _is_one_of_both(self) -> NewAllowance:
        if (self.steam_ids is None) == (self.network is None):
            fields.fail_validation("Give either steamIds or network")
        if self.steam_ids and len(set(self.steam_ids)) < 2:
            fields.fail_validation("steamIds must name at least 2 players")
        return self


class AllowancePath(fields.Lenient):
    """Which allowance; None for what is no id."""

    allowance_id: fields.OptionalId


class Allowance(fields.CamelResponse):
    """A household or a network; who allowed it, and when."""

    id: str
    steam_ids: list[str] | None = None
    network: str | None = None
    reason: str
    staff_name: str
    date: datetime


class Allowances(RootModel[list[Allowance]]):
    """Households and networks, the newest first: the answer is the bare list."""


def add(payload: NewAllowance, author: str) -> dict[str, Any]:
    """Allows it from now on, once however often it is sent. Audited. One round trip."""
    net = payload.network and ip_addresses.hash_address(
        payload.network, ip_sightings.get_hash_key()
    )
    [row] = db.query(
        """
        with made as (
          insert into logs.alt_allowlist as a (steam_ids, subnet_hash, network, reason, author)
          values (%(steam_ids)s, %(subnet_hash)s, %(network)s, %(reason)s, %(author)s)
          on conflict (steam_ids, subnet_hash) do update
          set reason = excluded.reason, author = excluded.author
          returning id, steam_ids, network, reason, author, created_at
        ), noted as (
          insert into shared.audit (action, subject, actor)
          select 'logs.allow', id::text, author
          from made
        )
        select id, steam_ids, network, reason, author, created_at
        from made
        """,
        {
            "steam_ids": payload.steam_ids and sorted(set(payload.steam_ids)),
            "subnet_hash": net,
            "network": payload.network,
            "reason": payload.reason,
            "author": author,
        },
    )
    return _to_response(row)


def delete(allowance_id: UUID | None, author: str) -> None:
    """Takes an allowance back; raises NotFound. Audited. One round trip."""
    found = db.query(
        """
        with gone as (
          delete from logs.alt_allowlist
          where id = %s
          returning id
        )
        insert into shared.audit (action, subject, actor)
        select 'logs.disallow', id::text, %s
        from gone
        returning subject
        """,
        (allowance_id, author),
    )
    if not found:
        raise NotFound("Allowance not found")


def list_allowances() -> list[dict[str, Any]]:
    """What is allowed, the newest first. One round trip."""
    rows = db.query(
        """
        select id, steam_ids, network, reason, author, created_at
        from logs.alt_allowlist
        order by created_at desc, id
        """
    )
    return [_to_response(row) for row in rows]


def list_allowed_groups() -> Allowed:
    """What counts as no evidence now. One round trip."""
    partners: dict[str, set[str]] = defaultdict(set)
    networks: set[bytes] = set()
    keys = get_secrets().signing_secrets  # sightings may have a hash under any of them
    for row in db.query("select steam_ids, network from logs.alt_allowlist"):
        for who in row["steam_ids"] or ():
            partners[who].update(row["steam_ids"])
        if row["network"]:
            networks.update(ip_addresses.hash_address(row["network"], key) for key in keys)
    return Allowed(partners, networks)


def _to_response(row: db.Row) -> dict[str, Any]:
    allowance = {
        "id": row["id"],
        "steamIds": row["steam_ids"],
        "network": row["network"],
        "reason": row["reason"],
        "staffName": row["author"],
        "date": row["created_at"],
    }
    return {name: value for name, value in allowance.items() if value is not None}
