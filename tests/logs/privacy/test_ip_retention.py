"""Privacy: after thirty days no address can be read anywhere, and nothing else has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.logs.privacy import ip_addresses, ip_retention, ip_sightings
from functions.logs.search import columnstore
from functions.shared import db
from tests.support.client import Client
from tests.support.logs.panel import ago, connect, send

ANA, BO = "STEAM_0:1:101", "STEAM_0:1:102"
IP, V6 = "203.0.113.9", "2001:db8::1"
OLD, YOUNG = ago(days=30, minutes=5), ago(days=29)
GEO = {"country": "PT", "city": "Porto", "lat": 41.1, "lng": -8.6}


def event(event_id: str) -> db.Row:
    return db.query(
        "select raw_text, metadata, occurred_at, steam_id from logs.events where id = %s",
        (event_id,),
    )[0]


def traces(text: str) -> list[str]:
    """The tables of logs in which a text can still be read."""
    tables = (
        *("events", "sightings", "redaction_queue", "alt_allowlist", "notes", "punishments"),
        "ingest_counts",
    )
    found = []
    for table in tables:
        rows = db.query(f"select t::text as said from logs.{table} t")  # type: ignore[arg-type]
        if any(text in row["said"] for row in rows):
            found.append(table)
    return found


def mark(address: str) -> str:
    return ip_addresses.mask_address(address, ip_sightings.get_hash_key())


def test_an_old_address_is_erased_everywhere(game: Client) -> None:
    raw = f"Ana ({IP}:48878) joined from {IP}. {IP}0 and 1{IP} are others"
    sent = connect(ANA, f"{IP}:48878", OLD, rawText=raw, metadata={"geo": GEO, "via": f"<{IP}>"})
    [stored] = send(game, sent)["results"]
    assert traces(IP) == ["events", "sightings"]
    before = event(stored["id"])
    assert vars(ip_retention.erase_due()) == {
        "events": 1,
        "sightings": 1,
        "deleted": 0,
        "rehashed": 0,
        "left": False,
    }
    after, instead = event(stored["id"]), mark(IP)
    assert instead == f"ip#{ip_addresses.hash_address(IP, ip_sightings.get_hash_key()).hex()[:8]}"
    assert after["metadata"] == {
        **before["metadata"],
        "ip": instead,
        "via": f"<{instead}>",
        "geo": {"country": "PT", "city": "Porto"},
    }
    assert after["metadata"]["port"] == 48878
    assert after["raw_text"] == (
        f"Ana ({instead}:48878) joined from {instead}. {IP}0 and 1{IP} are others"
    )
    assert traces("41.1") == []
    assert db.query("select address, geo from logs.sightings") == [
        {"address": None, "geo": {"country": "PT", "city": "Porto"}}
    ]
    assert db.query("select 1 as one from logs.redaction_queue") == []
    assert ip_retention.erase_due().events == 0


def test_a_younger_address_stays(game: Client) -> None:
    [stored] = send(game, connect(ANA, IP, YOUNG, metadata={"geo": GEO}))["results"]
    assert ip_retention.erase_due().events == 0
    assert event(stored["id"])["metadata"]["ip"] == IP
    assert event(stored["id"])["metadata"]["geo"] == GEO
    assert ip_sightings.list_newest([ANA])[ANA]["ip"] == IP


@pytest.mark.parametrize("address", [V6, "10.0.0.7", "127.0.0.1", "::ffff:203.0.113.9"])
def test_addresses_of_any_kind_go(game: Client, address: str) -> None:
    sent = connect(ANA, f"[{address}]:27005" if ":" in address else address, OLD)
    [stored] = send(game, sent | {"rawText": f"from {address}:27005!"})["results"]
    ip_retention.erase_due()
    after = event(stored["id"])
    assert after["metadata"]["ip"] == mark(address)
    assert after["raw_text"] == f"from {mark(address)}:27005!"


@pytest.mark.parametrize("ip", ["none", "Error!", "loopback", None])
def test_words_in_place_of_addresses_stay(game: Client, ip: Any) -> None:
    [stored] = send(game, connect(ANA, ip, OLD, metadata={"geo": GEO}))["results"]
    ip_retention.erase_due()
    after = event(stored["id"])["metadata"]
    assert after.get("ip") == ip
    assert after["geo"] == {"country": "PT", "city": "Porto"}


def test_what_was_erased_is_still_recognised_when_it_is_sent_again(game: Client) -> None:
    batch = [connect(ANA, IP, OLD), connect(BO, IP, OLD, type="BUILD_SAVE", rawText=f"by {IP}")]
    send(game, *batch)
    ip_retention.erase_due()
    again = send(game, *batch)
    assert (again["stored"], again["duplicates"]) == (0, 2)
    assert traces(IP) == []


def test_a_late_event_does_not_bring_an_address_back_for_long(game: Client) -> None:
    send(game, connect(ANA, IP, OLD))
    ip_retention.erase_due()
    send(game, connect(ANA, IP, OLD + timedelta(minutes=1), metadata={"geo": GEO}))
    assert traces(IP) == ["events", "sightings"]
    assert ip_retention.erase_due().events == 1
    assert traces(IP) == []
    assert traces("41.1") == []
    assert [row["events"] for row in db.query("select events from logs.sightings")] == [2]


def test_the_number_of_days_is_a_setting(game: Client, setting: Callable[..., None]) -> None:
    send(game, connect(ANA, IP, ago(days=8)))
    setting(LOGS_IP_DAYS="7")
    assert ip_retention.erase_due().events == 1
    assert traces(IP) == []


def test_sightings_end_with_what_they_prove(game: Client) -> None:
    send(game, connect(ANA, IP, ago(days=89)), connect(BO, IP, ago(days=1)))
    db.query(
        "update logs.sightings set last_at = last_at - interval '2 days' where steam_id = %s",
        (ANA,),
    )
    assert ip_retention.erase_due().deleted == 1
    assert [row["steam_id"] for row in db.query("select steam_id from logs.sightings")] == [BO]


def test_an_event_that_is_gone_is_no_obstacle(game: Client) -> None:
    send(game, connect(ANA, IP, OLD))
    db.query("delete from logs.events")
    ip_retention.erase_due()
    assert db.query("select 1 as one from logs.redaction_queue") == []


def test_everything_is_erased_in_parts(game: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ip_retention, "_BATCH_SIZE", 7)
    batch: list[dict[str, Any]] = []
    for n in range(40):
        at: datetime = OLD - timedelta(minutes=n)
        batch.append(connect(f"STEAM_0:1:{n + 1}", f"203.0.113.{n}", at, type=f"TYPE_{n % 3}"))
    send(game, *batch)
    assert ip_retention.erase_due(seconds=0).left
    assert ip_retention.erase_due().events == 40 - 7
    assert traces("203.0.113") == []


def test_the_columnstore_is_no_obstacle(game: Client, migrated: tuple[Any, str, str]) -> None:
    """There an erasure unpacks what it changes, and a repeat is still recognised."""
    batch = [connect(f"STEAM_0:1:{n + 1}", IP, OLD - timedelta(seconds=n)) for n in range(100)]
    batch += [{**one, "type": "CHAT"} for one in batch]
    send(game, *batch)
    packed = columnstore.run(db.connection())
    assert (packed.compressed > 0, packed.left) == (migrated[0].edition == "community", 0)
    assert columnstore.run(db.connection()).compressed == 0
    assert send(game, *batch)["duplicates"] == 200
    assert send(game, connect(BO, IP, OLD + timedelta(minutes=2)))["stored"] == 1
    assert ip_retention.erase_due().events == 201
    assert traces(IP) == []
    assert send(game, *batch)["duplicates"] == 200
    again = columnstore.run(db.connection())
    assert (again.compressed > 0, again.left) == (migrated[0].edition == "community", 0)
    assert send(game, *batch)["duplicates"] == 200
    assert traces(IP) == []


@pytest.mark.parametrize(
    ("ip", "erased"),
    [
        (f"{IP}:99999", "{}:99999"),
        (f" {IP} ", " {} "),
        (f"{IP}:", "{}:"),
        (f"ip={IP}", "ip={}"),
        (f"{IP}, " * 500, "{}, " * 500),
        (f"{IP} " + " ".join(f"198.51.100.{n}" for n in range(200)), "{}"),
    ],
)
def test_an_address_is_erased_from_what_is_none_as_a_whole(
    game: Client, ip: str, erased: str
) -> None:
    """What could not be split into an address and a port was kept as sent, and for ever."""
    [stored] = send(game, connect(ANA, ip, OLD, rawText=f"joined from {IP}"))["results"]
    assert "ip_invalid" in stored["warnings"]
    assert ip_retention.erase_due().events == 1
    assert traces(IP) == []
    assert event(stored["id"])["metadata"]["ip"] == erased.replace("{}", mark(IP))
    assert db.query("select 1 as one from logs.sightings") == []


@pytest.mark.parametrize(
    "ip",
    [
        [f"{IP}:48878"],
        [None, ["none", IP]],
        {"v4": IP, "port": 48878},
        {"of": {"player": [f"{IP}:1", V6]}},
        [IP] * 500,
        [*(f"198.51.100.{n}" for n in range(50)), IP],
    ],
)
def test_an_address_in_a_list_or_an_object_is_erased(game: Client, ip: Any) -> None:
    """Regression: only texts were looked through, and the rest was kept in plain for 90 days."""
    [stored] = send(game, connect(ANA, ip, OLD))["results"]
    assert "ip_invalid" in stored["warnings"]
    assert ip_retention.erase_due().events == 1
    assert traces(IP) == traces(V6) == traces("198.51.100") == []
    assert event(stored["id"])["metadata"]["ip"].startswith("ip#")
    assert ip_retention.erase_due().events == 0


@pytest.mark.parametrize("ip", [[], {}, False])
def test_what_is_no_address_needs_no_erasure(game: Client, ip: Any) -> None:
    [stored] = send(game, connect(ANA, ip, OLD))["results"]
    assert ip_retention.erase_due().events == 0
    assert event(stored["id"])["metadata"]["ip"] == ip


def test_a_number_may_be_an_address_too(game: Client) -> None:
    [stored] = send(game, connect(ANA, 3405803785, OLD))["results"]
    ip_retention.erase_due()
    assert event(stored["id"])["metadata"]["ip"] == ""
    assert traces("3405803785") == []


@pytest.mark.parametrize(
    "geo",
    [
        [41.17, -8.6],
        "41.17,-8.6",
        {"country": "PT", "location": {"lat": 41.17, "lng": -8.6}},
        {"country": "PT", "latitude": 41.17},
        {"country": "PT", "city": {"name": "Porto", "lat": 41.17}},
        [{"country": "PT", "lat": 41.17}],
    ],
)
def test_a_position_in_any_shape_is_erased(game: Client, geo: Any) -> None:
    """Regression: only `lat` and `lng` of an object went, and a list was kept for 90 days."""
    [stored] = send(game, connect(ANA, "none", OLD, metadata={"geo": geo}))["results"]
    assert traces("41.17") == ["events"]
    assert ip_retention.erase_due().events == 1
    assert traces("41.17") == []
    left = {"country": "PT"} if isinstance(geo, dict) else {}
    assert event(stored["id"])["metadata"]["geo"] == left


def test_the_names_of_places_need_no_erasure(game: Client) -> None:
    send(game, connect(ANA, "none", OLD, metadata={"geo": {"country": "PT", "city": "Porto"}}))
    assert ip_retention.erase_due().events == 0
