"""The wire contract of TTT: what the GMod addon sends, what the old page and everybody reads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.shared import auth, db
from functions.ttt import feed, names, rounds
from tests.conftest import API_KEY, Queues
from tests.spool.conftest import Mapping
from tests.support.client import Answered, Client
from tests.support.ttt.example import FIRST, NAMES, SECOND, SEED, A, B, C, D

Away = Callable[[], None]
DAY = 86_400_000
KILL = {
    "attacker_steamid": "STEAM_0:1:1",
    "attacker_role": "traitor",
    "victim_steamid": "STEAM_0:0:2",
    "victim_role": "innocent",
    "weapon": "weapon_ttt_m16",
    "headshot": True,
}
BUY = {"steam_id": "STEAM_0:1:1", "role": "traitor", "item": "Radar"}
START = [
    {"player_steamid": "STEAM_0:1:1", "role": "traitor", "karma": 1000.0, "points": 0.0},
    {"player_steamid": "STEAM_0:0:2", "role": "innocent", "karma": 990.0, "points": 2.0},
]
END = [
    {"player_steamid": "STEAM_0:1:1", "role": "traitor", "karma": 1010.0, "points": 3.0},
    {"player_steamid": "STEAM_0:0:2", "role": "innocent", "karma": 995.5, "points": 2.0},
]
ROUND: dict[str, Any] = {
    "round_id": "6d1a7f4e-0001-4000-8000-000000000001",
    "map_name": "ttt_harbor",
    "winner": "2",
    "duration": 245.0,
    "ended_at": "2026-03-02T19:50:00Z",
    "start_roles": START,
    "end_roles": END,
    "kills": [KILL],
    "buys": [BUY],
}
ENDPOINTS = [
    "overview",
    "players",
    "players/STEAM_0:1:101",
    "weapons",
    "maps",
    "roles",
    "duos",
    "nemesis",
    "rivalries",
    "karma",
    "activity",
    "buys",
]
LISTS = ["players", "weapons", "maps", "roles", "duos", "nemesis", "rivalries", "karma", "buys"]
OF_ONE_MAP = ["overview", "players", "weapons", "roles", "karma", "activity", "buys"]


def collect(client: Client, **changed: Any) -> Answered:
    return client.post("/api/collect", {**ROUND, **changed})


def without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in ROUND.items() if key not in names}


def count(table: str = "ttt.rounds") -> int:
    return int(db.query(f"select count(*) from {table}")[0]["count"])  # type: ignore[arg-type]


def read(client: Client, path: str) -> Any:
    answered = client.get(f"/api/ttt/{path}")
    assert answered.status == 200, answered.text
    return answered.json


def rows(items: list[dict[str, Any]], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(item[key] for key in keys) for item in items]


def shown(client: Client) -> dict[str, Any]:
    """The newest round as the page reads it."""
    newest: dict[str, Any] = client.get("/api/stats?limit=1").json[0]
    return newest


@pytest.fixture
def example(client: Client) -> Client:
    """A client, after both rounds of the worked example."""
    for body in (FIRST, SECOND):
        sent = client.post(
            "/api/collect", body, headers={**client.headers, "Content-Type": "text/plain"}
        )
        assert sent.status == 201
    return client


Teller = Callable[[str, str, datetime], Answered]


@pytest.fixture
def tell(client: Client, monkeypatch: pytest.MonkeyPatch) -> Teller:
    """Posts a name that is received at a moment."""
    real = names._note

    def at(steam_id: str, name: str, moment: datetime) -> Answered:
        with monkeypatch.context() as patch:
            patch.setattr(names, "_note", lambda sent, _: real(sent, moment))
            sent = {"steam_id": steam_id, "display_name": name}
            return client.post("/api/player/update", sent)

    return at


# 1. Conventions


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": ""}, {"X-Api-Key": "wrong"}])
@pytest.mark.parametrize("url", ["/api/collect", "/api/player/update"])
@pytest.mark.parametrize("body", [ROUND, "no json", "x" * 1_048_577])
def test_a_missing_and_a_wrong_key_are_401_before_the_body_is_read(
    client: Client, url: str, headers: dict[str, str], body: Any
) -> None:
    answered = client.post(url, body, headers=headers)
    assert (answered.status, answered.json) == (401, {"error": "Unauthorized"})
    assert count() == count("ttt.quarantine") == 0


def test_the_key_may_come_in_the_query_if_the_header_is_missing_or_empty(client: Client) -> None:
    url = f"/api/collect?api_key={API_KEY}"
    assert client.post(url, ROUND, headers={}).status == 201
    assert client.post(url, ROUND, headers={"x-api-key": ""}).status == 200
    assert client.post(url, ROUND, headers={"X-Api-Key": "wrong"}).status == 401
    assert client.post("/api/collect?api_key=wrong", ROUND).status == 200
    name = {"steam_id": A, "display_name": "Ana"}
    assert client.post(f"/api/player/update?api_key={API_KEY}", name, headers={}).status == 201


def test_without_a_setting_the_shared_key_matches_nothing(
    client: Client, setting: Callable[..., None]
) -> None:
    setting(API_KEY="")
    for key in ("", API_KEY, "changeme"):
        assert client.post("/api/collect", ROUND, headers={"X-Api-Key": key}).status == 401
        assert client.post(f"/api/collect?api_key={key}", ROUND, headers={}).status == 401


def test_a_servers_key_names_the_rounds_server(client: Client) -> None:
    headers = {"X-Api-Key": auth.issue("red", ["ttt:write"])}
    assert client.post("/api/collect", ROUND, headers=headers).status == 201
    assert read(client, f"rounds/{ROUND['round_id']}")["server"] == "red"
    assert rows(client.get("/api/stats?server=red").json, "id") == [(ROUND["round_id"],)]
    assert client.get("/api/stats?server=blue").json == []
    assert client.post("/api/collect", SEED).status == 201
    assert read(client, f"rounds/{SEED['round_id']}")["server"] is None


def test_a_key_without_the_scope_and_a_revoked_one_are_401(client: Client) -> None:
    other, ended = auth.issue("bot", ["tilt:write"]), auth.issue("red", ["ttt:write"])
    auth.revoke(ended.split("_")[1])
    for key in (other, ended):
        answered = client.post("/api/collect", ROUND, headers={"X-Api-Key": key})
        assert (answered.status, answered.json) == (401, {"error": "Unauthorized"})


@pytest.mark.parametrize("base", ["/api", "/api/collect"])
@pytest.mark.parametrize("end", ["", "/"])
def test_the_addons_two_addresses_work_after_either_base(
    client: Client, base: str, end: str
) -> None:
    assert client.post(f"{base}/collect{end}", ROUND).status == 201
    name = {"steam_id": A, "display_name": "Ana"}
    assert client.post(f"{base}/player/update{end}", name).status == 201
    assert client.post(f"{base}/collect", ROUND, headers={}).status == 401


@pytest.mark.parametrize(
    "content_type", [{}, {"Content-Type": "text/plain"}, {"content-type": "image/png"}]
)
def test_any_content_type_is_read_as_json(client: Client, content_type: dict[str, str]) -> None:
    headers = {**client.headers, **content_type}
    assert client.post("/api/collect", ROUND, headers=headers).status == 201
    assert client.post("/api/collect", "\ufeff" + json.dumps(ROUND), headers=headers).status == 200


@pytest.mark.parametrize("url", ["/api/stats", "/api/health", "/api/ttt/overview"])
def test_reads_need_no_key_and_any_origin_may_read(client: Client, url: str) -> None:
    answered = client.get(url, headers={"Origin": "null"})
    assert answered.status == 200
    assert answered.headers["access-control-allow-origin"] == "*"
    exposed = answered.headers["access-control-expose-headers"].split(", ")
    assert {"X-Has-More", "X-Next-Offset", "X-Next-Cursor", "X-Total-Count", "ETag"} <= {*exposed}


# 2. POST /api/collect: the table of answers (its first row is above)


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


# 2.1 Fields


@pytest.mark.parametrize(
    "changed",
    [
        *({"map_name": name} for name in (None, "", "m" * 128, "ttt_☾\u202e")),
        *({"winner": word} for word in ("w" * 64, None, 5, 2.5, -1, "")),
        *({"duration": seconds} for seconds in (None, 0, 86_400, 86_400.0, -0.0)),
        {"start_roles": [{"player_steamid": f"s{n}"} for n in range(256)]},
        {"end_roles": [{"player_steamid": f"s{n}"} for n in range(256)]},
        {"start_roles": None, "end_roles": None, "kills": None, "buys": None},
        {"start_roles": {}, "end_roles": {}, "kills": {}, "buys": {}},
        {"start_roles": [{}, {"player_steamid": None}, {"player_steamid": "", "role": "x"}]},
        {"start_roles": [{"player_steamid": "s" * 64, "role": "r" * 32, "karma": -5, "points": 0}]},
        {"kills": [KILL] * 2000},
        {"buys": [BUY] * 2000},
        {"kills": [{**KILL, "victim_steamid": "☾" * 64, "weapon": "w" * 64}]},
        {"kills": [{"victim_steamid": "v"}]},
        {"buys": [{"steam_id": "s", "item": "i" * 64}, {"steam_id": "s", "item": ""}]},
    ],
    ids=lambda changed: str(changed)[:60],
)
def test_what_is_accepted(client: Client, changed: dict[str, Any]) -> None:
    answered = collect(client, **changed)
    assert answered.status == 201, answered.text


@pytest.mark.parametrize("name", [name for name in ROUND if name != "round_id"])
def test_every_field_but_the_id_may_be_missing_or_null(client: Client, name: str) -> None:
    assert client.post("/api/collect", without(name)).status == 201
    assert collect(client, **{name: None}).status in (200, 409)
    assert collect(client, round_id="x", **{name: None}).status == 201


def kills(**changed: Any) -> dict[str, Any]:
    return {"kills": [KILL, {**KILL, **changed}]}


def buys(**changed: Any) -> dict[str, Any]:
    return {"buys": [BUY, {**BUY, **changed}]}


def start(**changed: Any) -> dict[str, Any]:
    return {"start_roles": [START[0], {**START[1], **changed}]}


def end(**changed: Any) -> dict[str, Any]:
    return {"end_roles": [END[0], {**END[1], **changed}]}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        *(({"map_name": name}, "map_name") for name in ("m" * 129, 7, ["m"], {}, True)),
        *(({"winner": word}, "winner") for word in ("w" * 65, True, [], {}, 10**70)),
        *(({"duration": x}, "duration") for x in (86_401.5, 1.5, "245", True, [])),
        *(({"ended_at": x}, "ended_at") for x in (1772480000, "", "yesterday", True, [])),
        *(({name: "x"}, name) for name in ("start_roles", "end_roles", "kills", "buys")),
        *(({name: 1}, name) for name in ("start_roles", "end_roles", "kills", "buys")),
        *(({name: {"0": {}}}, name) for name in ("start_roles", "end_roles", "kills", "buys")),
        ({"kills": {"1": KILL, "3": KILL}}, "kills"),
        ({"start_roles": [START[0]] * 257}, "start_roles"),
        ({"end_roles": [{}] * 257}, "end_roles"),
        ({"kills": [KILL] * 2001}, "kills"),
        ({"kills": [{"victim_steamid": "v"}] * 10_000}, "kills"),
        ({"buys": [BUY] * 2001}, "buys"),
        ({"start_roles": ["STEAM_0:1:1"]}, "start_roles[0]"),
        ({"kills": {"1": KILL, "2": 7}}, "kills[1]"),
        (start(player_steamid="s" * 65), "start_roles[1].player_steamid"),
        (start(player_steamid=7), "start_roles[1].player_steamid"),
        (end(role="r" * 33), "end_roles[1].role"),
        (end(role=7), "end_roles[1].role"),
        (start(karma="1000"), "start_roles[1].karma"),
        (end(karma=True), "end_roles[1].karma"),
        (end(points=[]), "end_roles[1].points"),
        *((kills(victim_steamid=x), "kills[1].victim_steamid") for x in (None, "", 7, "v" * 65)),
        *((kills(attacker_steamid=x), "kills[1].attacker_steamid") for x in (7, "a" * 65, ["a"])),
        *((kills(attacker_steamid=x), "kills[1].attacker_steamid") for x in (0, False, [])),
        *((kills(attacker_role=x), "kills[1].attacker_role") for x in (7, "r" * 33, 0, False)),
        *((kills(victim_role=x), "kills[1].victim_role") for x in (7, "r" * 33)),
        *((kills(weapon=x), "kills[1].weapon") for x in (7, "w" * 65, {})),
        *((kills(headshot=x), "kills[1].headshot") for x in (2, -1, 0.5, "true", "", [], {})),
        *((buys(steam_id=x), "buys[1].steam_id") for x in (None, "", 7, "s" * 65)),
        *((buys(item=x), "buys[1].item") for x in (None, True, [], "i" * 65)),
        *((buys(role=x), "buys[1].role") for x in (7, "r" * 33)),
        ({"buys": [{"steam_id": "s"}]}, "buys[0].item"),
        ({"kills": [{"weapon": "w"}]}, "kills[0].victim_steamid"),
        ({"map_name": "a\0b"}, "map_name"),
        (kills(weapon="a\0b"), "kills[1].weapon"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_refused_names_the_field(
    client: Client, changed: dict[str, Any], field: str
) -> None:
    answered = collect(client, **changed)
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}")
    assert answered.json["details"][0]["field"] == field
    assert count() == 0


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        *((sent, "none") for sent in (1, 1.0, "1", "none", "nones")),
        *((sent, "traitors") for sent in (2, 2.0, "2", "traitors", "traitor", "TRAITORS", " 2 ")),
        *((sent, "innocents") for sent in (3, 3.0, "3", "innocents", "innocent")),
        *((sent, "timelimit") for sent in (4, 4.0, "4", "timelimit")),
        *((sent, "unknown") for sent in (None, "", "nil", "  ")),
        *((sent, "jackals") for sent in ("jackals", " Jackals\n")),
        (5, "5"),
        ("LÉGION", "légion"),
    ],
)
def test_winners_are_words(client: Client, sent: Any, word: str) -> None:
    assert collect(client, winner=sent).status == 201
    assert shown(client)["winner"] == word
    raw = read(client, f"rounds/{ROUND['round_id']}")["winner_raw"]
    assert raw == (str(int(sent)) if isinstance(sent, int | float) else sent)


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [(245.0, 245), (-3, 0), (-86_401, 0), (-1.0, 0), (None, None), (86_401, None), (1e30, None)],
)
def test_a_duration_is_whole_seconds_never_negative_and_a_day_at_most(
    client: Client, sent: Any, seconds: int | None
) -> None:
    assert collect(client, duration=sent).status == 201
    assert shown(client)["duration"] == seconds


@pytest.mark.parametrize(
    ("sent", "time_"),
    [
        ("2026-03-02T19:50:00Z", "2026-03-02T19:50:00.000Z"),
        ("2026-03-02T21:50:00.5+02:00", "2026-03-02T19:50:00.500Z"),
        ("2026-03-02T19:50:00.123999", "2026-03-02T19:50:00.123Z"),
        ("2004-01-01T00:00:00Z", "2004-01-01T00:00:00.000Z"),
    ],
)
def test_a_sent_time_is_the_rounds_time(client: Client, sent: str, time_: str) -> None:
    assert collect(client, ended_at=sent).status == 201
    assert shown(client)["timestamp"] == time_


@pytest.mark.parametrize(
    "sent",
    [
        *("2003-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_a_time_that_cannot_be_is_refused(client: Client, sent: str) -> None:
    """Regression: times beyond the calendar's ends in UTC were a 500."""
    answered = collect(client, ended_at=sent)
    assert (answered.status, answered.json["error"]) == (400, "Invalid ended_at")


