"""The wire contract of the site's configuration, and of the money that there is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client

CONFIG = {
    "general": {"siteName": "Cidade ☭", "primaryColor": "#123456"},
    "social": {"discordUrl": "https://discord.example/x", "steamGroupUrl": "https://s.example"},
    "home": {
        "heroTitle": "a",
        "heroTitleHighlight": "b",
        "heroSubtitleSegments": [{"text": "c", "bold": True}],
        "heroButtonText": "d",
        "heroBackgroundUrl": "e",
        "feature1Title": "f",
        "feature1Desc": "g",
        "feature2Title": "h",
        "feature2Desc": "i",
        "feature3Title": "j",
        "feature3Desc": "k",
    },
    "vip": {
        "promoTextPrefix": "l",
        "promoTextHighlight": "m",
        "promoTextSuffix": "n",
        "plans": [{"id": 1, "price": 9.5}],
    },
    "logs": {"ignoredTools": ["creator"], "ignoredCommands": [], "rawTextFilters": ["x"]},
    "more": {"whatever": [1, None, {"a": "b"}]},
}


def test_an_unconfigured_site_has_all_that_the_page_needs(store: str) -> None:
    told = Client().get("/api/site-config").json
    for part, names in CONFIG.items():
        if part != "more":
            assert told[part].keys() >= names.keys()  # type: ignore[attr-defined]
    assert told["general"]["siteName"]
    assert all(told["home"][f"feature{n}{what}"] for n in (1, 2, 3) for what in ("Title", "Desc"))
    assert all(one["text"] and one["color"] for one in told["home"]["heroSubtitleSegments"])
    assert told["home"]["heroSubtitleSegments"]


@pytest.mark.parametrize("plans", [[], None])
def test_there_is_always_a_plan(staff: Client, plans: Any) -> None:
    """Regression: the panel's editor was a white page without one."""
    untouched = Client().get("/api/site-config").json["vip"]["plans"]
    staff.put("/api/site-config", {"vip": {"plans": plans}})
    [plan] = Client().get("/api/site-config").json["vip"]["plans"]
    assert [plan] == untouched
    assert {type(plan[name]) for name in ("id", "name", "color")} == {str}
    assert plan["price"] > 0
    assert all(isinstance(plan["benefits"][mode], list) for mode in ("TTT", "Sandbox", "Murder"))


def test_a_configuration_is_replaced_and_echoed(staff: Client) -> None:
    assert staff.put("/api/site-config", CONFIG).json == CONFIG
    assert Client().get("/api/site-config").json == CONFIG
    some = {"general": {"siteName": "B", "primaryColor": None}, "home": None, "vip": []}
    told = staff.put("/api/site-config", some).json
    assert told == Client().get("/api/site-config").json
    assert told["general"]["siteName"] == "B"
    assert told["general"]["primaryColor"].startswith("#")
    assert told["home"]["heroTitle"]
    assert told["logs"] == {"ignoredTools": [], "ignoredCommands": [], "rawTextFilters": []}
    assert "more" not in told


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ([], "body"),
        (7, "body"),
        ({"general": "x"}, "general"),
        ({"general": {"siteName": 7}}, "general.siteName"),
        ({"home": {"heroSubtitleSegments": "x"}}, "home.heroSubtitleSegments"),
        ({"vip": {"plans": {}}}, "vip.plans"),
        ({"logs": {"ignoredTools": "x"}}, "logs.ignoredTools"),
        ({"logs": {"ignoredTools": [7]}}, "logs.ignoredTools"),
        ({"logs": {"ignoredCommands": ["x" * 257]}}, "logs.ignoredCommands"),
        ({"logs": {"rawTextFilters": ["x"] * 201}}, "logs.rawTextFilters"),
    ],
)
def test_a_configuration_that_the_page_could_not_show_is_400(
    staff: Client, config: Any, field: str
) -> None:
    answered = staff.put("/api/site-config", config)
    assert (answered.status, answered.json["details"][0]["field"]) == (400, field)
    assert db.query("select * from logs.site_config") == []


def test_a_configuration_has_at_most_256_kib(staff: Client) -> None:
    large = json.dumps({"more": "x"})
    padded = large + " " * (262_144 - len(large))
    assert staff.put("/api/site-config", padded).status == 200
    answered = staff.put("/api/site-config", padded + " ")
    assert answered.status == 413
    assert answered.json == {"error": "Payload too large", "maxBytes": 262_144}


def test_money_is_not_part_of_this_product(staff: Client) -> None:
    assert staff.get("/api/transactions").json == []
    for method, url in (
        ("POST", "/api/transactions"),
        ("PUT", "/api/transactions/1"),
        ("PATCH", "/api/transactions/1"),
        ("DELETE", "/api/transactions/1"),
    ):
        answered = staff.call(method, url, {})
        assert (answered.status, answered.json) == (501, {"error": "Not implemented"})
