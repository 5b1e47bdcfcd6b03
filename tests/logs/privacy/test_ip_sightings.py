"""Sightings: counted once an event, the same in any order, and only of who can be told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from functions.logs.privacy import ip_addresses, ip_sightings
from functions.shared import db
from tests.support.client import Client
from tests.support.logs.panel import NOW, ago, connect, send

ANA, BO = "STEAM_0:1:101", "STEAM_0:1:102"
IP = "203.0.113.9"
NOON = datetime.combine(NOW.date() - timedelta(days=3), datetime.min.time(), UTC).replace(hour=12)


def seen() -> list[db.Row]:
    return db.query(
        """
        select steam_id, day, first_at, last_at, events, address, geo, ip_hash, subnet_hash
        from logs.sightings
        order by steam_id, day, ip_hash
        """
    )


def test_an_address_is_seen_and_hashed(game: Client) -> None:
    send(game, connect(ANA, f"{IP}:48878", NOON))
    [row] = seen()
    assert (row["steam_id"], row["day"], row["events"]) == (ANA, NOON.date(), 1)
    assert (row["first_at"], row["last_at"], row["address"]) == (NOON, NOON, IP)
    assert row["ip_hash"] == ip_addresses.hash_address(IP, ip_sightings.get_hash_key())
    assert row["subnet_hash"] == ip_addresses.hash_address(
        "203.0.113.0/24", ip_sightings.get_hash_key()
    )
    [kept] = db.query("select id, server_id, type from logs.redaction_queue")
    assert (kept["server_id"], kept["type"]) == ("srv_01", "CONNECT")


def test_what_is_sent_again_is_not_counted_again(game: Client) -> None:
    batch = [connect(ANA, IP, NOON + timedelta(minutes=n)) for n in range(3)]
    send(game, *batch[:2])
    before = seen()
    send(game, *batch[:2])
    assert seen() == before
    send(game, *batch)
    assert [row["events"] for row in seen()] == [3]


def test_many_events_are_counted_like_few(game: Client) -> None:
    batch = [connect(ANA, IP, NOON + timedelta(minutes=n)) for n in range(50)]
    send(game, *batch)  # copied
    send(game, *batch, connect(BO, IP, NOON))  # merged
    assert [(row["steam_id"], row["events"]) for row in seen()] == [(ANA, 50), (BO, 1)]


def test_the_order_of_arrival_changes_nothing(game: Client) -> None:
    batch = [
        connect(ANA, "2001:db8::1", NOON, metadata={"geo": {"city": "Porto", "lat": 1.5}}),
        connect(ANA, "2001:db8::2", NOON + timedelta(hours=1)),
        connect(ANA, "2001:db8::3", NOON + timedelta(hours=2), metadata={"geo": {"city": "Faro"}}),
        connect(ANA, "2001:db8::4", NOON + timedelta(hours=2), type="CHAT"),
    ]
    found = []
    for order in permutations(batch):
        for one in order:
            send(game, one)
        found.append(seen())
        db.query("delete from logs.events")
        db.query("delete from logs.sightings")
    assert all(one == found[0] for one in found)
    [row] = found[0]
    assert (row["first_at"], row["last_at"]) == (NOON, NOON + timedelta(hours=2))
    assert (row["address"], row["geo"]) == ("2001:db8::4", {"city": "Faro"})


@pytest.mark.parametrize(
    "ip",
    ["Error!", "none", "loopback", "127.0.0.1", "10.1.2.3", "100.64.0.1", "fe80::1", "::1", "x", 5],
)
def test_what_tells_nobody_apart_is_no_sighting(game: Client, ip: Any) -> None:
    send(game, connect(ANA, ip))
    assert seen() == []


@pytest.mark.parametrize("who", ["BOT", "STEAM_0:0:0", "STEAM_ID_LAN", None])
def test_who_is_nobody_is_not_seen(game: Client, who: str | None) -> None:
    send(game, {**connect(ANA, IP), "steamId": who})
    assert seen() == []
    assert (
        len(db.query("select 1 as one from logs.redaction_queue")) == 1
    )  # to be erased all the same


def test_an_address_with_a_scope_is_read_without_it(game: Client) -> None:
    """Regression: it was invalid, and evidence all the same."""
    said = send(game, connect(ANA, "[2001:db8::1%eth0]:27005"), connect(BO, "2001:db8::1"))
    assert all("warnings" not in one for one in said["results"])
    assert [row["address"] for row in seen()] == ["2001:db8::1"] * 2
    refused = "2001:db8::1%" + "x" * 65
    [result] = send(game, connect("STEAM_0:1:109", refused))["results"]
    assert result["warnings"] == ["ip_invalid"]
    assert len(seen()) == 2


def test_any_event_with_an_address_is_a_sighting(game: Client) -> None:
    send(game, connect(ANA, IP, type="BUILD_SAVE"), connect(ANA, IP, type="CHAT"))
    assert [row["events"] for row in seen()] == [2]


def test_each_utc_day_is_a_sighting_of_its_own(game: Client) -> None:
    send(game, *[connect(ANA, IP, NOON + timedelta(hours=12 * n)) for n in range(3)])
    assert [row["day"] for row in seen()] == [
        NOON.date(),
        (NOON + timedelta(days=1)).date(),
    ]


def test_a_hostile_geo_is_no_harm(game: Client) -> None:
    for n, geo in enumerate(
        [5, "x", [1], {"city": 5, "lat": "1", "lng": True}, {"city": "x" * 999}]
    ):
        send(game, connect(ANA, IP, NOON + timedelta(minutes=n), metadata={"geo": geo}))
    [row] = seen()
    assert row["geo"] == {"city": "x" * 64}


def test_the_newest_address_and_place_of_each_account(game: Client) -> None:
    send(
        game,
        connect(ANA, IP, ago(days=2), metadata={"geo": {"city": "Porto"}}),
        connect(ANA, "198.51.100.4", ago(days=1)),
        connect(BO, IP, ago(days=2)),
    )
    assert ip_sightings.list_newest([ANA, BO, "STEAM_0:1:103"]) == {
        ANA: {"ip": "198.51.100.4", "geo": {"city": "Porto"}},
        BO: {"ip": IP, "geo": None},
    }
