"""States and their addresses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.modules import evaluate

STATES: list[dict[str, Any]] = [
    {"page": "players", "id": "", "query": {}},
    {"page": "player", "id": "STEAM_0:1:101", "query": {"days": "7", "map": "ttt_harbor"}},
    {"page": "player", "id": "a/b?c#d%e&f=g", "query": {"search": "<img onerror=x> & ü +?#/%"}},
    {"page": "logs", "id": "", "query": {"__proto__": "x", "constructor": "y"}},
]


def test_a_state_is_what_its_address_means() -> None:
    found = evaluate("url.js", "given.map((one) => m.parse(m.format(one)))", STATES)
    assert found == STATES


def test_the_same_state_has_one_address() -> None:
    expression = """[
      m.format({ page: "p", query: { b: 1, a: "x" } }),
      m.format({ page: "p", query: { a: "x", b: "1" } }),
      m.link("p", "", { a: "", b: null, c: undefined, d: false }), m.format({ page: "p" }),
    ]"""
    assert evaluate("url.js", expression) == ["#/p?a=x&b=1", "#/p?a=x&b=1", "#/p", "#/p"]


@pytest.mark.parametrize("hash_", ["", "#", "#/", "#//", "#?", "/", "#/?"])
def test_no_address_is_the_first_page(hash_: str) -> None:
    assert evaluate("url.js", "m.parse(given)", hash_)["page"] == "overview"


def test_what_cannot_be_read_is_left_out() -> None:
    found = evaluate("url.js", "m.parse(given)", "#/player/%E0%A4%A?x=%E0&y=1&z=")
    assert (found["page"], found["id"], found["query"]["y"]) == ("player", "", "1")
    assert "z" not in found["query"]
    long = evaluate("url.js", "m.parse(given)", "#/player/" + "x" * 100_000)
    assert len(long["id"]) < 5000


def test_filters_change_one_by_one() -> None:
    expression = """[
      m.change(given, { map: "b" }),
      m.change(given, { days: null }),
      m.change(given, { server: "s" }),
    ]"""
    state = {"page": "p", "id": "1", "query": {"days": "7", "map": "a"}}
    assert evaluate("url.js", expression, state) == [
        "#/p/1?days=7&map=b",
        "#/p/1?map=a",
        "#/p/1?days=7&map=a&server=s",
    ]
