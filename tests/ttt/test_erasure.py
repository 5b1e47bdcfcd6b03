"""Erasure: a person is gone from every table, and everything else is as it was."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import pytest

from functions.rollups import refresh
from functions.shared import db
from functions.shared.erasure import to_pseudonym, to_tombstone
from functions.shared.spool import Accepted
from functions.ttt import names, round_report, rounds
from tests.support.client import Client, admin
from tests.support.queues import Mapping, Queues
from tests.support.rollups import connect, wrong
from tests.support.ttt.community import FILTERS, TODAY, Community, hostile
from tests.support.ttt.example import FIRST, NAMES, SECOND, A, B, D
from tests.support.ttt.records import Posted

TABLES = ("rounds", "players", "kills", "buys", "names", "quarantine")
HOSTILE = (
    *("q\"\\%'", "☾é", "x y", 'a"', "\\", "%s", "%", "_", "\u202eabc", "\n\t\x01", "B", "erased_"),
    *('","steam_id":"B', "STEAM_0:1:1' or 1=1", "innocent", "steam_id", "null", "🏴‍☠️"),
)


def erase(client: Client, steam_id: str = A) -> dict[str, int]:
    answered = admin().delete(f"/api/ttt/players/{quote(steam_id, safe='')}")
    assert (answered.status, answered.json["message"]) == (200, "Player erased")
    removed: dict[str, int] = answered.json["removed"]
    return removed


def traces(steam_id: str) -> list[str]:
    """The tables in which a SteamID can still be read, as it is or as JSON spells it."""
    found = []
    for table in (*(f"ttt.{name}" for name in TABLES), "shared.audit", "shared.rate_limits"):
        rows = db.query(f"select t.* from {table} t")  # type: ignore[arg-type]
        values = [str(value) for row in rows for value in row.values()]
        if any(steam_id in value or json.dumps(steam_id)[1:-1] in value for value in values):
            found.append(table)
    return found


@pytest.fixture
def example(client: Client) -> Client:
    for body in (FIRST, SECOND):
        client.post("/api/collect", body)
    for moment, who, name in NAMES:
        sent = {"steam_id": who, "display_name": name}
        names.consume([Accepted(sent, int(moment.timestamp() * 1000))])
    return client


def test_a_person_is_erased_from_every_table_and_counted(example: Client) -> None:
    assert example.post("/api/collect", {**SECOND, "winner": "4"}).status == 409
    assert erase(example) == {
        "ttt.rounds": 2,
        "ttt.players": 2,
        "ttt.kills": 3,
        "ttt.buys": 2,
        "ttt.names": 2,
        "ttt.quarantine": 1,
        "rollups": 0,
    }
    assert traces(A) == []
    assert traces("Ana") == []


def test_an_erasure_is_audited_without_naming_the_person(example: Client) -> None:
    removed = erase(example)
    [noted] = db.query("select subject, actor, counts from shared.audit where action = 'ttt.erase'")
    assert (noted["subject"], noted["counts"]) == (to_pseudonym(A), removed)
    assert db.query("select name from shared.api_keys where key_id = %s", (noted["actor"],)) == [
        {"name": "ada"}
    ]


def test_an_erased_person_is_unknown_and_their_place_is_kept(example: Client) -> None:
    before = example.get("/api/stats").text
    erase(example)
    assert example.get(f"/api/ttt/players/{A}").status == 404
    found = example.get(f"/api/ttt/players/{A}/names").json
    assert (found["current"], found["items"]) == (None, [])
    stone = to_tombstone(A)
    assert example.get("/api/stats").text == before.replace(A, stone)
    assert example.get(f"/api/ttt/players/{stone}").json["kills"] == 3


def test_erasing_twice_changes_nothing_more(example: Client) -> None:
    erase(example)
    after = example.get("/api/stats").text
    assert set(erase(example).values()) == {0}
    assert set(erase(example, "nobody").values()) == {0}
    assert example.get("/api/stats").text == after
    assert db.query("select count(*) from shared.audit where action = 'ttt.erase'") == [
        {"count": 3}
    ]


def test_erasing_asks_for_a_key(example: Client) -> None:
    url = f"/api/ttt/players/{A}"
    assert example.delete(url, headers={}).status == 401
    assert example.delete(url, headers={"X-Api-Key": "wrong"}).status == 403
    assert example.delete(url).status == 403  # the key that sends rounds
    assert example.get(url).status == 200


def test_it_waits_for_writers_and_then_takes_one_statement(
    example: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    staff, real = admin(), db.query
    staff.delete("/api/ttt/players/nobody")  # which notes when the key was used
    monkeypatch.setattr(db, "query", lambda *sent: calls.append(sent) or real(*sent))  # type: ignore[func-returns-value]
    staff.delete(f"/api/ttt/players/{A}")
    assert len(calls) == 3  # the first looks whether the key is alive at this moment


def test_a_round_sent_again_after_an_erasure_is_known(example: Client) -> None:
    erase(example)
    erase(example, D)
    for body in (FIRST, SECOND):
        assert example.post("/api/collect", body).status == 200
        assert example.post("/api/collect", {**body, "duration": 9}).status == 409
    differs = example.post("/api/collect", {**SECOND, "kills": SECOND["kills"][:2]})
    assert differs.json["differences"] == ["kills"]
    assert [table for table in traces(A) if table != "ttt.quarantine"] == []


def test_a_new_round_of_an_erased_person_is_stored_as_theirs(example: Client) -> None:
    erase(example)
    assert example.post("/api/collect", {**SECOND, "round_id": "later"}).status == 201
    assert example.get(f"/api/ttt/players/{A}").json["rounds"] == 1


def test_what_was_spooled_before_an_erasure_comes_back_without_the_person(
    client: Client, queues: Queues
) -> None:
    before = int(time.time() * 1000) - 60_000
    erase(client)
    after = int(time.time() * 1000) + 60_000

    def deliver(kind: str, item: Any, at: int) -> None:
        Mapping(queues).deliver(json.dumps({"kind": kind, "at": at, "items": [item]}))

    deliver("ttt.rounds", {"server": None, "round": FIRST}, before)
    deliver("ttt.rounds", {"server": None, "round": FIRST}, before)
    deliver("ttt.names", {"steam_id": A, "display_name": "Ana"}, before)
    deliver("ttt.names", {"steam_id": B, "display_name": "Bo"}, before)
    assert traces(A) == traces("Ana") == []
    [row] = client.get("/api/stats").json
    assert [one["steam_id"] for one in row["players"]][:2] == [to_tombstone(A), B]
    assert client.get(f"/api/ttt/players/{B}").json["display_name"] == "Bo"
    assert client.post("/api/collect", FIRST).status == 200
    deliver("ttt.rounds", {"server": None, "round": SECOND}, after)
    deliver("ttt.names", {"steam_id": A, "display_name": "Ana"}, after)
    assert client.get(f"/api/ttt/players/{A}").json["rounds"] == 1
    assert queues.bodies(queues.dead_letters) == []


@pytest.mark.parametrize("who", HOSTILE, ids=ascii)
def test_any_steam_id_can_be_erased_and_nothing_else_is_touched(client: Client, who: str) -> None:
    def standing(one: str) -> dict[str, Any]:
        return {"player_steamid": one, "role": "innocent", "karma": 1, "points": 1}

    def kill(one: str, other: str) -> dict[str, Any]:
        roles = {"attacker_role": "innocent", "victim_role": "traitor", "weapon": who[:64]}
        return {"attacker_steamid": one, "victim_steamid": other, "headshot": False, **roles}

    beside = (who + "x", "x" + who, "other")
    body = {
        "round_id": "r",
        "map_name": who,
        "winner": "2",
        "ended_at": "2026-03-02T19:50:00Z",
        "start_roles": [standing(one) for one in (who, *beside)],
        "kills": [
            kill(who, "other"),
            kill("other", who),
            kill(who, who),
            *map(kill, beside, beside),
        ],
        "buys": [{"steam_id": one, "role": who[:32], "item": who} for one in (who, *beside)],
    }
    assert client.post("/api/collect", body).status == 201
    client.post("/api/player/update", {"steam_id": who, "display_name": "somebody"})
    removed = erase(client, who)
    assert removed == {
        "ttt.rounds": 1,
        "ttt.players": 1,
        "ttt.kills": 3,
        "ttt.buys": 1,
        "ttt.names": 1,
        "ttt.quarantine": 0,
        "rollups": 0,
    }
    stone = to_tombstone(who)
    [found] = client.get("/api/stats").json
    assert [one["steam_id"] for one in found["players"]] == [stone, *beside]
    assert [one["steam_id"] for one in found["buys"]] == [stone, *beside]
    assert {one["item"] for one in found["buys"]} == {who}
    assert [(one["attacker_steamid"], one["victim_steamid"]) for one in found["kills"]] == [
        (stone, "other"),
        ("other", stone),
        (stone, stone),
        *((one, one) for one in beside),
    ]
    assert (found["map_name"], found["kills"][0]["weapon"]) == (who, who)
    assert client.post("/api/collect", body).status == 200
    assert client.get(f"/api/ttt/players/{quote(who, safe='')}").status == 404
    assert client.get(f"/api/ttt/players/{stone}").json["suicides"] == 1


def test_the_statistics_of_all_others_stay(client: Client) -> None:
    community = Community(client)
    for server, body in hostile(3, 30):
        community.post(server, body)
    person = "STEAM_0:1:1"
    erase(client, person)
    stone = to_tombstone(person)
    texts = [
        json.dumps(one.body).replace(json.dumps(person), f'"{stone}"') for one in community.posted
    ]
    community.posted = [
        Posted(json.loads(text), TODAY, one.server)
        for text, one in zip(texts, community.posted, strict=True)
    ]
    community.check([FILTERS[n] for n in (0, 2, 4, 7, 9)])


@pytest.mark.commits
def test_an_erased_person_is_gone_from_refreshed_rollups(client: Client, store: str) -> None:
    for server, body in hostile(4, 25):
        rounds.record(round_report.parse_body(json.dumps(body)), server)
    person = "STEAM_0:1:30"
    with connect(store) as connection:
        assert refresh.run(connection).left == 0
        kept = connection.execute("select materialization from rollups.catalog").fetchall()
        tables = [row["materialization"] for row in kept if "ttt_" in row["materialization"]]

        def holding() -> list[str]:
            said = "select count(*) as n from {} t where strpos(t::text, %s) > 0"
            found = ((name, connection.execute(said.format(name), (person,))) for name in tables)  # type: ignore[arg-type]
            return [name for name, cursor in found if (cursor.fetchone() or {})["n"]]

        assert len(holding()) > 5
        erase(client, person)
        assert wrong(connection) == {}
        assert refresh.run(connection).left == 0
        assert holding() == []
        assert wrong(connection) == {}


def test_bots_are_nobody_to_erase(example: Client) -> None:
    """All bots share the SteamID BOT: with a tombstone they would count as a person for good."""
    before = example.get("/api/stats").text
    staff = admin()
    for steam_id in ("BOT", "STEAM_0:0:0", "STEAM_ID_PENDING"):
        assert staff.delete(f"/api/ttt/players/{steam_id}").status == 400
    assert example.get("/api/stats").text == before
