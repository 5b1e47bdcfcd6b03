"""Quarantine: what was refused is kept once, for 30 days, and can be recorded after a fix."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.shared import auth, db
from functions.shared.spool import Accepted
from functions.ttt import quarantine
from functions.ttt.maintenance import maintenance
from tests.support.client import Client, admin
from tests.support.ttt.example import FIRST, SECOND, A, B

WRONG = {**SECOND, "duration": 900.5}


def bodies() -> list[str]:
    return [row["body"] for row in db.query("select body from ttt.quarantine order by received_at")]


def refuse(client: Client, body: Any = WRONG, status: int = 400) -> None:
    assert client.post("/api/collect", body).status == status


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "Invalid JSON"),
        ("", "Invalid JSON"),
        ('{"round_id":"x","duration":NaN,}', "Invalid JSON"),
        ("[]", "No data provided"),
        ("7", "Body must be a JSON object"),
        ("{}", "No data provided"),
        ('{"winner":"2"}', "Missing round_id"),
        ('{"round_id":7}', "Invalid round_id"),
        (json.dumps(WRONG), "Invalid duration"),
    ],
)
def test_a_refused_body_is_kept_as_it_was_sent(client: Client, body: str, reason: str) -> None:
    refuse(client, body)
    [kept] = quarantine.list_quarantined()
    assert (kept["reason"], kept["server"], kept["bytes"]) == (reason, None, len(body))
    assert bodies() == [body]


def test_a_round_that_differs_is_kept_too(client: Client) -> None:
    client.post("/api/collect", SECOND)
    refuse(client, {**SECOND, "winner": "4"}, 409)
    assert [json.loads(body)["winner"] for body in bodies()] == ["4"]


def test_what_is_refused_for_its_key_or_size_is_not_kept(client: Client) -> None:
    assert client.post("/api/collect", WRONG, headers={}).status == 401
    assert client.post("/api/collect", {**WRONG, "filler": "x" * 1_048_576}).status == 413
    assert client.post("/api/collect", SECOND).status == 201
    assert client.post("/api/player/update", {"steam_id": 7, "display_name": "x"}).status == 400
    assert bodies() == []


def test_the_same_body_of_the_same_server_is_kept_once(client: Client) -> None:
    for _ in range(3):
        refuse(client)
    assert len(bodies()) == 1
    key = {"X-Api-Key": auth.issue("red", ["ttt:write"])}
    for _ in range(2):
        assert client.post("/api/collect", WRONG, headers=key).status == 400
    assert [row["server"] for row in quarantine.list_quarantined()] == [None, "red"]


@pytest.mark.parametrize(
    "body",
    [
        '{"round_id":"a\\u0000b"}',
        '{"round_id":"a\0b"}',
        '{"round_id":7,"x":"\\ud83d"}',
        '{"round_id":7,"x":"\ud83d"}',
        "\x00\x01\x02\ufeff",
        '{"round_id":7,"x":"☾ \u202e 🏴‍☠️"}',
        "%s %(x)s {} ';drop table ttt.quarantine;--",
    ],
    ids=ascii,
)
def test_hostile_bodies_are_refused_and_kept(client: Client, body: str) -> None:
    """Regression: a NUL was kept as another character, with which the body could be replayed."""
    for _ in range(2):
        refuse(client, body)
    assert len(bodies()) == 1
    assert bodies() == [body] or "\0" in body or "\ud83d" in body
    assert quarantine.replay()[0] == 0


def test_a_megabyte_is_kept_whole(client: Client) -> None:
    body = json.dumps({**WRONG, "filler": "x" * 1_000_000})
    refuse(client, body)
    assert bodies() == [body]


def age(days: float) -> None:
    db.query("update ttt.quarantine set received_at = now() - interval '1 day' * %s", (days,))


def test_what_is_older_than_30_days_goes(client: Client) -> None:
    refuse(client)
    age(29.9)
    refuse(client, "{")
    assert len(bodies()) == 2
    age(30.1)
    refuse(client, "[")
    assert bodies() == ["["]


def test_maintenance_deletes_what_is_older_than_30_days(client: Client) -> None:
    refuse(client)
    age(29.9)
    assert maintenance.maintain(db.connection(), 0) == {"quarantine": 0}
    age(30.1)
    assert maintenance.maintain(db.connection(), 0) == {"quarantine": 1}
    assert bodies() == []


def test_what_is_refused_again_after_30_days_is_kept_again(client: Client) -> None:
    """Regression: its old row was in the way of the new one, and then went."""
    refuse(client)
    age(30.1)
    refuse(client)
    assert len(bodies()) == 1


@pytest.fixture
def kept(client: Client) -> Client:
    """A client, after a server's round was refused on 2026-03-05."""
    key = {"X-Api-Key": auth.issue("red", ["ttt:write"])}
    body = {key: value for key, value in WRONG.items() if key != "ended_at"}
    assert client.post("/api/collect", body, headers=key).status == 400
    db.query("update ttt.quarantine set received_at = '2026-11-05T10:00:00.123Z'")
    return client


def fix() -> None:
    """What was half a second too much is whole now: the fix of whatever was refused."""
    db.query("update ttt.quarantine set body = replace(body, '900.5', '9000')")


