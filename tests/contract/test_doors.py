"""Every door against everything that JSON can spell, that GMod spells, and every time there is.

Whatever is sent is answered, and never with a fault of ours; what is accepted while the database is
away can be stored when it is back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.accounts import signing_keys
from functions.logs.servers import keys
from functions.shared import auth, db, tracker_tokens
from functions.shared.routing import Operation
from tests.support import tracker
from tests.support.accounts import BODIES as ACCOUNTS
from tests.support.accounts import bearer, make_user
from tests.support.client import Client, operations
from tests.support.game import BODIES as GAME
from tests.support.game import make_player, to_url
from tests.support.logs.panel import SERVER, make_server, say, send
from tests.support.queues import Mapping, Queues
from tests.support.server import API_KEY
from tests.support.tournament_bodies import BODIES as TOURNAMENTS
from tests.support.tracker_bodies import BODIES as TRACKER

WHO = "STEAM_0:1:101"
TIMES = [
    *(
        "2026-03-02T19:50:00Z",
        "2026-03-02T19:50:00+01:00:30",
        "2026-03-02T19:50:00-00:00:00.000001",
    ),
    *("2026-03-02T24:00:00Z", "2026-03-02T23:59:60Z", "2026-03-02T19:50:00.1234567Z", "2026-W10-1"),
    *("2026-03-02T19:50:00,5Z", "20260302", "2026-02-30", "2026-03-02T19:50:00+24:00", "infinity"),
    *(
        "-infinity",
        "now",
        "0001-01-01",
        "0001-01-01T00:00:00+23:59:59.999999",
        "0000-01-01",
        "epoch",
    ),
    *("9999-12-31T23:59:59.999999-23:59:59.999999", "9999-12-31", "10000-01-01", "0044-03-15 BC"),
    *("1e400", "99999999999999999999", "-1", "²", "١", "2026-03-02T19:50:00 Europe/Paris", "\0"),
    *("9" * 5000, "1" * 400, "294277-01-01", "-62135596800000", "253402300800000", "86400", ""),
]
# JSON values as texts: numbers that overflow or are none, texts that no store holds, depth.
ODD = [
    *("1e400", "-1E+400", "1" * 250 + "e99", "9" * 309, "9" * 4301, "1e-400", "-0.0", "0.1e308"),
    *("NaN", "nan", "-nan(ind)", "inf", "-inf", "Infinity", "", "1.#INF", "12.0", "1e22", "5e-324"),
    *('"\\u0000"', '"a\\ud800"', '"\\udfff\\ud800"', '{"\\ud800":"\\u0000"}', '"é☾🎲"', "{}", "[]"),
    *("[" * depth + "]" * depth for depth in (17, 65, 490, 976)),
    *('{"a":' * depth + "nan" + "}" * depth for depth in (3, 65, 490)),
    *('"' + "x" * 5000 + '"', "[,,]", '{"1":{},"2":,"3":[1,]}', "null", "true", "[null]", '["a"]'),
    *(json.dumps(time) for time in TIMES),
]
# Those of them of which each stands for a kind: all of them in every place would take minutes.
WORST = [
    *(
        "1e400",
        "1" * 250 + "e99",
        "9" * 4301,
        "nan",
        "",
        "-0.0",
        "12.0",
        "null",
        "{}",
        "[]",
        "true",
    ),
    *('"\\u0000"', '"a\\ud800"', '{"\\ud800":"\\u0000"}', '"' + "x" * 5000 + '"', "[null]"),
    *("[" * 490 + "]" * 490, '{"a":' * 976 + "1" + "}" * 976, '{"1":,"2":[1,]}', '"0001-01-01"'),
    *('"2026-03-02T19:50:00-00:00:00.000001"', '"9999-12-31T23:59:59-23:59"', '"infinity"'),
]
VALUES = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
).map(json.dumps)
MARK = "@odd@"


def game_event() -> dict[str, Any]:
    return {**say("hi"), "metadata": {"message": "hi", "args": [1], "deep": {"x": 1}}, "map": "m"}


def round_() -> dict[str, Any]:
    standing = {"player_steamid": WHO, "role": "traitor", "karma": 1000.5, "points": 0}
    kill = {"attacker_steamid": WHO, "victim_steamid": "BOT", "weapon": "w", "headshot": True}
    return {
        **{"round_id": "x", "map_name": "m", "winner": "2", "duration": 245.0, "ended_at": None},
        **{"start_roles": [standing], "end_roles": [standing], "kills": [kill]},
        "buys": [{"steam_id": WHO, "role": "traitor", "item": "Radar"}],
    }


def bodies() -> dict[str, Any]:
    """What every route that reads a body is sent, but for one value."""
    signal = {"type": "x", "severity": 4, "confidence": 0.5, "extra": {"a": 1}}
    tilt = {"userId": "u", "timestamp": 1764000000000, "signals": [signal], "tiltScore": 3.5}
    server = {"name": "n", "ip": "198.51.100.1", "port": 1, "mode": "TTT", "maxPlayers": 2}
    config = {"general": {"siteName": "x"}, "logs": {"ignoredTools": []}, "vip": {"plans": []}}
    name = {"steam_id": WHO, "display_name": "Ana"}
    log = {
        "serverId": SERVER,
        "content": "[CHAT] Ana [STEAM_0:1:5|user] [GLOBAL] hi",
        "dryRun": True,
    }
    log |= {"baseDate": "2026-11-01", "timezoneOffsetMinutes": 0, "formatHint": "AUTO"}
    return {
        "POST /api/tilt/events": tilt | {"context": "c"},
        **dict.fromkeys(("POST /api/collect", "POST /api/collect/collect"), round_()),
        **dict.fromkeys(("POST /api/player/update", "POST /api/collect/player/update"), name),
        "POST /api/ingest/logs": {"events": [game_event()]},
        "POST /api/servers/heartbeat": {"map": "m", "playerCount": 1},
        "POST /api/servers": server,
        "PATCH /api/servers/{server_id}": server | {"maintenance": True},
        "POST /api/servers/{server_id}/regenerate-key": {"revokePrevious": False},
        "PUT /api/site-config": config,
        "POST /api/players/{steam_id}/notes": {"content": "x", "staffName": "y"},
        "PATCH /api/players/{steam_id}/notes/{note_id}": {"content": "x"},
        "POST /api/players/{steam_id}/punishments": {
            **{"type": "BAN", "reason": "x", "duration": 5, "active": True}
        },
        "POST /api/suspicious/allow": {"steamIds": [WHO, "STEAM_0:1:5"], "reason": "x"},
        "POST /api/admin/legacy-logs/import": log,
        **ACCOUNTS,
        **GAME,
        **TRACKER,
        **TOURNAMENTS,
        "POST /api/transactions": {},
        "PUT /api/transactions/{transaction_id}": {},
        "PATCH /api/transactions/{transaction_id}": {},
    }


def places(value: Any) -> list[Any]:
    """The body with a mark in place of each of its values, one at a time."""
    if isinstance(value, dict):
        inner = [{**value, key: p} for key, sub in value.items() for p in places(sub)]
        return [MARK, *inner, {**value, "unknown": MARK}]
    if isinstance(value, list):
        changed = [[*value[:n], p, *value[n + 1 :]] for n, s in enumerate(value) for p in places(s)]
        return [MARK, *changed, [*value, MARK]]
    return [MARK]


@pytest.fixture
def callers(store: str) -> dict[str, dict[str, str]]:
    """Headers that are let in, by the first word of the guard's scope."""
    send(make_server(), game_event() | {"steamId": WHO})
    key = keys.issue(SERVER, "ada")["apiKey"]
    signing_keys.clear_cache()
    tracker_tokens.clear_cache()
    token = bearer(make_user("Ada", "admin"), "panel").headers
    return {
        "tilt": {"X-Api-Key": API_KEY},
        "ttt": {"X-Api-Key": key},
        "logs": {"X-Server-Key": key},
        **dict.fromkeys(("staff", "admin", "panel", "analyst"), token),
        "game": make_player("Otto").headers,
        "tracker": tracker.bearer(tracker.open_session("mira")).headers,
        "": {},
    }