def test_a_time_may_be_five_minutes_ahead(client: Client) -> None:
    now = datetime.now(UTC)
    assert collect(client, ended_at=(now + timedelta(minutes=6)).isoformat()).status == 400
    assert collect(client, ended_at=(now + timedelta(minutes=4)).isoformat()).status == 201
    assert read(client, "overview")["rounds"] == 1


def test_without_a_time_it_is_that_of_the_first_receipt(client: Client) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    client.post("/api/collect", without("ended_at"))
    first = shown(client)["timestamp"]
    assert before <= datetime.fromisoformat(first) <= datetime.now(UTC)
    client.post("/api/collect", without("ended_at"))
    assert shown(client)["timestamp"] == first


@pytest.mark.parametrize("attacker", [{}, {"attacker_steamid": None}, {"attacker_steamid": ""}])
@pytest.mark.parametrize("role", [{}, {"attacker_role": None}, {"attacker_role": ""}])
def test_a_kill_by_the_world_has_no_attacker(
    client: Client, attacker: dict[str, Any], role: dict[str, Any]
) -> None:
    sent = {"victim_steamid": "v", "weapon": "trigger_hurt", **attacker, **role}
    collect(client, kills=[sent])
    assert shown(client)["kills"] == [
        {
            "attacker_steamid": None,
            "attacker_role": None,
            "victim_steamid": "v",
            "victim_role": None,
            "weapon": "trigger_hurt",
            "headshot": False,
        }
    ]


