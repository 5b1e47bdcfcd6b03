"""`POST /api/collect`: its table of answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import auth
from tests.support.client import Client
from tests.support.queues import Mapping, Queues
from tests.support.ttt.contract import (
    BUY,
    END,
    KILL,
    ROUND,
    START,
    collect,
    count,
    read,
    shown,
    without,
)
from tests.support.ttt.example import A

Away = Callable[[], None]


def test_a_body_of_more_than_1_mib_is_413(client: Client) -> None:
    room = 1_048_576 - len(json.dumps({**ROUND, "filler": ""}))
    assert collect(client, filler="x" * room).status == 201
    refused = collect(client, filler="x" * (room + 1))
    assert refused.status == 413
    assert refused.json == {"error": "Payload too large", "maxBytes": 1_048_576}
    text = json.dumps({**ROUND, "filler": "é" * (room // 2 + 1)}, ensure_ascii=False)
    assert client.post("/api/collect", text).status == 413


@pytest.mark.parametrize(
    "body",
    [
        *("", " ", "{", "{'round_id':'x'}", "round_id=x", '{"round_id":"x"}}', "[" * 60_000),
        '{"round_id":"x","start_roles":[{"player_steamid":"s","karma":,"points":0},]',
        '{"round_id":"x","duration":information}',
    ],
)
def test_what_is_no_json_is_refused(client: Client, body: str) -> None:
    answered = client.post("/api/collect", body)
    assert (answered.status, answered.json["error"]) == (400, "Invalid JSON")


NOT_FINITE = ("", "NaN", "nan", "-nan", "-nan(ind)", "inf", "-inf", "Infinity", "1e999", "9" * 5000)


@pytest.mark.parametrize("number", NOT_FINITE, ids=str.__len__)
def test_a_number_that_is_not_finite_is_null_and_costs_nobody_the_round(
    client: Client, number: str
) -> None:
    """Regression: one such karma cost everybody the round, which the addon does not send again."""
    body = json.dumps(ROUND).replace('"karma": 1000.0', f'"karma": {number}')
    body = body.replace('"duration": 245.0', f'"duration": {number}')
    unread = f'{body[:-1]}, "nobody": [{{"reads": {number}}}]}}'
    assert client.post("/api/collect", unread).status == 201
    assert shown(client)["duration"] is None
    assert {one["karma_diff"] for one in shown(client)["players"]} >= {None}
    assert client.post("/api/collect", body).json["duplicate"] is True
    assert count("ttt.quarantine") == 0


def test_where_a_text_belongs_such_a_number_is_null_too(client: Client) -> None:
    """Regression: a winner of 1e400 was stored as the word infinity, and so was an item."""
    assert client.post("/api/collect", '{"round_id":"x","winner":1e400}').status == 201
    assert shown(client)["winner"] == "unknown"
    item = '{"round_id":"y","buys":[{"steam_id":"s","item":-1e400}]}'
    answered = client.post("/api/collect", item)
    assert (answered.status, answered.json["error"]) == (400, "Invalid buys[0].item")


def test_where_the_json_ends_to_be_one_is_in_the_details(client: Client) -> None:
    answered = client.post("/api/collect", '{"round_id":"x","karma":,"points":0,}')
    assert answered.json["details"][0]["problem"] == "is no JSON at character 36"


@pytest.mark.parametrize("body", ["{}", "[]", "null", "0", "0.0", "false", '""'])
def test_a_body_with_nothing_in_it_is_refused(client: Client, body: str) -> None:
    answered = client.post("/api/collect", body)
    assert (answered.status, answered.json) == (400, {"error": "No data provided"})


@pytest.mark.parametrize("body", ["[1]", "7", "true", '"x"', '[{"round_id":"x"}]'])
def test_a_body_that_is_no_object_is_refused(client: Client, body: str) -> None:
    answered = client.post("/api/collect", body)
    assert (answered.status, answered.json) == (400, {"error": "Body must be a JSON object"})


@pytest.mark.parametrize("sent", [{}, {"round_id": None}, {"round_id": ""}])
def test_a_missing_round_id_is_refused(client: Client, sent: dict[str, Any]) -> None:
    answered = client.post("/api/collect", {**without("round_id"), **sent})
    assert (answered.status, answered.json) == (400, {"error": "Missing round_id"})


@pytest.mark.parametrize(
    "sent", [7, 0, False, [], {}, ["x"], "x" * 37, "a\tb", "a\nb", "\x7f", "a\x85", "\x1b[0m"]
)
def test_a_round_id_that_is_none_is_refused(client: Client, sent: Any) -> None:
    answered = collect(client, round_id=sent)
    assert (answered.status, answered.json) == (400, {"error": "Invalid round_id"})


def test_a_nul_in_the_round_id_is_refused(client: Client) -> None:
    answered = collect(client, round_id="a\0b")
    assert (answered.status, answered.json["error"]) == (400, "Invalid round_id")


@pytest.mark.parametrize(
    "sent",
    [
        *("x", "x" * 36, "ABCD_EF01_2345_6789", "runde ä/ö%20?#", "'; drop table rounds", '"\\'),
        *("☾" * 36, "1️⃣ 🏴‍☠️", "a\u00a0b", "\u202eabc"),
    ],
)
def test_a_round_id_is_any_text_that_fits(client: Client, sent: str) -> None:
    """Regression: only what is printable was taken; the contract refuses control characters."""
    answered = collect(client, round_id=sent)
    assert (answered.status, answered.json["round_id"]) == (201, sent)
    assert shown(client)["id"] == sent


def test_the_case_of_a_round_id_matters(client: Client) -> None:
    assert collect(client, round_id="abc").status == 201
    assert collect(client, round_id="ABC").status == 201


def test_a_new_round_is_201_and_a_known_one_200(client: Client) -> None:
    new, known = collect(client), collect(client)
    assert new.status == 201
    assert new.json == {
        "message": "Stats collected successfully",
        "round_id": ROUND["round_id"],
    }
    assert known.status == 200
    assert known.json == {
        "message": "Stats already collected",
        "round_id": ROUND["round_id"],
        "duplicate": True,
    }
    assert [count(f"ttt.{name}") for name in ("rounds", "players", "kills", "buys")] == [1, 2, 1, 1]


@pytest.mark.parametrize(
    "changed",
    [
        {"duration": 245},
        {"winner": 2},
        {"winner": 2.0},
        {"winner": " Traitors "},
        {"ended_at": None},
        {"ended_at": "2026-03-02T20:50:00.0009+01:00"},
        {"unknown": {"keys": ["do", "not", "count"]}},
        {"start_roles": [{"role": "nobody's"}, *START]},
        {"start_roles": {"1": START[0], "2": START[1]}},
        {"start_roles": [{**START[0], "role": "jester"}, START[1], START[0]]},
        {"end_roles": [END[0], {**END[1], "karma": 996.4999}]},
        {"kills": [{**KILL, "headshot": 1}]},
        {"kills": {"1": {**KILL, "distance": 12}}},
        {"buys": {"1": BUY}},
    ],
)
def test_the_same_content_is_known_however_it_is_written(
    client: Client, changed: dict[str, Any]
) -> None:
    assert collect(client).status == 201
    before = client.get("/api/stats").json
    assert collect(client, **changed).status == 200
    assert client.get("/api/stats").json == before


@pytest.mark.parametrize(
    ("changed", "differences"),
    [
        ({"map_name": "TTT_harbor"}, ["map_name"]),
        ({"map_name": None}, ["map_name"]),
        ({"winner": "3"}, ["winner"]),
        ({"winner": None}, ["winner"]),
        ({"duration": 246}, ["duration"]),
        ({"duration": None}, ["duration"]),
        ({"ended_at": "2026-03-02T19:50:00.001Z"}, ["ended_at"]),
        ({"start_roles": START[:1]}, ["players"]),
        ({"start_roles": START[::-1]}, ["players"]),
        ({"end_roles": [{**END[0], "role": "innocent"}, END[1]]}, ["players"]),
        ({"end_roles": [{**END[0], "points": 4}, END[1]]}, ["players"]),
        ({"kills": []}, ["kills"]),
        ({"kills": [KILL, KILL]}, ["kills"]),
        ({"kills": [{**KILL, "headshot": False}]}, ["kills"]),
        ({"kills": [{**KILL, "attacker_steamid": None}]}, ["kills"]),
        ({"buys": [BUY, BUY]}, ["buys"]),
        ({"buys": [{**BUY, "role": None}]}, ["buys"]),
        (
            {
                "map_name": "",
                "winner": "4",
                "duration": 0,
                "ended_at": "2026-03-03T00:00:00Z",
                "start_roles": [],
                "kills": [],
                "buys": [],
            },
            ["map_name", "winner", "duration", "ended_at", "players", "kills", "buys"],
        ),
    ],
)
def test_other_content_is_409_and_changes_nothing(
    client: Client, changed: dict[str, Any], differences: list[str]
) -> None:
    collect(client)
    before = client.get("/api/stats").json
    answered = collect(client, **changed)
    assert answered.status == 409
    assert answered.json == {
        "error": "Round already stored with different content",
        "round_id": ROUND["round_id"],
        "differences": differences,
    }
    assert client.get("/api/stats").json == before
    assert [count(f"ttt.{name}") for name in ("rounds", "players", "kills", "buys")] == [1, 2, 1, 1]


def test_the_time_counts_only_if_both_sent_one(client: Client) -> None:
    assert client.post("/api/collect", without("ended_at")).status == 201
    first = shown(client)["timestamp"]
    assert collect(client).status == 200
    assert collect(client, ended_at="2026-03-03T00:00:00Z").status == 200
    assert shown(client)["timestamp"] == first


def test_a_repeat_from_another_server_is_known_and_moves_nothing(client: Client) -> None:
    red, blue = ({"X-Api-Key": auth.issue(name, ["ttt:write"])} for name in ("red", "blue"))
    assert client.post("/api/collect", ROUND, headers=red).status == 201
    assert client.post("/api/collect", ROUND, headers=blue).status == 200
    assert client.post("/api/collect", {**ROUND, "winner": 3}, headers=blue).status == 409
    assert read(client, f"rounds/{ROUND['round_id']}")["server"] == "red"


@pytest.mark.commits
def test_with_the_database_away_a_round_is_202_and_keeps_its_time_of_receipt(
    client: Client, store: str, queues: Queues, away: Away, setting: Callable[..., None]
) -> None:
    away()
    before = int(time.time() * 1000)
    queued = client.post("/api/collect", without("ended_at"))
    assert queued.status == 202
    assert queued.json == {
        "message": "Stats accepted",
        "round_id": ROUND["round_id"],
        "queued": True,
    }
    setting(DATABASE_URL=store)
    [message] = [json.loads(body) for body in queues.bodies()]
    assert before <= message["at"] <= time.time() * 1000
    message["at"] = 1_772_500_000_123
    mapping = Mapping(queues)
    mapping.deliver(json.dumps(message))
    mapping.deliver(json.dumps(message | {"at": 1_772_600_000_000}))
    assert mapping.left == [[], []]
    assert queues.bodies(queues.dead_letters) == []
    assert shown(client)["timestamp"] == "2026-03-03T01:06:40.123Z"
    assert client.post("/api/collect", without("ended_at")).status == 200


@pytest.mark.commits
def test_a_full_round_of_a_megabyte_can_wait_in_the_queue(
    client: Client, store: str, queues: Queues, away: Away, setting: Callable[..., None]
) -> None:
    body = {**ROUND, "kills": [{**KILL, "weapon": f"w{n}"} for n in range(2000)]}
    away()
    assert client.post("/api/collect", body).status == 202
    setting(DATABASE_URL=store)
    Mapping(queues).deliver()
    assert shown(client)["kills"] == body["kills"]


@pytest.mark.commits
def test_a_round_that_is_neither_stored_nor_queued_is_503_and_says_when_to_come_again(
    client: Client, away: Away, setting: Callable[..., None]
) -> None:
    setting(SPOOL_QUEUE_URL="")
    away()
    for url, body in (
        ("/api/collect", ROUND),
        ("/api/player/update", {"steam_id": A, "display_name": "Ana"}),
    ):
        answered = client.post(url, body)
        assert (answered.status, set(answered.json)) == (503, {"error"})
        assert int(answered.headers["retry-after"]) > 0


@pytest.mark.commits
def test_a_wrong_round_is_400_also_while_the_database_is_away(
    client: Client, queues: Queues, away: Away
) -> None:
    away()
    assert collect(client, duration="long").status == 400
    [queued] = queues.bodies()  # the addon will not send it again: it waits for quarantine
    assert json.loads(queued)["kind"] == "ttt.refused"