def named(one: Operation) -> str:
    return f"{one.method} {one.path}"


def headers_of(one: Operation, callers: dict[str, dict[str, str]]) -> dict[str, str]:
    return callers[one.guard.scope.partition(":")[0] if one.guard else ""]


def address(path: str, value: str = "x") -> str:
    return to_url(
        path.replace("{server_id}", SERVER)
        .replace("{user_id}", "999999")
        .replace("{steam_id}", WHO)
    )


WRITING = [one for one in operations() if one.body or one.method in ("POST", "PUT", "PATCH")]


def test_every_route_that_reads_a_body_is_here() -> None:
    assert {named(one) for one in WRITING} == set(bodies())


@pytest.mark.parametrize("one", WRITING, ids=named)
def test_whatever_stands_anywhere_in_a_body_is_never_a_fault_of_ours(
    callers: dict[str, dict[str, str]], one: Operation
) -> None:
    """Regression: 250 digits and e99, 1e400 as a winner, 490 levels in a signal, 976 in the site's
    configuration and half a surrogate as a server were 500."""
    headers, url = headers_of(one, callers), address(one.path)
    of_games = ("/api/collect", "/api/player/update", "/api/ingest", "/api/servers/h")
    is_game = one.path.startswith(of_games)
    for place in places(bodies()[named(one)]):
        for odd in WORST:
            body = json.dumps(place).replace(f'"{MARK}"', odd)
            answered = Client().call(one.method, url, body, headers=headers)
            told = (answered.status, answered.text[:200], body[:300])
            assert answered.status < 500 or answered.status == 501, told
            if is_game and place != MARK and odd in ("nan", "inf", "", "1e400"):
                assert answered.json.get("error") != "Invalid JSON", told


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
@pytest.mark.parametrize("one", [o for o in WRITING if "transactions" not in o.path], ids=named)
def test_any_json_in_any_place_is_never_a_fault_of_ours(
    callers: dict[str, dict[str, str]], one: Operation, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(places(bodies()[named(one)])))
    body = json.dumps(place).replace(f'"{MARK}"', data.draw(VALUES))
    answered = Client().call(one.method, address(one.path), body, headers=headers_of(one, callers))
    assert answered.status < 500 or answered.status == 501, (answered.text, body)