@pytest.mark.parametrize(
    ("sent", "flag"),
    [(True, True), (1, True), (1.0, True), (False, False), (0, False), (None, False)],
)
def test_a_headshot_is_a_flag(client: Client, sent: Any, flag: bool) -> None:
    collect(client, kills=[{**KILL, "headshot": sent}])
    assert shown(client)["kills"][0]["headshot"] is flag


@pytest.mark.parametrize(("sent", "item"), [(3, "3"), (3.0, "3"), (-1, "-1"), (2.5, "2.5")])
def test_an_item_that_is_a_number_becomes_text(client: Client, sent: Any, item: str) -> None:
    collect(client, buys=[{**BUY, "item": sent}])
    assert shown(client)["buys"][0]["item"] == item


def test_lua_tables_are_arrays_also_as_objects_and_their_order_is_kept(client: Client) -> None:
    many = [{**KILL, "weapon": f"w{n}"} for n in range(12)]
    keyed = {str(n): kill for n, kill in enumerate(many, 1)}
    collect(client, kills=dict(sorted(keyed.items())), buys={"2": {**BUY, "item": 2}, "1": BUY})
    assert [kill["weapon"] for kill in shown(client)["kills"]] == [f"w{n}" for n in range(12)]
    assert [buy["item"] for buy in shown(client)["buys"]] == ["Radar", "2"]


def test_roles_and_names_are_echoed_as_sent_and_counted_in_lower_case(client: Client) -> None:
    collect(client, start_roles=[{"player_steamid": "s", "role": " VamPire\t"}], end_roles=[])
    assert shown(client)["players"][0]["role_start"] == " VamPire\t"
    [role] = read(client, "roles")["items"][:1]
    assert (role["role"], role["team"], role["rounds"]) == ("vampire", "traitor", 1)


# 2.2 Player rows


def test_players_are_in_order_of_first_appearance_and_the_last_entry_of_a_list_wins(
    client: Client,
) -> None:
    def entries(*of: tuple[str, str | None]) -> list[dict[str, Any]]:
        return [{"player_steamid": steam_id, "role": role} for steam_id, role in of]

    collect(
        client,
        start_roles=entries(("b", "x"), ("BOT", "1"), ("a", "y"), ("BOT", "2"), ("b", None)),
        end_roles=entries(("d", "v"), ("BOT", "3"), ("a", "w"), ("BOT", "4"), ("c", "u")),
    )
    assert rows(shown(client)["players"], "steam_id", "role_start", "role_end") == [
        ("b", None, None),
        ("BOT", "2", "4"),
        ("a", "y", "w"),
        ("d", None, "v"),
        ("c", None, "u"),
    ]


@pytest.mark.parametrize(
    ("begin", "stop", "gain"),
    [
        (1000, 1010, 10),
        (1000.0, 862.75, -137),
        (950.5, 955.5, 5),
        (0, 0.5, 1),
        (0.5, 0, 0),
        (1.5, 0, -1),
        (0.1, 0.6, 1),  # 0.5 exactly, but not of floats
        (1000.3, 0.8, -999),
        (1e9, -1e9, -2_000_000_000),
        (0.0, 0.49999999999999994, 0),
        (None, 5, None),
        (5, None, None),
        (None, None, None),
    ],
)
def test_gains_are_whole_half_up_and_null_unless_both_ends_are_known(
    client: Client, begin: Any, stop: Any, gain: int | None
) -> None:
    collect(
        client,
        start_roles=[{"player_steamid": "s", "karma": begin, "points": begin}],
        end_roles=[{"player_steamid": "s", "karma": stop, "points": stop}],
    )
    assert rows(shown(client)["players"], "karma_diff", "points_diff") == [(gain, gain)]


# 3. POST /api/player/update


def test_the_first_name_is_201_and_each_later_one_200(client: Client) -> None:
    sent = {"steam_id": A, "display_name": "Ana"}
    first = client.post("/api/player/update", sent)
    assert (first.status, first.json) == (201, {"message": "Player created successfully"})
    for name in ("Ana", "Ana ☾"):
        again = client.post("/api/player/update", {**sent, "display_name": name})
        assert (again.status, again.json) == (200, {"message": "Player updated successfully"})


def test_somebody_known_only_from_rounds_is_still_created(client: Client) -> None:
    collect(client)
    sent = {"steam_id": "STEAM_0:1:1", "display_name": "Ana"}
    assert client.post("/api/player/update", sent).status == 201


@pytest.mark.parametrize("body", ["", "{", '{"steam_id":"s","display_name":NaN,}', "steam_id=s"])
def test_a_name_that_is_no_json_is_refused(client: Client, body: str) -> None:
    answered = client.post("/api/player/update", body)
    assert (answered.status, answered.json["error"]) == (400, "Invalid JSON")


@pytest.mark.parametrize(
    "changed",
    [{}, {"steam_id": None}, {"steam_id": ""}, {"display_name": None}, {"display_name": ""}],
)
def test_a_name_without_either_part_is_refused(client: Client, changed: dict[str, Any]) -> None:
    body = {"steam_id": A, "display_name": "Ana", **changed} if changed else {}
    answered = client.post("/api/player/update", body)
    assert (answered.status, answered.json) == (
        400,
        {"error": "Missing steam_id or display_name"},
    )


@pytest.mark.parametrize(
    "changed", [{"steam_id": 7}, {"steam_id": "s" * 65}, {"display_name": 7}, {"display_name": [1]}]
)
def test_a_name_of_another_type_is_refused(client: Client, changed: dict[str, Any]) -> None:
    answered = client.post("/api/player/update", {"steam_id": A, "display_name": "Ana", **changed})
    [field] = changed
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}")
    assert "pydantic" not in answered.text


# SteamIDs that several people share, as all bots share BOT.
PSEUDO = ("BOT", "STEAM_0:0:0", "STEAM_ID_LAN", "STEAM_ID_PENDING", "UNKNOWN", "NULL")


