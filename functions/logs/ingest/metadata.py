"""The `metadata` of an event: the sender's keys, with values that can be stored."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from functions.logs.coerce import Rejected, plain, to_list
from functions.logs.privacy import ip_addresses

_MAX_BYTES = 16_384  # as the compact JSON that is stored
_ACCOUNTS = ("attackerSteamId", "victimSteamId", "targetSteamId")
_OBJECTS = ("geo", "position")
_WITH_RULES = frozenset({"ip", "args", *_ACCOUNTS, *_OBJECTS})


def parse_metadata(payload: Any, warnings: list[str]) -> dict[str, Any]:
    """A normalised copy of the metadata; adds to `warnings` or raises Rejected."""
    if payload is None or payload == []:  # Lua's empty table
        return {}
    if not isinstance(payload, dict):
        raise Rejected("metadata_invalid")
    metadata: dict[str, Any] = plain(payload, warnings)
    if len(to_json(metadata)) > _MAX_BYTES:
        raise Rejected("metadata_too_large")
    if not _WITH_RULES.isdisjoint(metadata):
        _apply_rules(metadata, warnings)
    return metadata


def _apply_rules(metadata: dict[str, Any], warnings: list[str]) -> None:
    if metadata.get("ip") not in (None, ""):
        _split_ip(metadata, warnings)
    args = metadata.get("args")
    if isinstance(args, dict):  # a nil in a Lua table is no entry
        args = {key: value for key, value in args.items() if value is not None}
    args = to_list(args)
    if args is not None:
        metadata["args"] = args
    for name in _ACCOUNTS:
        if isinstance(metadata.get(name), int | float):
            metadata[name] = None  # as a number it has lost digits
            if "steam_id_not_text" not in warnings:
                warnings.append("steam_id_not_text")
    for name in _OBJECTS:
        if metadata.get(name) == []:
            metadata[name] = {}


def _split_ip(metadata: dict[str, Any], warnings: list[str]) -> None:
    ip = metadata["ip"]
    found = ip_addresses.split_port(ip) if isinstance(ip, str) else None
    if found is None:
        warnings.append("ip_invalid")
        return
    metadata["ip"], port = found
    if port is not None:
        metadata["port"] = port
