"""Bodies that are no JSON, or only nearly so: 400 in each family's words, at every door alike."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from functions.accounts import signing_keys
from functions.shared import tracker_tokens
from tests.support import tracker
from tests.support.accounts import PASSWORD
from tests.support.client import Answered, Client
from tests.support.game import make_player

MARK = "@"
EVENT = {"userId": "u", "timestamp": int(time.time() * 1000), "signals": [], "tiltScore": MARK}
NEW = {"username": "ana", "email": "ana@example.net", "password": PASSWORD, "display_name": MARK}
NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-nan", "inf", "", "9" * 400]
DEEP = [33, 65, 1_000, 30_000]


def nest(depth: int) -> str:
    return "[" * depth + "]" * depth


def send_to_v1(odd: str) -> Answered:
    return Client().post("/v1/auth/register", json.dumps(NEW).replace(f'"{MARK}"', odd))


def check_v1(answered: Answered) -> None:
    assert answered.status == 400
    assert answered.json["error"]["code"] == "INVALID_JSON"


@pytest.mark.parametrize("number", NUMBERS, ids=lambda text: text[:10])
def test_no_number_is_400_in_every_family(store: str, client: Client, number: str) -> None:
    answered = send_to_v1(number)
    check_v1(answered)
    [problem] = answered.json["error"]["details"]["fields"]
    assert problem["field"] == "display_name"
    body = json.dumps(EVENT).replace(f'"{MARK}"', number)
    answered = client.post("/api/tilt/events", body)
    assert answered.status == 400
    assert answered.json["details"][0]["field"] == "tiltScore"
    answered = make_player().post("/api/player/allocate-stats", f'{{"attack": {number}}}')
    assert (answered.status, answered.json) == (400, {"detail": "attack must be a finite number"})


@pytest.mark.parametrize("depth", DEEP)
def test_too_many_levels_are_400_in_every_family(store: str, client: Client, depth: int) -> None:
    check_v1(send_to_v1(nest(depth)))
    if depth > 64:
        body = json.dumps(EVENT).replace(f'"{MARK}"', nest(depth))
        assert client.post("/api/tilt/events", body).status == 400
        sent = f'{{"attack": {nest(depth)}}}'
        answered = make_player().post("/api/player/allocate-stats", sent)
        assert answered.status == 400
        assert isinstance(answered.json["detail"], str)


def test_thirty_two_levels_are_read(store: str) -> None:
    answered = send_to_v1(nest(31))
    assert answered.status == 422
    assert answered.json["error"]["details"]["fields"][0]["field"] == "display_name"


def test_where_a_body_is_no_json_is_told(store: str, client: Client) -> None:
    answered = Client().post("/v1/auth/login", '{"username": oops}')
    check_v1(answered)
    assert answered.json["error"]["details"] == {"position": 13}
    answered = client.post("/api/tilt/events", '{"userId": oops}')
    assert answered.json["details"][0]["problem"] == "is no JSON at character 11"
    answered = Client().post("/api/auth/login", '{"email": oops}')
    assert (answered.status, answered.json) == (400, {"detail": "Invalid JSON"})


@pytest.mark.parametrize("body", ["[]", "7", '"x"', "null", "true"])
def test_what_is_no_object_is_400_in_every_family(store: str, client: Client, body: str) -> None:
    check_v1(Client().post("/v1/auth/register", body))
    assert client.post("/api/tilt/events", body).status == 400
    answered = make_player().post("/api/player/allocate-stats", body)
    assert (answered.status, answered.json) == (400, {"detail": "The body must be a JSON object."})


def test_a_byte_order_mark_is_skipped_in_every_family(store: str, client: Client) -> None:
    event = json.dumps(EVENT | {"tiltScore": 2})
    assert client.post("/api/tilt/events", "\ufeff" + event).status == 200
    assert make_player().post("/api/player/allocate-stats", "\ufeff{}").status == 200
    body = json.dumps(NEW | {"display_name": "Ana"})
    assert Client().post("/v1/auth/register", "\ufeff" + body).status == 201


@pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "\\ud83d x", "\\ude00\\ud83d"])
def test_half_a_surrogate_is_replaced(store: str, half: str) -> None:
    answered = send_to_v1(f'"a{half}b"')
    assert answered.status == 201
    assert "\ufffd" in answered.json["user"]["display_name"]
    wrong = f'{{"email": "mira@example.com", "password": "{half}"}}'
    assert Client().post("/api/auth/login", wrong).status == 401


@pytest.mark.parametrize("odd", ['"a\\u0000b"', '"a\\u0007b"', '"a\nb"', '"a\u0085b"'])
def test_control_characters_are_refused_in_names(store: str, odd: str) -> None:
    answered = send_to_v1(odd)
    assert answered.status == 422
    assert answered.json["error"]["details"]["fields"][0]["field"] == "display_name"


def test_of_a_key_that_comes_twice_the_last_one_counts(store: str) -> None:
    answered = send_to_v1('"first", "display_name": "last"')
    assert answered.json["user"]["display_name"] == "last"


# --- order of checks under /v1 (tracker.md 1.1) ---


def test_size_comes_before_who_asks_and_that_before_json(store: str, setting: Any) -> None:
    signing_keys.clear_cache()
    tracker_tokens.clear_cache()
    large = '"' + "x" * 70_000 + '"'
    for method, path in (("PATCH", "/v1/auth/profile"), ("DELETE", "/v1/auth/profile")):
        answered = Client().call(method, path, large)
        assert answered.status == 413, method
        assert answered.headers["x-ratelimit-limit"] == "1000"
        assert Client().call(method, path, "nonsense").status == 401
        mira = tracker.bearer(tracker.open_session(f"mira{method}"))
        check_v1(mira.call(method, path, "nonsense"))
    setting(GENERAL_REQUESTS="1")
    assert Client().call("PATCH", "/v1/auth/profile", large).status == 413
    assert Client().call("PATCH", "/v1/auth/profile", "nonsense").status == 429
    signing_keys.clear_cache()
    tracker_tokens.clear_cache()
