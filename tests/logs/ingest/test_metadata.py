"""What is sent as metadata: its limits, its addresses, and what Lua makes of arrays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from functions.logs.coerce import Rejected
from tests.support.logs.sending import JSON, event, reason


def test_metadata_keeps_the_senders_keys() -> None:
    metadata = {"slot": 2.0, "deep": {"list": [1.0, 1.5, None, True]}, "none": None, "☭": "olá"}
    assert event(metadata=metadata).metadata == {
        "slot": 2,
        "deep": {"list": [1, 1.5, None, True]},
        "none": None,
        "☭": "olá",
        "serverName": "Arena #1",
    }
    assert isinstance(event(metadata=metadata).metadata["slot"], int)
    assert metadata["slot"] == 2.0
    assert isinstance(metadata["slot"], float)


@pytest.mark.parametrize("empty", [None, [], {}])
def test_an_empty_table_is_empty_metadata(empty: Any) -> None:
    assert event(metadata=empty).metadata == {"serverName": "Arena #1"}


@pytest.mark.parametrize("other", ["", "{}", 5, 0.0, True, [1], [[]]])
def test_other_metadata_is_invalid(other: Any) -> None:
    assert reason({"metadata": other}) == "metadata_invalid"


def test_metadata_ends_at_its_limit() -> None:
    overhead = len('{"a":""}')
    fits = {"a": "x" * (16_384 - overhead)}
    assert event(metadata=fits).metadata["a"] == fits["a"]
    assert reason({"metadata": {"a": fits["a"] + "x"}}) == "metadata_too_large"
    assert event(metadata={"a": "é" * (8_192 - overhead // 2)})
    assert reason({"metadata": {"a": "é" * 8_192}}) == "metadata_too_large"
    assert reason({"metadata": {"a": "\n" * 8_192}}) == "metadata_too_large"
    assert reason({"metadata": {str(key): False for key in range(2_000)}}) == "metadata_too_large"


@given(JSON)
def test_nothing_slips_over_the_limit(value: Any) -> None:
    metadata = {"a": [value] * 500}
    try:
        found = event(metadata=metadata).metadata["a"]
    except Rejected:
        return
    compact = json.dumps({"a": found}, ensure_ascii=False, separators=(",", ":"))
    assert len(compact.encode()) <= 16_384


def test_metadata_is_sixteen_deep_at_most() -> None:
    def nested(depth: int) -> Any:
        return {"a": nested(depth - 1)} if depth > 1 else {}

    assert event(metadata=nested(16)).metadata
    assert reason({"metadata": nested(17)}) == "metadata_too_large"
    assert reason({"metadata": {"a": json.loads("[" * 16 + "]" * 16)}}) == "metadata_too_large"
    assert reason({"metadata": {"a": json.loads("[" * 900 + "]" * 900)}}) == "metadata_too_large"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], []),
        ({}, []),
        (["a", 1.0], ["a", 1]),
        ({"1": "a", "2": "b"}, ["a", "b"]),
        ({"2": "b", "1": "a"}, ["a", "b"]),
        ({"1": "a", "3": "b"}, {"1": "a", "3": "b"}),
        ({"0": "a", "1": "b"}, {"0": "a", "1": "b"}),
        ("a b", "a b"),
        (None, None),
    ],
)
def test_arguments_are_an_array(given: Any, kept: Any) -> None:
    assert event(metadata={"args": given}).metadata["args"] == kept


def test_an_empty_table_where_an_object_is_meant() -> None:
    found = event(metadata={"geo": [], "position": [], "other": []}).metadata
    assert (found["geo"], found["position"], found["other"]) == ({}, {}, [])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"ip": "203.0.113.9:48878"}, {"ip": "203.0.113.9", "port": 48878}),
        ({"ip": "203.0.113.9:1", "port": 2}, {"ip": "203.0.113.9", "port": 1}),
        ({"ip": "203.0.113.9", "port": 2.0}, {"ip": "203.0.113.9", "port": 2}),
        ({"ip": "[2001:db8::1]:27005"}, {"ip": "2001:db8::1", "port": 27005}),
        ({"ip": "192.168.0.5:27005"}, {"ip": "192.168.0.5", "port": 27005}),
        ({"ip": ""}, {"ip": ""}),
        ({"ip": None}, {"ip": None}),
    ],
)
def test_an_ip_loses_its_port(given: dict[str, Any], kept: dict[str, Any]) -> None:
    found = event(metadata=given)
    assert found.metadata == kept | {"serverName": "Arena #1"}
    assert found.warnings == []


@pytest.mark.parametrize("ip", ["Error!", "none", "loopback", "300.1.1.1", 5, [], {}, True])
def test_what_is_no_address_is_kept_as_sent(ip: Any) -> None:
    found = event(metadata={"ip": ip})
    assert found.metadata["ip"] == ip
    assert found.warnings == ["ip_invalid"]


def test_steam_ids_within_metadata_are_texts_too() -> None:
    found = event(
        type="KILL", metadata={"attackerSteamId": 7.6e16, "victimSteamId": 1, "targetSteamId": "x"}
    )
    assert found.metadata["attackerSteamId"] is None
    assert found.metadata["victimSteamId"] is None
    assert found.metadata["targetSteamId"] == "x"
    assert found.warnings == ["steam_id_not_text"]