@pytest.mark.parametrize("steam_id", PSEUDO)
def test_a_bot_is_answered_but_never_stored(client: Client, steam_id: str) -> None:
    for name in ("Bot01", "Bot02"):
        sent = {"steam_id": steam_id, "display_name": name}
        assert client.post("/api/player/update", sent).status in (200, 201)
    assert count("ttt.names") == 0


@pytest.mark.parametrize("steam_id", PSEUDO)
def test_whoever_shares_a_steam_id_counts_as_a_bot(client: Client, steam_id: str) -> None:
    """Regression: who was not authenticated yet killed himself, was a duo, and led the tables."""
    assert db.query("select ttt.is_pseudo(%s) as is_pseudo", (steam_id,))[0]["is_pseudo"]
    kill = {"attacker_role": "traitor", "victim_role": "traitor", "weapon": "w", "headshot": True}
    roles = [{"player_steamid": who, "role": "traitor"} for who in (steam_id, A)]
    kills = [
        {**kill, "attacker_steamid": steam_id, "victim_steamid": steam_id},
        {**kill, "attacker_steamid": A, "victim_steamid": steam_id},
        {**kill, "attacker_steamid": steam_id, "victim_steamid": "BOT"},
    ]
    buys = [{"steam_id": steam_id, "item": "Radar"}]
    body = {**ROUND, "start_roles": roles, "end_roles": [], "kills": kills, "buys": buys}
    assert client.post("/api/collect", body).status == 201
    [one] = read(client, "players")["items"]
    assert (one["steam_id"], one["kills"], one["kills_on_bots"]) == (A, 1, 1)
    assert read(client, "duos?kind=frequent")["items"] == []
    assert read(client, "nemesis")["items"] == []
    assert read(client, "buys")["items"] == []
    assert client.get(f"/api/ttt/players/{steam_id}").status == 404
    total = read(client, "overview?include_bots=true")
    assert (total["suicides"], total["kills"], total["team_kills"]) == (0, 3, 1)
    assert read(client, f"players/{steam_id}?include_bots=true")["kills"] == 2


def test_a_long_name_is_cut_after_128_code_points(client: Client) -> None:
    client.post("/api/player/update", {"steam_id": A, "display_name": "🏴" * 200})
    assert read(client, f"players/{A}/names")["current"] == "🏴" * 128


@pytest.mark.commits
def test_a_name_queued_while_the_database_is_away_keeps_its_time(
    client: Client, store: str, queues: Queues, away: Away, setting: Callable[..., None]
) -> None:
    away()
    queued = client.post("/api/player/update", {"steam_id": A, "display_name": "Ana"})
    assert queued.status == 202
    setting(DATABASE_URL=store)
    [message] = [json.loads(body) for body in queues.bodies()]
    client.post("/api/player/update", {"steam_id": A, "display_name": "Ana ☾"})
    Mapping(queues).deliver(json.dumps(message | {"at": 1_772_500_000_123}))
    now, before = read(client, f"players/{A}/names")["items"]
    assert (now["name"], now["valid_to"]) == ("Ana ☾", None)
    assert before == {
        "name": "Ana",
        "valid_from": "2026-03-03T01:06:40.123Z",
        "valid_to": now["valid_from"],
        "last_seen": "2026-03-03T01:06:40.123Z",
    }


def test_names_of_nobody_are_none(client: Client) -> None:
    assert read(client, "players/nobody/names") == {
        "steam_id": "nobody",
        "current": None,
        "items": [],
    }


# 4. GET /api/stats and GET /api/health


@pytest.fixture
def many(client: Client) -> Client:
    """A client, after 25 rounds, two a minute: 00, 01 ... 24, on two maps of two servers."""
    begin = datetime(2026, 3, 2, 23, 55, tzinfo=UTC)
    for n in range(25):
        at = begin + timedelta(minutes=n // 2)
        body = {"round_id": f"{n:02}", "ended_at": at.isoformat(), "map_name": f"map{n % 2}"}
        rounds.consume({"server": "red" if n < 10 else None, "round": body}, 0)
    return client


def ids(answered: Answered) -> list[int]:
    assert answered.status == 200, answered.text
    return [int(one["id"]) for one in answered.json]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", range(24, 4, -1)),
        ("?limit=3", [24, 23, 22]),
        ("?limit=abc", range(24, 4, -1)),
        ("?limit=20.0", range(24, 4, -1)),
        ("?limit=-1", range(24, 4, -1)),
        ("?limit=", range(24, 4, -1)),
        ("?limit=٣", range(24, 4, -1)),
        ("?limit=0", []),
        ("?limit=10001", range(24, -1, -1)),
        ("?limit=99999999999999999999", range(24, -1, -1)),
        ("?limit=2&offset=3", [21, 20]),
        ("?limit=2&offset=-3", [24, 23]),
        ("?limit=2&offset=x", [24, 23]),
        ("?limit=2&offset=1.0", [24, 23]),
        ("?offset=24", [0]),
        ("?offset=25", []),
        ("?offset=99999999999999999999", []),
        ("?limit=1&limit=2", [24, 23]),
        ("?from=2026-03-03", range(24, 9, -1)),
        ("?to=2026-03-03", range(9, -1, -1)),
        ("?from=2026-03-03&to=2026-03-03", []),
        ("?from=2026-03-04&to=2026-03-03", []),
        ("?map=map1&limit=2", [23, 21]),
        ("?map=map9", []),
        ("?server=red&limit=2", [9, 8]),
        ("?server=red&map=map0&from=2026-03-02&to=2026-03-03&limit=2", [8, 6]),
    ],
)
def test_rounds_newest_first(many: Client, query: str, found: Any) -> None:
    assert ids(many.get(f"/api/stats{query}")) == [*found]


def test_each_page_says_how_to_go_on(many: Client) -> None:
    first = many.get("/api/stats?limit=20")
    assert first.headers["x-total-count"] == "25"
    assert (first.headers["x-has-more"], first.headers["x-next-offset"]) == ("true", "20")
    last = many.get("/api/stats?limit=20&offset=20")
    assert (last.headers["x-has-more"], last.headers["x-total-count"]) == ("false", "25")
    assert not {"x-next-offset", "x-next-cursor"} & set(last.headers)
    middle = many.get("/api/stats?limit=10&offset=10")
    assert (middle.headers["x-has-more"], middle.headers["x-next-offset"]) == ("true", "20")
    exact = many.get("/api/stats?limit=25")
    assert exact.headers["x-has-more"] == "false"
    assert many.get("/api/stats?server=red&limit=3").headers["x-total-count"] == "10"
    assert many.get("/api/stats?map=map1&to=2026-03-03").headers["x-total-count"] == "5"


def test_cursors_lead_to_all_rounds_while_new_ones_arrive(many: Client) -> None:
    found: list[int] = []
    cursor = ""
    while True:
        answered = many.get(f"/api/stats?limit=7&cursor={cursor}")
        found += ids(answered)
        if answered.headers["x-has-more"] == "false":
            break
        cursor = answered.headers["x-next-cursor"]
        collect(many, round_id=f"{100 + len(found)}", ended_at="2026-03-03T00:30:00Z")
    assert found == [*range(24, -1, -1)]


def test_with_a_cursor_the_offset_is_ignored(many: Client) -> None:
    cursor = many.get("/api/stats?limit=5").headers["x-next-cursor"]
    assert ids(many.get(f"/api/stats?limit=2&offset=3&cursor={cursor}")) == [19, 18]


def test_an_altered_cursor_and_one_of_other_filters_are_refused(many: Client) -> None:
    cursor = many.get("/api/stats?limit=5").headers["x-next-cursor"]
    for query in (
        f"?cursor={cursor[:-2]}AA",
        f"?cursor={cursor}&server=red",
        f"?cursor={cursor}&from=2026-03-02",
        "?cursor=x",
        "?cursor=%00",
    ):
        answered = many.get(f"/api/stats{query}")
        assert (answered.status, "cursor" in answered.json["error"]) == (400, True)


