"""IP addresses of players: what tells two accounts apart, what is kept of it, how it is erased.

Matching uses keyed hashes from the first moment, so that erasing the plain address changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V4_PORT = re.compile(rf"({_OCTET}(?:\.{_OCTET}){{3}})(?::([0-9]{{1,5}}))?")
_V4 = re.compile(rf"(?<![0-9])(?<![0-9]\.){_OCTET}(?:\.{_OCTET}){{3}}(?![0-9]|\.[0-9])")
_MAX_FOUND = 8
_WORD = re.compile(r"[0-9A-Fa-f:.]{2,}")
# A scope (`%eth0`) is the name of the server's own network card, and no part of an address.
_V6_PORT = re.compile(
    r"\[([0-9A-Fa-f:.]{2,64})(?:%[^\]%]{1,64})?\](?::([0-9]{1,5}))?"
    r"|([0-9A-Fa-f:.]{2,64})(?:%[^\]%]{1,64})?"
)

# What never tells a person. The documentation ranges count as public, unlike in `is_private`.
_NEVER_V4 = [
    (int(network.network_address), int(network.netmask))
    for network in map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "224.0.0.0/3",
        ),
    )
]
_UNICAST = IPv6Network("2000::/3")  # beyond it: loopback, unique local, link-local, multicast, ...
_SPECIAL = IPv6Network("2001::/23")  # Teredo, ORCHID, benchmarks: of tunnels and tests


class Evidence(NamedTuple):
    """What a public address says about its owner, as texts to be hashed or shown.

    `key`: the IPv4 address or the IPv6 /64. `net`: the IPv4 /24 or the IPv6 /48.
    """

    key: str
    net: str


def split_port(text: str) -> tuple[str, int | None] | None:
    """(address, port) of "ip:port", "[v6]:port" or a bare address; None for any other text.

    An address with a scope is read without it.
    """
    found = _V4_PORT.fullmatch(text)
    if found:
        address, port = found.groups()
    else:
        found = _V6_PORT.fullmatch(text)
        if not found:
            return None
        address, port = found[1] or found[3], found[2]
        if _parsed(address) is None:
            return None
    if port is None:
        return address, None
    return (address, int(port)) if int(port) < 1 << 16 else None


def find_addresses(text: str) -> list[str]:
    """The bare addresses that a text holds, also one that is no address and port as a whole.

    Of many the first few: who erases each of thousands would never come to an end.
    """
    whole = split_port(text)
    if whole:
        return [whole[0]]
    found: dict[str, None] = {}
    for word in _WORD.findall(text):
        is_whole = len(word) < 46 and _parsed(word)
        found |= dict.fromkeys([word] if is_whole else _V4.findall(word))
        if len(found) >= _MAX_FOUND:
            break
    return list(found)[:_MAX_FOUND]


def get_evidence(address: str) -> Evidence | None:
    """What a bare address says about who uses it; None for one that many or nobody can have."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv4Address):
        bits = int(parsed)
        if any(bits & mask == network for network, mask in _NEVER_V4):
            return None
        return Evidence(str(parsed), f"{IPv4Address(bits & 0xFFFFFF00)}/24")
    if parsed is None or parsed not in _UNICAST or parsed in _SPECIAL:
        return None
    bits = int(parsed)
    return Evidence(
        f"{IPv6Address(bits >> 64 << 64)}/64",
        f"{IPv6Address(bits >> 80 << 80)}/48",
    )


def hash_address(part: str, secret: bytes) -> bytes:
    """The keyed hash of an address key or net key: HMAC-SHA-256, 32 bytes."""
    return hmac.digest(secret, b"address\0" + part.encode(), hashlib.sha256)


def mask_address(address: str, secret: bytes) -> str:
    """What stands for a bare address once it is erased; of a public one its evidence's mark."""
    evidence = get_evidence(address)
    return mask_ip(hash_address(evidence.key if evidence else str(_parsed(address)), secret))


def mask_ip(key_digest: bytes) -> str:
    """What stands where an erased address stood: `ip#` and 8 hex digits of its key's digest."""
    return f"ip#{key_digest.hex()[:8]}"


def mask_subnet(net_digest: bytes) -> str:
    """What stands where an erased network stood: `net#` and 8 hex digits of its digest."""
    return f"net#{net_digest.hex()[:8]}"


def replace_address(text: str, address: str, instead: str) -> str:
    """The text with each spelling of a bare address replaced; ports and longer addresses stay."""
    parsed = _parsed(address)
    spellings = {address, str(parsed or address)}
    if isinstance(parsed, IPv6Address):
        spellings.add(parsed.exploded)
        # "ip:2001:db8::1" is an address after a colon: to erase too much is the lesser evil.
        before, after = "(?<![0-9a-f])", "(?![0-9a-f])"
    else:
        # A full stop may end the sentence; with a digit behind it the number goes on.
        before, after = r"(?<![0-9])(?<![0-9]\.)", r"(?![0-9]|\.[0-9])"
    either = "|".join(map(re.escape, sorted(spellings, key=len, reverse=True)))
    return re.sub(f"{before}(?:{either}){after}", lambda _: instead, text, flags=re.IGNORECASE)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """A bare address; None for what `split` takes for none, and a scope is no part of one."""
    if "%" in address:
        return None
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
