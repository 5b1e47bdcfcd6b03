"""The wire contract of duplicate accounts: what the panel reads, and what staff allow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.logs.privacy import ip_addresses, ip_retention, ip_sightings
from functions.shared import db
from tests.support.client import Client
from tests.support.logs.panel import NOW, ago, connect, make_staff, send, stamp

A, B, C, D = (f"STEAM_0:1:{n}" for n in (101, 102, 103, 104))
PATH, ALLOW = "/api/suspicious", "/api/suspicious/allow"
GEO = {"country": "PT", "city": "Porto", "state": "Norte", "lat": 41.1, "lng": -8.6}
Groups = list[dict[str, Any]]


@pytest.fixture
def staff(game: Client) -> Client:
    """The worked example: A and B on one address, C near them, D elsewhere."""
    send(
        game,
        connect(A, "203.0.113.9:48878", ago(days=2)),
        connect(A, "203.0.113.9", ago(days=1)),
        connect(B, "203.0.113.9", ago(hours=3), metadata={"geo": GEO}),
        connect(C, "203.0.113.77", ago(hours=2)),
        connect(D, "198.51.100.4", ago(hours=1)),
    )
    return make_staff()


def read(staff: Client, query: str = "") -> Groups:
    answered = staff.get(PATH + query)
    assert (answered.status, answered.headers["cache-control"]) == (200, "no-store")
    groups: Groups = answered.json
    return groups


def told(groups: Groups) -> list[tuple[str, str, list[str]]]:
    return [
        (one["level"], one["commonIpOrSubnet"], sorted(p["steamId"] for p in one["players"]))
        for one in groups
    ]


def age(days: float) -> None:
    """Lets time pass: every address was seen that much earlier."""
    by = timedelta(days=days)
    db.query("update logs.redaction_queue set occurred_at = occurred_at - %s", (by,))
    db.query(
        """
        update logs.sightings
        set first_at = first_at - %(by)s, last_at = last_at - %(by)s, geo_at = geo_at - %(by)s,
          day = ((last_at - %(by)s) at time zone 'UTC')::date
        """,
        {"by": by},
    )


def test_the_worked_example(staff: Client) -> None:
    high, medium = read(staff)
    assert told([high, medium]) == [
        ("HIGH", "203.0.113.9", [A, B]),
        ("MEDIUM", "203.0.113.0/24", [A, B, C]),
    ]
    hashed = ip_addresses.hash_address("203.0.113.9", ip_sightings.get_hash_key()).hex()
    assert high["id"] == f"ip_{hashed[:16]}"
    assert medium["id"].startswith("subnet_")
    assert high["lastActivity"] == stamp(ago(hours=3))[:-1] + ".000Z"
    assert medium["lastActivity"] == stamp(ago(hours=2))[:-1] + ".000Z"
    assert high["location"] == medium["location"] == "Porto, Norte, PT"
    [pair] = high["evidence"]
    assert (pair["steamIds"], pair["kind"]) == ([A, B], "same_address")
    assert pair["firstSeen"] == stamp(ago(days=2))[:-1] + ".000Z"
    assert pair["lastSeen"] == stamp(ago(hours=3))[:-1] + ".000Z"
    assert [(one["steamIds"], one["kind"]) for one in medium["evidence"]] == [
        ([B, C], "same_network"),
        ([A, C], "same_network"),
    ]
    player = next(one for one in high["players"] if one["steamId"] == B)
    assert (player["ip"], player["geo"]["city"]) == ("203.0.113.9", "Porto")
    for name in ("name", "avatarUrl", "lastSeen", "firstSeen", "totalConnections", "isVip"):
        assert name in player
    assert player["punishments"] == []


def test_days_are_those_on_which_both_were_seen(game: Client) -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0) - timedelta(days=5)
    for who, days in ((A, (0, 1, 2, 4)), (B, (1, 2, 3))):
        for day in days:
            send(game, connect(who, "2001:db8:0:1::5", midnight + timedelta(days=day, hours=1)))
    [group] = read(make_staff())
    assert group["commonIpOrSubnet"] == "2001:db8:0:1::/64"
    assert group["evidence"][0]["days"] == 2


def test_a_household_is_no_evidence(staff: Client) -> None:
    made = staff.post(ALLOW, {"steamIds": [A, B], "reason": "siblings"}).json
    assert told(read(staff)) == [("MEDIUM", "203.0.113.0/24", [A, B, C])]
    shown = read(staff, "?includeAllowed=true")
    assert [(one["level"], one.get("allowed")) for one in shown] == [
        ("MEDIUM", None),
        ("HIGH", True),
    ]
    staff.delete(f"{ALLOW}/{made['id']}")
    assert len(read(staff)) == 2
    staff.post(ALLOW, {"steamIds": [A, B, C], "reason": "a club"})
    assert read(staff) == []


def test_a_shared_network_is_no_evidence(staff: Client) -> None:
    staff.post(ALLOW, {"network": "203.0.113.0/24", "reason": "a school"})
    assert read(staff) == []
    assert len(read(staff, "?includeAllowed=true")) == 2
    assert len(read(staff, "?includeAllowed=false")) == 0


def test_nothing_changes_on_the_day_the_address_goes(staff: Client) -> None:
    age(days=27.5)
    assert ip_retention.erase_due().events == 0
    before = read(staff)
    age(days=5)
    assert ip_retention.erase_due().events == 5
    after = read(staff)
    shown = [one.pop("commonIpOrSubnet") for one in after]
    hashed = ip_addresses.hash_address("203.0.113.9", ip_sightings.get_hash_key()).hex()
    near = ip_addresses.hash_address("203.0.113.0/24", ip_sightings.get_hash_key()).hex()
    assert shown == [f"ip#{hashed[:8]}", f"net#{near[:8]}"]
    assert [one.pop("commonIpOrSubnet") for one in before] == ["203.0.113.9", "203.0.113.0/24"]
    assert [one["id"] for one in after] == [one["id"] for one in before]
    for group in (*before, *after):
        for player in group["players"]:
            player.pop("ip", None)
            (player.get("geo") or {}).pop("lat", None)
            (player.get("geo") or {}).pop("lng", None)
        group.pop("lastActivity")
        for pair in group["evidence"]:
            del pair["firstSeen"], pair["lastSeen"]
    assert after == before


def test_evidence_ends_after_ninety_days(staff: Client) -> None:
    age(days=87.5)
    ip_retention.erase_due()
    assert [one[2] for one in told(read(staff))] == [[A, B], [A, B, C]]
    age(days=2)  # now A's are too old
    assert [one[2] for one in told(read(staff))] == [[B, C]]
    age(days=1)
    assert read(staff) == []
    assert ip_retention.erase_due().deleted == 5


def test_an_address_of_many_is_no_household(game: Client) -> None:
    crowd = [f"STEAM_0:1:{n}" for n in range(1, 10)]
    send(game, *[connect(who, "203.0.113.9") for who in crowd[:8]])
    staff = make_staff()
    assert [(one["level"], one.get("note")) for one in read(staff)] == [("HIGH", None)]
    send(game, connect(crowd[8], "203.0.113.9"))
    [group] = read(staff)
    assert (group["level"], group["note"]) == ("MEDIUM", "shared_network")
    assert group["id"].startswith("ip_")
    assert group["playersTotal"] == 9


def test_without_a_place_the_location_is_unknown(game: Client) -> None:
    send(game, connect(A, "203.0.113.9"), connect(B, "203.0.113.9"))
    [group] = read(make_staff())
    assert group["location"] == "Localização desconhecida"


def test_the_newest_place_counts(game: Client) -> None:
    send(
        game,
        connect(A, "203.0.113.9", ago(days=2), metadata={"geo": {"city": "Porto"}}),
        connect(B, "203.0.113.9", ago(days=1), metadata={"geo": {"country": "PT", "city": "Faro"}}),
        connect(B, "203.0.113.9", ago(hours=1)),
    )
    [group] = read(make_staff())
    assert group["location"] == "Faro, PT"


def test_evidence_is_never_acted_on(staff: Client) -> None:
    before = db.query("select count(*) from logs.events")
    read(staff)
    assert db.query("select 1 as one from logs.punishments") == []
    assert db.query("select count(*) from logs.events") == before


def test_nobody_is_suspicious_at_first(store: str) -> None:
    assert read(make_staff()) == []


def test_a_list_that_does_not_fit_says_so(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert staff.get(PATH).headers["x-has-more"] == "false"
    monkeypatch.setattr("functions.shared.json_codec.MAX_ANSWER_BYTES", 100)
    answered = staff.get(PATH)
    assert (len(answered.json), answered.headers["x-has-more"]) == (1, "true")


def test_only_staff_may_see(staff: Client) -> None:
    assert staff.get(PATH, headers={}).json == {"error": "Missing authorization token"}
    assert make_staff("bot", "ttt:write").get(PATH).status == 403