@pytest.mark.parametrize(
    "query", ["from=x", "from=2026-02-30", "to=yesterday", "to=1772480000", "include=everything"]
)
def test_an_unreadable_filter_is_refused_by_its_name(client: Client, query: str) -> None:
    answered = client.get(f"/api/stats?{query}")
    field = query.partition("=")[0]
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}")


def test_rounds_without_a_map_are_found_as_unknown(client: Client) -> None:
    for n, name in enumerate((None, "", "unknown", "ttt_harbor")):
        collect(client, round_id=f"{n}", map_name=name)
    answered = client.get("/api/stats?map=unknown")
    assert ids(answered) == [2, 1, 0]
    assert rows(answered.json, "map_name") == [("unknown",), ("",), (None,)]
    assert answered.headers["x-total-count"] == "3"


def test_a_known_answer_is_304_until_a_round_arrives(example: Client) -> None:
    first = example.get("/api/stats")
    tag = {"If-None-Match": first.headers["etag"]}
    known = example.get("/api/stats", headers=tag)
    assert (known.status, known.text, known.headers["etag"]) == (304, "", first.headers["etag"])
    assert example.get("/api/stats", headers={"If-None-Match": '"x"'}).status == 200
    collect(example)
    assert example.get("/api/stats", headers=tag).status == 200


def test_one_round_has_an_etag(example: Client) -> None:
    url = f"/api/ttt/rounds/{FIRST['round_id']}"
    tag = {"If-None-Match": example.get(url).headers["etag"]}
    assert example.get(url, headers=tag).status == 304


def wide(n: int) -> dict[str, Any]:
    """A round of some 700,000 bytes as it is read."""
    wordy = {"attacker_steamid": "a" * 64, "attacker_role": "r" * 32, "victim_steamid": "v" * 64}
    kills = [{**wordy, "victim_role": "r" * 32, "weapon": f"{k:064}"} for k in range(2000)]
    return {**ROUND, "round_id": f"{n}", "kills": kills, "buys": []}


def test_a_body_stays_under_5_megabytes_and_is_cut_between_rounds(client: Client) -> None:
    for n in range(10, 19):
        assert client.post("/api/collect", wide(n)).status == 201
    first = client.get("/api/stats?limit=10000")
    found = ids(first)
    assert len(first.text.encode()) < 5_000_000
    assert len(first.text) * (1 + 1 / len(found)) > 5_000_000  # not one more
    assert (first.headers["x-has-more"], first.headers["x-total-count"]) == ("true", "9")
    assert first.headers["x-next-offset"] == str(len(found))
    by_offset = client.get(f"/api/stats?limit=10000&offset={len(found)}")
    cursor = first.headers["x-next-cursor"]
    by_cursor = client.get(f"/api/stats?limit=10000&cursor={cursor}")
    assert by_cursor.text == by_offset.text
    assert found + ids(by_offset) == [*range(18, 9, -1)]
    assert by_offset.headers["x-has-more"] == "false"


def test_a_body_holds_at_least_one_round(example: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_BYTES", 10)
    answered = example.get("/api/stats")
    assert rows(answered.json, "id") == [(SECOND["round_id"],)]
    assert (answered.headers["x-has-more"], answered.headers["x-next-offset"]) == ("true", "1")


@pytest.mark.parametrize("url", ["/api/health", "/health"])
def test_health_is_exactly_ok(client: Client, url: str) -> None:
    answered = client.get(url, headers={})
    assert (answered.status, answered.json) == (200, {"status": "ok"})


@pytest.mark.commits
def test_health_is_degraded_and_reads_are_503_with_the_database_away(
    client: Client, away: Away
) -> None:
    away()
    for url in ("/api/health", "/health"):
        answered = client.get(url)
        assert (answered.status, answered.json) == (503, {"status": "degraded"})
    for url in ("/api/stats", *(f"/api/ttt/{path}" for path in ENDPOINTS)):
        answered = client.get(url)
        assert (answered.status, set(answered.json)) == (503, {"error"})


# 7. Statistics: parameters and refusals; the numbers are in section 8


@pytest.mark.parametrize(
    "query",
    [
        *("from=2026-02-30", "to=tomorrow", "from=1772480000", "to=2026-03-02T00:00:00Z"),
        *("include_bots=perhaps", "timelimit=traitors", "server=" + "s" * 129),
    ],
)
def test_an_unreadable_parameter_is_refused(client: Client, query: str) -> None:
    field = query.partition("=")[0]
    for path in ENDPOINTS:
        answered = client.get(f"/api/ttt/{path}?{query}")
        assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}"), path
        assert "pydantic" not in answered.text


@pytest.mark.parametrize(
    "query",
    [
        *("from=0001-01-01", "from=9999-12-31", "to=0001-01-01", "to=9999-12-31"),
        *("from=2026-04-01&to=2026-03-01", "from=&to=&server=", "unknown=1"),
    ],
)
def test_a_period_may_be_any(example: Client, query: str) -> None:
    """Regression: a period that began in the last month of the calendar was a 500."""
    statuses = {path: example.get(f"/api/ttt/{path}?{query}").status for path in ENDPOINTS}
    assert statuses == dict.fromkeys(ENDPOINTS, 200)


@pytest.mark.parametrize("name", ["server", "map", "search", "tz", "cursor", "from"])
def test_a_nul_in_a_query_is_refused(client: Client, name: str) -> None:
    """Regression: PostgreSQL's driver refuses it too, which was a 500."""
    readers = {"search": ["players"], "tz": ["activity"], "map": OF_ONE_MAP, "cursor": LISTS}
    urls = [f"/api/ttt/{path}?{name}=%00" for path in readers.get(name, ENDPOINTS)]
    urls += [f"/api/stats?{name}=%00"] if name not in ("search", "tz") else []
    answers = {url: client.get(url) for url in urls}
    assert {url: one.status for url, one in answers.items()} == dict.fromkeys(urls, 400)


@pytest.mark.parametrize("path", ["players/%00", "players/%00/names", "rounds/%00"])
def test_a_nul_in_an_address_is_refused(client: Client, path: str) -> None:
    assert client.get(f"/api/ttt/{path}").status == 400


def test_some_statistics_are_told_by_map(example: Client) -> None:
    for path in OF_ONE_MAP:
        assert example.get(f"/api/ttt/{path}?map=ttt_cellar").status == 200


@pytest.mark.parametrize("path", [path for path in ENDPOINTS if path not in OF_ONE_MAP])
def test_where_maps_are_not_told_apart_a_map_is_refused(example: Client, path: str) -> None:
    answered = example.get(f"/api/ttt/{path}?map=ttt_cellar")
    assert (answered.status, answered.json["error"]) == (400, "Invalid map")


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "2.0", ""])
def test_a_lists_limit_is_a_whole_number_from_1(client: Client, limit: str) -> None:
    for path in LISTS:
        answered = client.get(f"/api/ttt/{path}?limit={limit}")
        assert (answered.status, answered.json["error"]) == (400, "Invalid limit"), path


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_an_envelope(example: Client, path: str) -> None:
    found = read(example, f"{path}?from=2026-03-01&to=2026-04-01&limit=5000")
    more = {"changes"} if path == "roles" else set()
    assert set(found) == {"items", "next_cursor", "from", "to", "as_of", "raw_tail"} | more
    assert (found["from"], found["to"]) == ("2026-03-01", "2026-04-01")
    assert (found["next_cursor"], found["raw_tail"]) == (None, True)
    assert found["as_of"] <= "2026-03-02T00:00:00.000Z"
    nothing = read(example, f"{path}?to=2026-01-01")
    assert (nothing["items"], nothing["from"], nothing["raw_tail"]) == ([], None, False)


