"""Likeness: which accounts share an address or a network, from sightings and what staff allow.

Pure: what is counted here can be held against a count of all pairs. It never goes through them,
because thousands may play from behind one address.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from heapq import nsmallest
from typing import Any, Literal, NamedTuple

SHARED_NETWORK = 8  # with more accounts than this an address is no household's
MAX_PAIRS = 200  # that a group shows as its evidence


Excluded = Callable[[str], set[str]]


class AddressUse(NamedTuple):
    """One account on one address, over all its days there."""

    subnet_hash: bytes
    ip_hash: bytes
    steam_id: str
    days: frozenset[date]
    first_at: datetime
    last_at: datetime
    address: str | None = None  # while it is kept
    geo: dict[str, Any] | None = None
    geo_at: datetime | None = None


class Pair(NamedTuple):
    """Two accounts of a group, and on how many UTC days both were seen there."""

    steam_ids: tuple[str, str]
    days: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Group:
    """Accounts that share an address or a network, the one seen there last first."""

    kind: Literal["ip", "subnet"]
    key: bytes  # of the address or the network
    seen: Mapping[str, list[AddressUse]]  # of its accounts, there
    pairs: list[Pair]  # at most MOST_PAIRS
    is_crowded: bool = False

    @property
    def is_high(self) -> bool:
        return self.kind == "ip" and not self.is_crowded

    @property
    def last_at(self) -> datetime:
        return max(one.last_at for seen in self.seen.values() for one in seen)


class Allowed(NamedTuple):
    """What is no evidence: pairs of a household, by account, and networks that many share."""

    partners: Mapping[str, set[str]]
    networks: set[bytes]


def find_groups(seen: Iterable[AddressUse], allowed: Allowed) -> list[Group]:
    """The groups that evidence speaks for, HIGH ones first, then the newest activity."""
    counted = [one for one in seen if one.subnet_hash not in allowed.networks]
    places = _Places(counted, allowed.partners)
    found = [*places.on_addresses(), *places.on_networks()]
    found.sort(key=lambda one: (one.kind, one.key))
    found.sort(key=lambda one: (one.is_high, one.last_at), reverse=True)
    return found


class _Places:
    """Who was where."""

    def __init__(self, seen: list[AddressUse], partners: Mapping[str, set[str]]) -> None:
        self.partners = partners
        self.at: dict[bytes, dict[str, list[AddressUse]]] = defaultdict(lambda: defaultdict(list))
        self.within: dict[bytes, dict[str, list[AddressUse]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self.keys: dict[str, set[bytes]] = defaultdict(set)
        self.sharers: dict[frozenset[bytes], set[str]] = {}
        for one in seen:
            self.at[one.ip_hash][one.steam_id].append(one)
            self.within[one.subnet_hash][one.steam_id].append(one)
            self.keys[one.steam_id].add(one.ip_hash)

    def on_addresses(self) -> Iterator[Group]:
        """Accounts on one address, but for those all of whose pairs there are allowed."""
        for key, there in self.at.items():
            suspect = {
                who: seen
                for who, seen in there.items()
                if len(there) - 1 > len(self._allowed(who) & there.keys())
            }
            if suspect:
                crowded = len(there) > SHARED_NETWORK
                yield Group("ip", key, suspect, self._pairs(suspect, self._allowed), crowded)

    def on_networks(self) -> Iterator[Group]:
        """Accounts on one network, but for those who share an address with all others there."""
        for net, there in self.within.items():
            if len(there) < 2:
                continue
            near: dict[frozenset[bytes], int] = {}
            suspect = {}
            for who, seen in there.items():
                sharers, keys = self._sharers(who), frozenset(self.keys[who])
                if keys not in near:
                    near[keys] = len(sharers & there.keys())
                more = len((self._allowed(who) & there.keys()) - sharers)
                if len(there) > near[keys] + more:
                    suspect[who] = seen
            if suspect:
                yield Group("subnet", net, suspect, self._pairs(suspect, self._not_medium))

    def _allowed(self, who: str) -> set[str]:
        return self.partners.get(who, set()) - {who}

    def _not_medium(self, who: str) -> set[str]:
        return self._allowed(who) | self._sharers(who)

    def _sharers(self, who: str) -> set[str]:
        """Who was on an address of theirs, themselves too."""
        keys = frozenset(self.keys[who])
        if keys not in self.sharers:  # most of a crowd have the same addresses
            self.sharers[keys] = set().union(*(self.at[key].keys() for key in keys))
        return self.sharers[keys]

    def _pairs(self, there: Mapping[str, list[AddressUse]], excluded: Excluded) -> list[Pair]:
        """The newest pairs of a place, but for the excluded ones."""
        newest = sorted(there, key=lambda who: (-_last(there[who]).timestamp(), who))
        rank = {who: number for number, who in enumerate(newest)}
        pairs: list[Pair] = []
        for who in newest:
            others = (rank[one] for one in there.keys() - excluded(who) if rank[one] > rank[who])
            closest = nsmallest(MAX_PAIRS - len(pairs), others)
            pairs += [_pair(who, newest[number], there) for number in closest]
            if len(pairs) == MAX_PAIRS:
                break
        return pairs


def _last(seen: list[AddressUse]) -> datetime:
    return max(one.last_at for one in seen)


def _pair(one: str, other: str, there: Mapping[str, list[AddressUse]]) -> Pair:
    first, second = sorted((one, other))
    days = [frozenset[date]().union(*(s.days for s in there[who])) for who in (one, other)]
    both = [*there[one], *there[other]]
    return Pair(
        (first, second),
        len(days[0] & days[1]),
        min(seen.first_at for seen in both),
        max(seen.last_at for seen in both),
    )