def test_before_a_fix_a_replay_changes_nothing(kept: Client) -> None:
    recorded, refused = quarantine.replay()
    [row] = quarantine.list_quarantined()
    assert (recorded, refused) == (0, [f"{row['id']}: Invalid duration"])
    assert db.query("select * from ttt.rounds") == []


def test_after_a_fix_it_is_recorded_as_of_its_receipt_and_forgotten(kept: Client) -> None:
    fix()
    assert quarantine.replay() == (1, [])
    [row] = db.query("select occurred_at, received_at, server, duration from ttt.rounds")
    moment = datetime(2026, 11, 5, 10, 0, 0, 123_000, UTC)
    assert [*row.values()] == [moment, moment, "red", 9000]
    assert quarantine.list_quarantined() == []
    assert quarantine.replay() == (0, [])


def test_what_is_older_than_30_days_is_neither_shown_nor_replayed(kept: Client) -> None:
    """Regression: it went only when another body was refused."""
    fix()
    age(30.1)
    assert quarantine.list_quarantined() == []
    assert quarantine.replay() == (0, [])
    assert db.query("select * from ttt.rounds") == []


def test_one_of_them_can_be_replayed_alone(kept: Client) -> None:
    refuse(kept, {**WRONG, "round_id": "other"})
    fix()
    [first, second] = quarantine.list_quarantined()
    assert quarantine.replay(str(second["id"])) == (1, [])
    assert [row["id"] for row in quarantine.list_quarantined()] == [first["id"]]
    assert db.query("select id from ttt.rounds") == [{"id": "other"}]
    assert quarantine.replay("no id") == (0, [])


def test_a_replay_of_a_round_that_came_meanwhile_is_told_apart(kept: Client) -> None:
    refuse(kept, {**FIRST, "duration": 900.5})
    fix()
    kept.post("/api/collect", {**SECOND, "duration": 9000})
    kept.post("/api/collect", {**FIRST, "duration": 8})
    recorded, [refused] = quarantine.replay()
    assert recorded == 1  # the same content: known
    assert refused.endswith("Round already stored with different content")
    assert len(bodies()) == 1


def test_an_erased_person_is_in_no_refused_body(kept: Client) -> None:
    refuse(kept, {"round_id": 7, "buys": [{"steam_id": B}]})
    removed = admin().delete(f"/api/ttt/players/{A}").json["removed"]
    assert removed["ttt.quarantine"] == 1
    assert [A in body for body in bodies()] == [False]


@pytest.mark.parametrize(
    "body",
    [
        f'{{"round_id":"x","start_roles":[{{"player_steamid":"{A}',
        f"{{'round_id':'x','buys':[{{'steam_id':'{A}'}}]}}",
        f"round_id=x&steam_id={A}",
        json.dumps(json.dumps({"steam_id": A})),
    ],
)
def test_an_erased_person_is_in_no_body_that_is_no_json(client: Client, body: str) -> None:
    """Regression: the SteamID was looked for between double quotes only."""
    refuse(client, body)
    admin().delete(f"/api/ttt/players/{A}")
    assert bodies() == []


def test_an_erased_person_is_in_no_body_however_json_spells_them(client: Client) -> None:
    """Regression: any client may escape what is not ASCII."""
    for ascii_only in (True, False):
        refuse(client, json.dumps({"round_id": 7, "steam_id": "☾é"}, ensure_ascii=ascii_only))
    admin().delete("/api/ttt/players/%E2%98%BE%C3%A9")
    assert bodies() == []


def test_what_is_refused_during_an_outage_is_kept_after_it(client: Client) -> None:
    """Regression: it was lost, and the addon does not send it again."""
    accepted_at = int(datetime.now(UTC).timestamp()) * 1000 - 3_600_000
    refused = {"body": json.dumps(WRONG), "server": None, "reason": "Invalid duration"}
    for _ in range(2):
        quarantine.consume([Accepted(refused, accepted_at)])
    [row] = quarantine.list_quarantined()
    assert row["received_at"] == datetime.fromtimestamp(accepted_at / 1000, UTC)
    assert bodies() == [refused["body"]]


def test_of_one_server_the_newest_are_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: whoever had a key could fill the disk."""
    monkeypatch.setattr(quarantine, "MAX_BODIES", 5)
    monkeypatch.setattr(quarantine, "MAX_BYTES", 400)
    red = {"X-Api-Key": auth.issue("red", ["ttt:write"])}
    for number in range(8):
        refuse(client, {"round_id": number})
        assert client.post("/api/collect", {"round_id": number}, headers=red).status == 400
        db.query("update ttt.quarantine set received_at = received_at - interval '1 second'")
    for server in (None, "red"):
        kept = [row for row in quarantine.list_quarantined() if row["server"] == server]
        assert len(kept) == 5
    assert {json.loads(body)["round_id"] for body in bodies()} == {3, 4, 5, 6, 7}
    refuse(client, {"round_id": 8, "filler": "x" * 350})
    assert [len(body) for body in bodies() if "filler" in body] == [379]
    mine = [row["bytes"] for row in quarantine.list_quarantined() if row["server"] is None]
    assert sum(mine) <= 400
    refuse(client, {"round_id": 9, "filler": "x" * 1000})  # more than all of it, and still kept
    assert [
        row["bytes"] > 1000 for row in quarantine.list_quarantined() if row["server"] is None
    ] == [True]