READING = [one for one in operations() if one.method in ("GET", "DELETE") and one.query]


@pytest.mark.parametrize("one", READING, ids=named)
def test_whatever_a_query_says_is_never_a_fault_of_ours(
    callers: dict[str, dict[str, str]], one: Operation
) -> None:
    """Times above all, which Python reads and PostgreSQL refuses, or the other way round."""
    from urllib.parse import quote

    headers = headers_of(one, callers)
    assert one.query
    names = set(one.query.model_json_schema()["properties"])
    texts = [*TIMES, "1e400", "-5", "x" * 5000, "é☾", "%", "_", "\\", "'", "Factory", "a,b", "true"]
    for name in names:
        for text in texts:
            if f"{{{name}}}" in one.path:
                url = address(one.path.replace(f"{{{name}}}", quote(text, safe="") or "-"))
            else:
                url = f"{address(one.path)}?{name}={quote(text, safe='')}"
            answered = Client().call(one.method, url, headers=headers)
            assert answered.status < 500, (answered.status, answered.text, url[:300])


@pytest.mark.commits
@pytest.mark.parametrize(
    "path", ["/api/tilt/events", "/api/collect", "/api/player/update", "/api/ingest/logs"]
)
def test_what_is_accepted_during_an_outage_can_be_stored(
    callers: dict[str, dict[str, str]],
    queues: Queues,
    away: Callable[[], None],
    store: str,
    setting: Callable[..., None],
    path: str,
) -> None:
    """Regression: with the database away such bodies were 202, and became dead letters."""
    [one] = [o for o in operations() if o.path == path and o.method == "POST"]
    headers = headers_of(one, callers)
    Client().call("POST", path, "{}", headers=headers)  # the key is known from here on
    known = dict(auth._cache)
    away()
    auth._cache.update(known)
    queued = 0
    for number, place in enumerate(places(bodies()[named(one)])):
        for odd in WORST[::3]:
            body = (
                json.dumps(place)
                .replace(f'"{MARK}"', odd)
                .replace('"round_id": "x"', f'"round_id": "{number}-{WORST.index(odd)}"')
            )
            answered = Client().call("POST", path, body, headers=headers)
            assert answered.status in (200, 202, 400, 413), (answered.text, body[:300])
            queued += answered.status == 202
    setting(DATABASE_URL=store)
    db.close_all()  # an attempt may have been slow
    assert queued > 10
    mapping = Mapping(queues)
    while mapping.deliver():
        pass
    letters = queues.bodies(queues.dead_letters)
    assert [letter[:500] for letter in letters] == []
    assert db.query("select 1 as one")
