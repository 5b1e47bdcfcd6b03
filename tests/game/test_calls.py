"""Calls of the game, given what no client should send: every route, every kind of nonsense.

Each is refused, or read as the contract says; none fails, and none changes anything it should not.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from functions.shared import db
from functions.shared.routing import Operation
from tests.support.client import Answered, Client, call_gateway, operations
from tests.support.game import BODIES, buy, make_player, player_id, to_url
from tests.support.gateway import gateway_event
from tests.support.policies import PLAYERS, STATED, named

# What an integer field or parameter may be sent as, and must not take.
NO_INTEGERS: tuple[Any, ...] = (
    *(2**53, -(2**53), 2**63, -(2**63) - 1, 10**30, 1.5, -0.5, 1e300, True, False),
    *("1", "", "x", "\0", "\ud800", [], [1], {}, {"a": 1}),
)
# Whole numbers that name nothing, or are out of a field's range: 404, 400 or 422.
NO_THINGS: tuple[Any, ...] = (0, -1, 2**31, 2**53 - 1, -(2**53) + 1, 7.0)
NO_PATHS = (
    *("9007199254740992", "-9007199254740992", "9223372036854775808", "9" * 30, "1e3", "1.0"),
    *(
        "true",
        "null",
        "%00",
        "%ED%A0%80",
        "%F0%9F%8E%B2",
        "%2F",
        "%D9%A1",
        "%EF%BC%91",
        "%201",
        "-",
    ),
)
NO_TEXTS = ("a\0b", "\ud800", "x" * 10_000, 7, True, [], {}, "\u202e", "<b>")
KEYS = ("\0", "\ud800", "a\nb", "x" * 129, "\N{GAME DIE}" * 129)
NUMBERED = {"item_id", "pet_id", "egg_id", "battle_id", "message_id"}  # parameters of paths
PLAYED = [one for one in operations() if STATED[named(one)] == PLAYERS]
POSTED = [one for one in PLAYED if BODIES.get(named(one))]


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


def send(
    client: Client,
    one: Operation,
    url: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Answered:
    """The answer to a request whose effect is undone; of JSON that Python would not write, too."""
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    sent = client.headers if headers is None else headers
    with db.connection().transaction(force_rollback=True):
        given = call_gateway(gateway_event(one.method, url, text, sent, client.address))
    answered = Answered(given["statusCode"], {}, given["body"])
    detail = answered.json.get("detail") if isinstance(answered.json, dict) else None
    assert answered.status < 500, f"{one.method} {url} {str(body)[:80]}: {answered.text}"
    assert answered.status < 400 or detail
    return answered


def without(one: Operation, field: str) -> dict[str, Any]:
    return {name: value for name, value in BODIES[named(one)].items() if name != field}


@pytest.mark.parametrize("one", POSTED, ids=named)
def test_fields_take_nothing_of_another_type(mira: Client, one: Operation) -> None:
    for field, value in BODIES[named(one)].items():
        is_text = isinstance(value, str)
        for wrong in NO_TEXTS if is_text else NO_INTEGERS:
            if isinstance(value, bool) and isinstance(wrong, bool):
                continue
            answered = send(mira, one, to_url(one.path), without(one, field) | {field: wrong})
            told = f"{field} {wrong!r}: {answered.text}"
            is_free = field in ("item_id", "reason") or wrong == "\ud800"
            if is_text and isinstance(wrong, str) and is_free:
                # Nothing of this name is sold, and a reason may hold markup; a lone surrogate is
                # read as U+FFFD.
                assert answered.status in (400, 404, 422), told
            else:
                assert answered.status == 422, told
                assert answered.json["detail"][0]["loc"][:2] == ["body", field]


@pytest.mark.parametrize("one", POSTED, ids=named)
def test_numbers_that_name_nothing_are_no_fault(mira: Client, one: Operation) -> None:
    for field, value in BODIES[named(one)].items():
        for wrong in NO_THINGS if type(value) is int else ():
            answered = send(mira, one, to_url(one.path), without(one, field) | {field: wrong})
            is_amount = field in ("attack", "defense", "max_stamina") and wrong == 0
            assert answered.status in ((200,) if is_amount else (400, 404, 422))


@pytest.mark.parametrize("one", [o for o in PLAYED if "{" in o.path], ids=named)
def test_paths_that_name_nothing(mira: Client, one: Operation) -> None:
    body = None if one.method == "GET" else BODIES.get(named(one))
    for part in NO_PATHS:
        url = re.sub(r"{\w+}", part, one.path)
        assert send(mira, one, url, body).status in (404, 422), part
    [parameter] = re.findall(r"{(\w+)}", one.path)
    for part in ("0", "-1", "00000007", "2147483648", "9007199254740991"):
        is_number = parameter in NUMBERED
        url = re.sub(r"{\w+}", part, one.path)
        assert send(mira, one, url, body).status == (404 if is_number else 422), part


@pytest.mark.parametrize("one", PLAYED, ids=named)
def test_bodies_of_all_sorts(mira: Client, one: Operation) -> None:
    for body, statuses in (
        ('"' + "x" * 1_000_000 + '"', (413,)),
        ("x" * 1_000_000, (413,)),
        ("[" * 50_000, (400,)),
        ('{"a":' * 100 + "1" + "}" * 100, (400,)),
        ('{"a":1e999}', (400,)),
        ('{"a":NaN}', (400,)),
        ('{"a":"\\u0000"}', (422,)),
        ('{"\\u0000":1}', (422,)),
        ('{"pet_id":"\\ud800"}', (200, 201, 400, 404, 422)),
        ("\0", (400,)),
        ("null", (400,)),
        ("\ufeff{}", (200, 201, 400, 404, 422)),
    ):
        answered = send(mira, one, to_url(one.path), body)
        # Who has no body to read is not kept from answering by one.
        assert answered.status in (*statuses, *((200, 201, 404, 400) if one not in POSTED else ()))


@pytest.mark.parametrize("one", PLAYED, ids=named)
def test_a_key_is_printable(mira: Client, one: Operation) -> None:
    """Regression: a lone surrogate in the key was a 500. Reads take no notice of a key."""
    body = None if one.method == "GET" else BODIES.get(named(one))
    for key in KEYS:
        headers = mira.headers | {"Idempotency-Key": key}
        answered = send(mira, one, to_url(one.path), body, headers)
        if one.method == "POST":
            assert answered.status == 422
            assert answered.json["detail"][0]["loc"] == ["body", "Idempotency-Key"]
        else:
            assert "Idempotency-Key" not in answered.text


@pytest.mark.parametrize("key", [" ", "x" * 128, "\N{GAME DIE}" * 128, "'; drop table x --", "%s"])
def test_any_printable_key_counts(mira: Client, key: str) -> None:
    headers = mira.headers | {"Idempotency-Key": key}
    body = {"item_id": "rest-1"}
    first, second = (mira.post("/api/shop/purchase", body, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert mira.get("/api/player/me").json["gold"] == 990


@pytest.mark.parametrize(
    "one", [o for o in operations() if o.method == "GET" and o in PLAYED], ids=named
)
def test_queries_of_all_sorts(mira: Client, one: Operation) -> None:
    for name in ("limit", "offset", "max_level", "set_type"):
        for value in ("-1", "1e400", "nan", "%00", "9" * 30, "", "%ED%A0%80"):
            answered = send(mira, one, f"{to_url(one.path)}?{name}={value}")
            assert answered.status in (200, 404, 422)


def test_names_are_kept_as_they_were_sent(mira: Client) -> None:
    """A name is at most 20 characters, not bytes; a lone surrogate is no character."""
    for sent, kept in (
        ("\N{DRAGON}" * 20, "\N{DRAGON}" * 20),
        ("  e\N{COMBINING ACUTE ACCENT}  ", "\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        ("'; drop table --", "'; drop table --"),
        ("%s{}$1\\\\", "%s{}$1\\\\"),
    ):
        with db.connection().transaction(force_rollback=True):
            egg = mira.post("/api/pets/egg").json["egg"]["id"]
            hatched = mira.post("/api/pets/hatch", {"pet_id": egg, "name": sent})
            assert (hatched.status, hatched.json["pet"]["name"]) == (200, kept)
            assert mira.get("/api/pets").json["pets"][0]["name"] == kept


def test_ids_as_gmod_writes_them_and_unknown_fields(mira: Client) -> None:
    """A float without a fraction is a whole number; what a client says beyond is ignored."""
    sword = buy(mira, "sword-1")
    body = {"item_id": float(sword), "slot": "weapon", "set_type": "attack", "user_id": 1, "x": {}}
    assert mira.post("/api/inventory/equip", body).status == 200
    assert player_id(mira) > 0


@pytest.mark.parametrize(
    "token",
    [*("\ud800", "\0", "x" * 100_000, "a.b.c", "..", "e30.e30.e30"), "\N{GAME DIE}.\N{GAME DIE}.x"],
)
def test_tokens_of_all_sorts(mira: Client, token: str) -> None:
    for one in PLAYED:
        answered = send(mira, one, to_url(one.path), None, {"Authorization": f"Bearer {token}"})
        assert (answered.status, answered.json) == (
            401,
            {"detail": "Could not validate credentials"},
        )
