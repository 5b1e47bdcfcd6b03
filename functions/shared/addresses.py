"""Callers' addresses as limits and audits keep them: keyed hashes, never the address itself."""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import IPv6Address, ip_address

from functions.shared.secrets import get_secrets


def hash_address(address: str) -> str:
    """A keyed hash of an IPv4 address or of an IPv6 /64, which one caller has a whole of."""
    return list_hashes(address)[0]


def list_hashes(address: str) -> list[str]:
    """What may be stored of an address: its hash under each signing key, today's first."""
    return _hash(_net(address), "address")


def hash_text(text: str) -> str:
    """A keyed hash of a personal text, such as an e-mail, whatever its case."""
    return _hash(text, "identifier")[0]


def _hash(text: str, kind: str) -> list[str]:
    named = f"{kind}\0{text.lower()}".encode("utf-8", "replace")
    keys = get_secrets().signing_secrets
    return [hmac.digest(key, named, hashlib.sha256).hex()[:32] for key in keys]


def _net(address: str) -> str:
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return str(read)
    return str(read.ipv4_mapped or f"{int(read) >> 64:x}/64")