def test_a_list_has_100_items_by_default_and_1000_at_the_most(client: Client) -> None:
    collect(client, kills=[{**KILL, "weapon": f"w{n}"} for n in range(1250)])
    assert len(read(client, "weapons")["items"]) == 100
    most = read(client, "weapons?limit=99999")
    assert len(most["items"]) == 1000
    rest = read(client, f"weapons?limit=99999&cursor={most['next_cursor']}")
    assert (len(rest["items"]), rest["next_cursor"]) == (250, None)


@pytest.mark.parametrize("path", LISTS)
def test_a_lists_cursor_is_good_for_its_own_query_only(example: Client, path: str) -> None:
    query = f"{path}?min_rounds=1&limit=1" if path in ("duos", "karma") else f"{path}?limit=1"
    cursor = read(example, query)["next_cursor"]
    if path == "rivalries":
        assert cursor is None
        return
    assert len(read(example, f"{query}&cursor={cursor}")["items"]) == 1
    for changed in (
        f"{query}&cursor={cursor[:-2]}AA",
        f"{query}&timelimit=innocents&cursor={cursor}",
    ):
        answered = example.get(f"/api/ttt/{changed}")
        assert (answered.status, "cursor" in answered.json["error"]) == (400, True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("players?sort=steam_id", "sort"),
        ("players?sort=", "sort"),
        ("players?order=up", "order"),
        ("players?min_rounds=-1", "min_rounds"),
        ("players?min_kills=x", "min_kills"),
        ("duos?kind=good", "kind"),
        ("duos?min_rounds=1.5", "min_rounds"),
        ("karma?order=desc", "order"),
        ("karma?min_rounds=x", "min_rounds"),
        (f"players/{A}?tz=Nowhere", "tz"),
        ("activity?tz=", "tz"),
        ("activity?tz=utc%2B5", "tz"),
        ("activity?tz=%2B05:30", "tz"),
        ("activity?tz=Mars/Olympus_Mons", "tz"),
        ("activity?tz=Europe/Atlantis", "tz"),
        ("activity?tz=Etc/Nowhere%2B5", "tz"),
        ("activity?tz=XYZ3ABC", "tz"),
        ("activity?tz=PDT", "tz"),
        ("activity?tz=Z'; select 1", "tz"),
    ],
)
def test_what_only_some_endpoints_ask_for_is_refused_by_its_name(
    example: Client, query: str, field: str
) -> None:
    """Regression: PostgreSQL takes almost any name for a zone without daylight saving."""
    answered = example.get(f"/api/ttt/{query}")
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {field}")


@pytest.mark.parametrize("tz", ["Mars/Olympus_Mons", "Europe/Atlantis", "Nowhere"])
def test_an_unknown_zone_is_refused_also_where_there_is_nothing_to_count(
    client: Client, tell: Teller, tz: str
) -> None:
    """Regression: PostgreSQL was asked about the zone only if it had a row to convert."""
    tell(A, "Ana", NAMES[0][0])
    for path in ("activity", f"players/{A}"):
        answered = client.get(f"/api/ttt/{path}?tz={tz}")
        assert (answered.status, answered.json["error"]) == (400, "Invalid tz")


@pytest.mark.parametrize(
    "tz",
    ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT%2B12", "EST5EDT", "GB"],
)
def test_any_iana_zone_is_known(example: Client, tz: str) -> None:
    assert sum(read(example, f"activity?tz={tz}")["weekday"]) == 2
    assert read(example, f"players/{A}?tz={tz}")["activity"] == {
        key: value
        for key, value in read(example, f"activity?tz={tz}").items()
        if key in ("tz", "weekday", "hour", "matrix")
    }


def test_somebody_unknown_is_404(example: Client) -> None:
    for steam_id in ("nobody", "BOT", "STEAM_0:1:10", "%25", "a%2Fb"):
        answered = example.get(f"/api/ttt/players/{steam_id}")
        assert (answered.status, answered.json) == (404, {"error": "Player not found"})
    assert read(example, "players/BOT?include_bots=true")["deaths"] == 1


def test_an_unknown_round_is_404(example: Client) -> None:
    for round_id in ("unknown", FIRST["round_id"].upper(), "%25", "a%2Fb"):
        answered = example.get(f"/api/ttt/rounds/{round_id}")
        assert (answered.status, answered.json) == (404, {"error": "Round not found"})


def test_somebody_with_only_a_name_or_outside_the_period_has_zeros(
    example: Client, tell: Teller
) -> None:
    tell("named", "Nora", NAMES[0][0])
    for found in (read(example, "players/named"), read(example, f"players/{A}?to=2026-01-01")):
        assert (found["rounds"], found["kd"], found["win_rate"], found["roles"]) == (0, 0, 0, {})
        assert (found["avg_karma"], found["first_seen"], found["favorite_weapon"]) == (None,) * 3
        assert found["recent"] == found["by_role"] == found["weapons"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort=kills", [A, B, C, D]),
        ("sort=kills&order=asc", [D, B, C, A]),
        ("sort=deaths", [B, D, C, A]),
        ("sort=kd&order=asc", [D, B, C, A]),
        ("sort=avg_karma", [A, B, D, C]),
        ("sort=win_rate", [A, C, B, D]),
        ("sort=display_name", [A, B, D, C]),
        ("sort=display_name&order=asc", [A, B, D, C]),
        ("sort=last_seen", [B, D, A, C]),
        ("min_kills=1", [A, B, C]),
        ("min_rounds=2&min_kills=2", [A]),
        ("min_rounds=3", []),
        (f"search={A}", [A]),
        ("search=aNA", [A]),
        ("search=☾", [A]),
        ("search=%25", []),
        ("search=STEAM_0:1:10", []),
        ("search=", [A, B, C, D]),
        ("include_bots=true", [A, B, C, "BOT", D]),
    ],
)
def test_players_are_sorted_and_picked(
    example: Client, tell: Teller, query: str, found: list[str]
) -> None:
    for moment, steam_id, name in NAMES:
        tell(steam_id, name, moment)
    assert [one["steam_id"] for one in read(example, f"players?{query}")["items"]] == found


@pytest.mark.parametrize("search", ["Émile", "émile", "É", "ÉMILE", "le ☾"])
def test_letters_of_any_alphabet_are_found_in_either_case(
    example: Client, tell: Teller, search: str
) -> None:
    """Regression: names are stored with the collation "C", in which É is not lowered."""
    tell(A, "Émile ☾", NAMES[0][0])
    assert [one["steam_id"] for one in read(example, f"players?search={search}")["items"]] == [A]


# 8. The worked example


def test_example_writes(client: Client) -> None:
    plain = {**client.headers, "Content-Type": "text/plain"}

    def post(body: dict[str, Any], url: str = "/api/collect", headers: Any = plain) -> Answered:
        return client.post(url, body, headers=headers)

    assert [post(FIRST).status, post(SECOND).status] == [201, 201]
    assert [post(FIRST).status, post(SECOND).status] == [200, 200]
    other_order = dict(reversed(FIRST.items())) | {"duration": 245}
    by_query = f"/api/collect?api_key={API_KEY}"
    assert post(other_order, by_query, {"Content-Type": "text/plain"}).status == 200
    differs = post({**FIRST, "winner": "3"})
    assert (differs.status, differs.json["differences"]) == (409, ["winner"])
    assert post({**FIRST, "winner": "traitors"}).status == 200


