"""Callers' addresses as limits and audits keep them: keyed hashes, never the address itself."""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import IPv6Address, ip_address

from functions.shared.settings import settings


def hash_address(address: str) -> str:
    """A keyed hash of an IPv4 address or of an IPv6 /64, which one caller has a whole of."""
    return hash_text(_net(address), "address")


def hash_text(text: str, kind: str = "identifier") -> str:
    """A keyed hash of a personal text, such as an e-mail, whatever its case."""
    key = settings().signing_key.get_secret_value().encode()
    named = f"{kind}\0{text.lower()}".encode("utf-8", "replace")
    return hmac.digest(key, named, hashlib.sha256).hex()[:32]


def _net(address: str) -> str:
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return str(read)
    return str(read.ipv4_mapped or f"{int(read) >> 64:x}/64")
