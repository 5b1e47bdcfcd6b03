"""Who may send rounds and read them, and at which addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import auth
from tests.support.client import Client
from tests.support.server import API_KEY
from tests.support.ttt.contract import (
    ROUND,
    count,
    read,
    rows,
)
from tests.support.ttt.example import SEED, A


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