def test_example_stats(example: Client) -> None:
    answered = example.get("/api/stats?limit=1")
    assert answered.json == [
        {
            "id": "a0000000-0000-4000-8000-000000000002",
            "map_name": "ttt_cellar",
            "winner": "innocents",
            "duration": 180,
            "timestamp": "2026-03-03T20:10:00.000Z",
            "kills": [
                SECOND["kills"][0],
                {"attacker_steamid": None, "attacker_role": None, **SECOND["kills"][1]},
                SECOND["kills"][2],
            ],
            "players": [
                {
                    "steam_id": steam_id,
                    "role_start": begin,
                    "role_end": stop,
                    "karma_diff": karma,
                    "points_diff": points,
                }
                for steam_id, begin, stop, karma, points in (
                    (A, "innocent", "deputy", -10, -1),
                    (B, "traitor", "traitor", 5, 1),
                    (C, "innocent", "innocent", 37, 3),
                    (D, None, "innocent", None, None),
                )
            ],
            "buys": SECOND["buys"],
        }
    ]
    assert answered.headers["x-has-more"] == "true"
    assert answered.headers["x-next-offset"] == "1"
    assert answered.headers["x-total-count"] == "2"
    [first] = example.get("/api/stats?limit=1&offset=1").json
    assert first["winner"] == "traitors"
    assert rows(first["players"], "steam_id", "karma_diff", "points_diff") == [
        (A, 30, 3),
        (B, 5, 0),
        (C, -137, -8),
        ("BOT", 0, 0),
        (D, 5, -1),
    ]


def ids_of(found: dict[str, Any]) -> list[str]:
    return [one["id"] for name in ("kills", "buys", "players") for one in found[name]]


def test_example_ids(example: Client) -> None:
    paths = [f"rounds/{body['round_id']}" for body in (FIRST, SECOND)]
    before = [ids_of(read(example, path)) for path in paths]
    assert len({*before[0], *before[1]}) == 4 + 3 + 5 + 3 + 2 + 4
    example.post("/api/collect", FIRST)
    assert [ids_of(read(example, path)) for path in paths] == before
    for name in ("rounds", "players", "kills", "buys"):
        db.query(f"delete from ttt.{name}")  # type: ignore[arg-type]
    for body in (SECOND, FIRST):
        rounds.consume({"server": "red", "round": body}, 0)
    assert [ids_of(read(example, path)) for path in paths] == before


def test_example_overview(example: Client) -> None:
    expected = {
        "rounds": 2,
        "players": 4,
        "kills": 5,
        "deaths": 6,
        "headshots": 3,
        "team_kills": 1,
        "suicides": 1,
        "world_deaths": 1,
        "kill_rows": 7,
        "headshot_rows": 4,
        "avg_duration": 213,
        "wins": {"innocents": 1, "traitors": 1, "timelimit": 0, "other": 0},
    }
    assert expected.items() <= read(example, "overview").items()
    with_bots = expected | {"players": 5, "deaths": 7}
    assert with_bots.items() <= read(example, "overview?include_bots=true").items()


SHOWN = (
    *("steam_id", "rounds", "kills", "deaths", "kd", "headshots", "headshot_rate", "team_kills"),
    *("suicides", "world_deaths", "kills_on_bots", "wins", "wins_innocent", "wins_traitor"),
    *("win_rate", "kills_per_round", "items_bought", "karma_total", "karma_rounds", "avg_karma"),
    *("points_total", "favorite_weapon"),
)


def test_example_players(example: Client) -> None:
    items = read(example, "players")["items"]
    knife, m16, rifle = "weapon_ttt_knife", "weapon_ttt_m16", "weapon_zm_rifle"
    assert rows(items, *SHOWN) == [
        (A, 2, 3, 0, 3, 1, 33.3, 0, 0, 0, 1, 2, 1, 1, 100, 1.5, 2, 20, 2, 10, 2, knife),
        (B, 2, 1, 2, 0.5, 1, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 2, 10, 2, 5, 1, m16),
        (C, 2, 1, 2, 0.5, 1, 100, 1, 0, 0, 0, 1, 1, 0, 50, 0.5, 1, -100, 2, -50, -5, rifle),
        (D, 2, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1, 5, -1, None),
    ]
    assert rows(items, "roles") == [
        ({"traitor": 1, "innocent": 1},),
        ({"innocent": 1, "traitor": 1},),
        ({"detective": 1, "innocent": 1},),
        ({"role_7": 1, "unknown": 1},),
    ]
    assert set(rows(items, "seconds", "first_seen", "last_seen", "display_name")) == {
        (425, "2026-03-02T19:50:00.000Z", "2026-03-03T20:10:00.000Z", None)
    }
    with_bots = read(example, "players?include_bots=true")["items"]
    assert with_bots[:3] + with_bots[4:] == items
    assert rows(with_bots, "steam_id", "rounds", "kills", "deaths")[3] == ("BOT", 1, 0, 1)


def test_example_profile(example: Client) -> None:
    found = read(example, f"players/{A}")
    [listed] = read(example, f"players?search={A}")["items"]
    assert listed.items() <= found.items()
    assert rows(found["by_role"], "role", "team", "rounds", "wins", "kills", "kd") == [
        ("innocent", "innocent", 1, 1, 0, 0),
        ("traitor", "traitor", 1, 1, 2, 2),
        ("deputy", "innocent", 0, 0, 1, 1),
    ]
    assert found["by_map"] == [
        {"map_name": name, "rounds": 1, "wins": 1, "win_rate": 100, "kills": n, "deaths": 0}
        for name, n in (("ttt_cellar", 1), ("ttt_harbor", 2))
    ]
    assert rows(found["weapons"], "weapon", "kills", "headshots", "headshot_rate") == [
        ("weapon_ttt_knife", 1, 0, 0),
        ("weapon_ttt_m16", 1, 0, 0),
        ("weapon_zm_revolver", 1, 1, 100),
    ]
    assert found["killed_by"] == []
    assert found["victims"] == [
        {"steam_id": one, "display_name": None, "kills": 1, "headshots": 0} for one in (B, C)
    ]
    assert found["activity"]["weekday"] == [0, 1, 1, 0, 0, 0, 0]
    assert found["recent"] == [
        {
            "id": body["round_id"],
            "map_name": body["map_name"],
            "winner": winner,
            "timestamp": body["ended_at"].replace("Z", ".000Z"),
            "role_start": begin,
            "role_end": stop,
            "won": True,
            "kills": kills,
            "deaths": 0,
            "karma_diff": karma,
            "points_diff": points,
        }
        for body, winner, begin, stop, kills, karma, points in (
            (SECOND, "innocents", "innocent", "deputy", 1, -10, -1),
            (FIRST, "traitors", "traitor", "traitor", 2, 30, 3),
        )
    ]


def test_example_weapons(example: Client) -> None:
    keys = ("weapon", "kills", "headshots", "headshot_rate")
    keys += ("team_kills", "suicides", "world_deaths", "events")
    assert rows(read(example, "weapons")["items"], *keys) == [
        ("weapon_ttt_m16", 2, 1, 50, 0, 0, 0, 2),
        ("weapon_ttt_knife", 1, 0, 0, 0, 0, 0, 1),
        ("weapon_zm_revolver", 1, 1, 100, 0, 0, 0, 1),
        ("weapon_zm_rifle", 1, 1, 100, 1, 0, 0, 1),
        ("trigger_hurt", 0, 0, 0, 0, 0, 1, 1),
        ("weapon_zm_pistol", 0, 0, 0, 0, 1, 0, 1),
    ]


def test_example_roles(example: Client) -> None:
    found = read(example, "roles")
    keys = ("role", "team", "rounds", "wins", "win_rate", "kills", "deaths", "kd", "team_kills")
    assert rows(found["items"], *keys) == [
        ("innocent", "innocent", 3, 2, 66.7, 0, 3, 0, 0),
        ("traitor", "traitor", 2, 1, 50, 3, 1, 3, 0),
        ("detective", "innocent", 1, 0, 0, 1, 1, 1, 1),
        ("role_7", "unknown", 1, 0, 0, 0, 1, 0, 0),
        ("unknown", "unknown", 1, 0, 0, 0, 0, 0, 0),
        ("deputy", "innocent", 0, 0, 0, 1, 0, 1, 0),
    ]
    assert found["changes"] == [{"from": "innocent", "to": "deputy", "count": 1}]


