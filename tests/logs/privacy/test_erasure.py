"""Erasure: a person is gone from every table of logs, and nobody else's numbers have changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.logs import change_queue
from functions.logs.privacy import erasure
from functions.rollups import audit, refresh
from functions.shared import db
from functions.shared.erasure import find_erasures, to_pseudonym, to_tombstone
from tests.support import rollups
from tests.support.client import Client
from tests.support.logs.panel import NOW, ago, connect, make_server, make_staff, send, stamp

A, B = "STEAM_0:1:12", "STEAM_0:1:123"  # one begins like the other
IP = "203.0.113.9"


def event(kind: str, who: str, minute: int, **details: Any) -> dict[str, Any]:
    at = stamp(ago(days=2) + timedelta(minutes=minute))
    sent = {"type": kind, "timestamp": at, "steamId": who, "playerName": f"name of {who}"}
    return {**sent, "metadata": details, "map": "gm_construct", "playerCount": 2}


@pytest.fixture
def game(store: str) -> Client:
    client = make_server()
    names = {"attackerName": "Ana the Great", "victimName": "Bo"}
    send(
        client,
        connect(A, IP, ago(days=2), sessionId=f"s of {A}"),
        connect(B, IP, ago(days=2)),
        event("CHAT", A, 1, message="I am Ana the Great"),
        event("TOOL_USE", A, 2, toolName="rope", targetClass="prop", note="mine"),
        event("KILL", B, 3, attackerSteamId=A, victimSteamId=B, weapon="Ana", **names),
        event("KILL", A, 4, attackerSteamId=B, victimSteamId=A, weapon="m16", victimName="Ana"),
        {**event("ULX", B, 5, message=f"Bo slapped Ana, {A} and {B}", targetSteamId=A,
                 targetName="Ana"), "rawText": "Bo slapped Ana"},
        event("CHAT", B, 6, message="hello"),
        event("DISCONNECT", A, 7, reason="bye"),
    )  # fmt: skip
    staff = make_staff()
    for who in (A, B):
        staff.post(f"/api/players/{who}/notes", {"content": "rude"})
        staff.post(f"/api/players/{who}/punishments", {"type": "BAN", "reason": "rdm"})
    staff.post("/api/suspicious/allow", {"steamIds": [A, B], "reason": "siblings"})
    return client


def traces(text: str) -> list[str]:
    """The tables in which a text can still be read."""
    found = []
    tables = db.query(
        """
        select format('%%I.%%I', schemaname, tablename) as name
        from pg_tables
        where schemaname in ('logs', 'shared', 'rollups')
        order by name
        """
    )
    for table in tables:
        rows = db.query(f"select t::text as said from {table['name']} t")  # type: ignore[arg-type]
        if any(text in row["said"].replace(B, "").replace("others", "") for row in rows):
            found.append(table["name"])
    return found


def numbers(who: str) -> list[db.Row]:
    """What rollups and sessions say of somebody."""
    return [
        *db.query("select * from logs.player_days where steam_id = %s order by day", (who,)),
        *db.query("select * from logs.sessions where steam_id = %s order by id", (who,)),
    ]


def events_of(who: str) -> list[db.Row]:
    return db.query(
        """
        select id, type, occurred_at, player_name, raw_text, involved_steam_ids, map, player_count,
          session_id, metadata
        from logs.events
        where steam_id = %s
        order by occurred_at, type
        """,
        (who,),
    )


def test_a_person_is_erased_from_every_table_and_counted(game: Client) -> None:
    assert {"logs.events", "logs.sightings", "logs.notes"} <= set(traces(A))
    removed = erasure.erase(A, "Rita")
    assert {
        name: removed[name] for name in removed if name not in ("logs.sessions", "rollups")
    } == {
        "logs.events": 7,
        "logs.sightings": 1,
        "logs.notes": 1,
        "logs.punishments": 1,
        "logs.allowed": 1,
    }
    for text in (A, "Ana the Great", "slapped", "bye"):
        assert traces(text) == []


def test_the_events_stay_with_a_tombstone(game: Client) -> None:
    ids = {row["id"] for row in db.query("select id from logs.events")}
    erasure.erase(A, "Rita")
    stone = to_tombstone(A)
    assert {row["id"] for row in db.query("select id from logs.events")} == ids
    mine = {row["type"]: row for row in events_of(stone)}
    assert sorted(mine) == ["CHAT", "CONNECT", "DISCONNECT", "KILL", "TOOL_USE"]
    for row in mine.values():
        assert (row["player_name"], row["session_id"], row["raw_text"]) == (None, None, "")
    assert mine["TOOL_USE"]["metadata"] == {
        "map": "gm_construct",
        "playerCount": 2,
        "serverName": "Harbour",
        "targetClass": "prop",
        "toolName": "rope",
    }
    assert mine["KILL"]["involved_steam_ids"] == [B, stone]
    assert mine["KILL"]["metadata"]["victimName"] == stone
    assert mine["KILL"]["metadata"]["weapon"] == "m16"
    assert (mine["CHAT"]["map"], mine["CHAT"]["player_count"]) == ("gm_construct", 2)


def test_others_keep_what_is_theirs(game: Client) -> None:
    before = {row["type"]: row for row in events_of(B)}
    erasure.erase(A, "Rita")
    stone = to_tombstone(A)
    after = {row["type"]: row for row in events_of(B)}
    for kind in ("CONNECT", "CHAT"):
        assert after[kind] == before[kind]
    kill = after["KILL"]
    assert kill["involved_steam_ids"] == [stone, B]
    assert kill["metadata"] == before["KILL"]["metadata"] | {
        "attackerSteamId": stone,
        "attackerName": stone,
    }
    assert (kill["player_name"], kill["raw_text"]) == (before["KILL"]["player_name"], "")
    assert after["ULX"]["metadata"]["message"] == stone
    assert after["ULX"]["raw_text"] == ""
    assert [row["steam_id"] for row in db.query("select steam_id from logs.notes")] == [B]
    assert [row["steam_id"] for row in db.query("select steam_id from logs.sightings")] == [B]


def test_a_household_loses_its_member(game: Client) -> None:
    db.query("delete from logs.alt_allowlist")
    for others in (["STEAM_0:1:7", "STEAM_0:1:8"], ["STEAM_0:1:9"], ["STEAM_0:1:7"]):
        db.query(
            "insert into logs.alt_allowlist (steam_ids, reason, author) values (%s, 'x', 'Rita')",
            ([A, *others],),
        )
    assert erasure.erase(A, "Rita")["logs.allowed"] == 3
    kept = db.query("select steam_ids from logs.alt_allowlist")
    assert [row["steam_ids"] for row in kept] == [["STEAM_0:1:7", "STEAM_0:1:8"]]


def test_an_erasure_is_audited_without_naming_the_person(game: Client) -> None:
    begun = NOW - timedelta(seconds=5)
    removed = erasure.erase(A, "Rita")
    [noted] = db.query(
        "select subject, actor, counts from shared.audit where action = 'logs.erase'"
    )
    assert noted == {"subject": to_pseudonym(A), "actor": "Rita", "counts": removed}
    assert find_erasures("logs.erase", begun, [A, B]).keys() == {A}
    assert find_erasures("logs.erase", NOW + timedelta(days=1), [A]).keys() == set()
    assert find_erasures("logs.erase", begun, []).keys() == set()


@pytest.mark.commits
def test_rollups_forget_a_person_too(game: Client, migrated: tuple[Any, str, str]) -> None:
    with rollups.connect(migrated[1]) as connection:
        change_queue.fold_all()
        refresh.run(connection)
        assert "rollups.logs_player_days_v1" in traces(A)
        others = numbers(B)
        erasure.erase(A, "Rita")
        change_queue.fold_all()
        refresh.run(connection)
        assert traces(A) == []
        assert numbers(B) == others
        assert rollups.wrong(connection) == {}
        assert audit.run(connection).wrong == {}  # totals of others, and none of the person's


def test_erasing_again_finds_nothing(game: Client) -> None:
    erasure.erase(A, "Rita")
    assert set(erasure.erase(A, "Rita").values()) == {0}


def test_many_events_go_in_parts(game: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_BATCH_SIZE", 2)
    assert erasure.erase(A, "Rita")["logs.events"] == 7


@pytest.mark.parametrize("who", ["BOT", "STEAM_0:0:0", "erased_5", "x"])
def test_who_is_no_person_cannot_be_erased(game: Client, who: str) -> None:
    answered = make_staff("boss", "admin").delete(f"/api/players/{who}")
    assert (answered.status, answered.json["error"]) == (400, "Invalid steam_id")


def test_only_an_admin_may_erase(game: Client) -> None:
    path = f"/api/players/{A}"
    assert game.delete(path, headers={}).status == 401
    assert make_staff().delete(path).json == {"error": "Forbidden"}
    answered = make_staff("boss", "admin").delete(path)
    assert (answered.status, answered.json["message"]) == (200, "Player erased")
    assert answered.json["removed"]["logs.events"] == 7
    assert events_of(A) == []
