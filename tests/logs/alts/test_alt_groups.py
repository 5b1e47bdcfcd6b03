"""Likeness against a count of all pairs, and at its edges."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.logs.alts.alt_groups import (
    MAX_PAIRS,
    SHARED_NETWORK,
    AddressUse,
    Allowed,
    find_groups,
)

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
NONE = Allowed({}, set())
PEOPLE = [f"STEAM_0:1:{n}" for n in range(1, 13)]


def seen(who: str, net: int, host: int = 0, days: tuple[int, ...] = (0,)) -> AddressUse:
    dates = frozenset(START.date() + timedelta(days=n) for n in days)
    first, last = (START + timedelta(days=n) for n in (min(days), max(days)))
    return AddressUse(bytes([net]), bytes([net, host]), who, dates, first, last)


def household(*pairs: tuple[str, str]) -> dict[str, set[str]]:
    partners: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        partners[one].add(other)
        partners[other].add(one)
    return partners


def told(found: list[Any]) -> list[tuple[str, bool, bytes, list[str]]]:
    return [(one.kind, one.is_high, one.key, sorted(one.seen)) for one in found]


@st.composite
def places(draw: Any) -> list[AddressUse]:
    spots = st.tuples(
        st.sampled_from(PEOPLE), st.integers(0, 2), st.integers(0, 3), st.integers(0, 3)
    )
    merged: dict[tuple[str, int, int], set[int]] = defaultdict(set)
    for who, net, host, day in draw(st.lists(spots, max_size=40)):
        merged[who, net, host].add(day)
    return [seen(*place, days=tuple(days)) for place, days in merged.items()]


Pairs = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)).filter(lambda p: p[0] != p[1]),
    max_size=10,
)


@given(places(), Pairs, st.sets(st.integers(0, 2), max_size=2))
def test_groups_are_what_a_count_of_all_pairs_gives(
    given_: list[AddressUse], allowed: list[tuple[str, str]], open_nets: set[int]
) -> None:
    networks = {bytes([net]) for net in open_nets}
    counted = [one for one in given_ if one.subnet_hash not in networks]
    at: dict[bytes, set[str]] = defaultdict(set)
    within: dict[bytes, set[str]] = defaultdict(set)
    for one in counted:
        at[one.ip_hash].add(one.steam_id)
        within[one.subnet_hash].add(one.steam_id)
    let = {frozenset(pair) for pair in allowed}
    same = {frozenset(p) for there in at.values() for p in combinations(there, 2)}
    near = {frozenset(p) for there in within.values() for p in combinations(there, 2)}
    expected = {}
    for kind, where, pairs in (("ip", at, same - let), ("subnet", within, near - same - let)):
        for key, there in where.items():
            found = {who for pair in pairs if pair <= there for who in pair}
            if found:
                high = kind == "ip" and len(there) <= SHARED_NETWORK
                expected[kind, high, key] = found
    result = find_groups(given_, Allowed(household(*allowed), networks))
    assert {one[:3]: set(one[3]) for one in told(result)} == expected
    for group in result:
        pairs = same - let if group.kind == "ip" else near - same - let
        assert {frozenset(pair.steam_ids) for pair in group.pairs} == {
            pair for pair in pairs if pair <= group.seen.keys()
        }
    assert [one.is_high for one in result] == sorted((o.is_high for o in result), reverse=True)
    for high in (True, False):
        times = [one.last_at for one in result if one.is_high is high]
        assert times == sorted(times, reverse=True)


@given(places())
def test_evidence_counts_the_days_on_which_both_were_there(given_: list[AddressUse]) -> None:
    for group in find_groups(given_, NONE):
        for pair in group.pairs:
            days: dict[str, set[date]] = defaultdict(set)
            times: list[datetime] = []
            for one in given_:
                key = one.ip_hash if group.kind == "ip" else one.subnet_hash
                if key == group.key and one.steam_id in pair.steam_ids:
                    days[one.steam_id] |= one.days
                    times += [one.first_at, one.last_at]
            first, second = pair.steam_ids
            assert first < second
            assert pair.days == len(days[first] & days[second])
            assert (pair.first_at, pair.last_at) == (min(times), max(times))


def test_the_order_of_sightings_changes_nothing() -> None:
    rows = [seen(who, n % 3, n % 2, (n % 4,)) for n, who in enumerate(PEOPLE)]
    assert find_groups(rows, NONE) == find_groups(rows[::-1], NONE)


def test_nine_accounts_on_an_address_are_no_household() -> None:
    eight = [seen(who, 1) for who in PEOPLE[:8]]
    assert told(find_groups(eight, NONE)) == [("ip", True, b"\1\0", sorted(PEOPLE[:8]))]
    [nine] = find_groups([*eight, seen(PEOPLE[8], 1)], NONE)
    assert (nine.kind, nine.is_high, nine.is_crowded, len(nine.pairs)) == ("ip", False, True, 36)


def test_an_address_that_thousands_share_costs_no_more_than_it_says() -> None:
    crowd = [seen(f"STEAM_0:1:{n}", 1, 0, (n % 3,)) for n in range(1, 8001)]
    strays = [seen(f"STEAM_0:0:{n}", 1, n) for n in range(1, 200)]
    high, medium = find_groups([*crowd, *strays], NONE)
    assert (len(high.seen), len(high.pairs)) == (8000, MAX_PAIRS)
    assert (len(medium.seen), len(medium.pairs)) == (8199, MAX_PAIRS)