def test_example_maps(example: Client) -> None:
    keys = ("map_name", "rounds", "innocent_wins", "traitor_wins", "timelimit", "other")
    keys += ("innocent_win_rate", "traitor_win_rate", "avg_duration", "kills")
    assert rows(read(example, "maps")["items"], *keys) == [
        ("ttt_cellar", 1, 1, 0, 0, 0, 100, 0, 180, 2),
        ("ttt_harbor", 1, 0, 1, 0, 0, 0, 100, 245, 3),
    ]


def test_example_duos(example: Client) -> None:
    keys = ("player1", "player2", "rounds_together", "wins_together", "win_rate")
    best = [(A, C, 1, 1, 100), (B, C, 1, 0, 0)]
    assert rows(read(example, "duos?kind=best&min_rounds=1")["items"], *keys) == best
    assert rows(read(example, "duos?kind=worst&min_rounds=1")["items"], *keys) == best[::-1]
    assert read(example, "duos?kind=best")["items"] == []
    assert read(example, "duos")["items"] == []
    assert rows(read(example, "duos?kind=frequent")["items"], *keys) == [
        (one, other, 2, None, None)
        for one, other in ((B, D), (B, A), (B, C), (D, A), (D, C), (A, C))
    ]


def test_example_nemesis_and_rivalries(example: Client) -> None:
    nemesis = read(example, "nemesis")["items"]
    assert rows(nemesis, "killer", "victim", "kills", "headshots") == [
        (B, C, 1, 1),
        (C, B, 1, 1),
        (A, B, 1, 0),
        (A, C, 1, 0),
    ]
    assert read(example, "rivalries")["items"] == [
        {
            "player1": B,
            "player1_name": None,
            "player2": C,
            "player2_name": None,
            "player1_kills": 1,
            "player2_kills": 1,
            "total_kills": 2,
        }
    ]


def test_example_karma(example: Client) -> None:
    keys = ("steam_id", "karma_total", "karma_rounds", "avg_karma", "worst_round")
    assert rows(read(example, "karma?order=best&min_rounds=1")["items"], *keys) == [
        (A, 20, 2, 10, -10),
        (B, 10, 2, 5, 5),
        (D, 5, 1, 5, 5),
        (C, -100, 2, -50, -137),
    ]
    worst = read(example, "karma?order=worst&min_rounds=1")["items"]
    assert rows(worst, "steam_id") == [(C,), (B,), (D,), (A,)]
    assert read(example, "karma")["items"] == []


def test_example_activity(example: Client) -> None:
    found = read(example, "activity")
    assert (found["tz"], found["weekday"]) == ("UTC", [0, 1, 1, 0, 0, 0, 0])
    assert [hour for hour, n in enumerate(found["hour"]) if n] == [19, 20]
    assert (found["matrix"][1][19], found["matrix"][2][20], len(found["matrix"])) == (1, 1, 7)
    far = read(example, "activity?tz=Asia/Kolkata")
    assert (far["weekday"], far["hour"][1], sum(far["hour"])) == ([0, 0, 1, 1, 0, 0, 0], 2, 2)


def test_example_buys(example: Client) -> None:
    keys = ("item", "buys", "buyer_rounds", "wins", "win_rate", "baseline_win_rate", "lift")
    assert rows(read(example, "buys")["items"], *keys, "ci95", "unattributed") == [
        ("Radar", 2, 2, 1, 50, 25, 25, [9.5, 90.5], 0),
        ("weapon_ttt_c4", 2, 1, 0, 0, 50, -50, [0, 79.3], 0),
        ("weapon_ttt_knife", 1, 1, 1, 100, 50, 50, [20.7, 100], 0),
    ]


def test_example_of_the_time_limit(client: Client) -> None:
    client.post("/api/collect", FIRST)
    client.post("/api/collect", {**SECOND, "winner": "4"})

    def wins(query: str) -> dict[str, int]:
        items = read(client, f"players{query}")["items"]
        return {one["steam_id"]: one["wins"] for one in items}

    assert wins("") == {A: 1, B: 0, C: 0, D: 0}
    assert wins("?timelimit=innocents") == {A: 2, B: 0, C: 1, D: 0}
    for query in ("", "?timelimit=innocents"):
        expected = {"innocents": 0, "traitors": 1, "timelimit": 1, "other": 0}
        assert read(client, f"overview{query}")["wins"] == expected


def test_example_names(example: Client, tell: Teller) -> None:
    assert [tell(who, name, at).status for at, who, name in NAMES] == [201, 200, 200]
    newest, oldest = example.get("/api/stats?include=names").json
    assert rows(oldest["players"], "steam_id", "display_name")[:2] == [(A, "Ana"), (B, None)]
    assert rows(newest["players"], "steam_id", "display_name")[:2] == [(A, "Ana ☾"), (B, None)]
    assert read(example, "players")["items"][0]["display_name"] == "Ana ☾"
    assert read(example, f"rounds/{FIRST['round_id']}")["players"][0]["display_name"] == "Ana"
    assert read(example, "nemesis")["items"][2]["killer_name"] == "Ana ☾"
    found = read(example, f"players/{A}/names")
    assert (found["steam_id"], found["current"]) == (A, "Ana ☾")
    assert found["items"] == read(example, f"players/{A}")["names"]
    assert found["items"] == [
        {
            "name": "Ana ☾",
            "valid_from": "2026-03-03T00:00:00.000Z",
            "valid_to": None,
            "last_seen": "2026-03-03T00:00:00.000Z",
        },
        {
            "name": "Ana",
            "valid_from": "2026-03-01T10:00:00.000Z",
            "valid_to": "2026-03-03T00:00:00.000Z",
            "last_seen": "2026-03-02T10:00:00.000Z",
        },
    ]


def test_example_window(example: Client) -> None:
    window = "from=2026-03-03&to=2026-03-04"
    assert read(example, f"overview?{window}")["rounds"] == 1
    of = {one["steam_id"]: one for one in read(example, f"players?{window}")["items"]}
    assert (of[A]["rounds"], of[A]["kills"], of[A]["wins"]) == (1, 1, 1)
    assert (of[D]["deaths"], of[D]["world_deaths"], of[D]["suicides"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (json.dumps(without("round_id")), "Missing round_id"),
        ('{"round_id":"x","kills":[{"weapon":"w"}]}', "Invalid kills[0].victim_steamid"),
        ('{"round_id":"x","duration":NaN,}', "Invalid JSON"),
        ("[]", "No data provided"),
        (json.dumps({"round_id": "x" * 37}), "Invalid round_id"),
    ],
)
def test_example_refusals(client: Client, body: str, error: str) -> None:
    answered = client.post("/api/collect", body)
    assert (answered.status, answered.json["error"]) == (400, error)


def test_the_seeds_own_example(client: Client) -> None:
    assert client.post("/api/collect", SEED).status == 201
    shooter, shot = read(client, "players")["items"]
    keys = ("steam_id", "rounds", "kills", "deaths", "kd", "wins", "items_bought")
    assert rows([shooter], *keys) == [("STEAM_0:1:12345", 1, 1, 0, 1, 0, 1)]
    assert (shooter["karma_rounds"], shooter["avg_karma"]) == (0, None)
    assert rows([shot], "steam_id", "rounds", "deaths", "win_rate") == [
        ("STEAM_0:0:67890", 0, 1, 0)
    ]
    assert rows(read(client, "buys")["items"], "item", "buyer_rounds", "wins") == [
        ("weapon_ttt_c4", 1, 0)
    ]
    assert len(read(client, "nemesis")["items"]) == 1
    assert rows(shown(client)["players"], "karma_diff", "points_diff") == [(None, None)]
