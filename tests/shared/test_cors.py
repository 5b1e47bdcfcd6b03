"""CORS: listed origins may call, whatever others call themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions.shared.settings import Settings, WrongSettingError, settings
from tests.support.client import Client

PANEL = "https://panel.example"
LISTED = f"{PANEL}, http://localhost:3000"
ALLOW = "access-control-allow-origin"


@pytest.fixture
def listed(setting: Callable[..., None]) -> None:
    setting(CORS_ORIGINS=LISTED)


def test_without_a_list_every_page_may_call(client: Client) -> None:
    for headers in ({}, {"Origin": PANEL}, {"Origin": "null"}):
        answered = client.get("/api/tilt/stats/u", headers=headers)
        assert answered.headers[ALLOW] == "*"
        assert "vary" not in answered.headers
        assert "access-control-allow-credentials" not in answered.headers


@pytest.mark.parametrize("origin", [PANEL, "http://localhost:3000"])
@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/api/tilt/stats/u", 200),
        ("OPTIONS", "/api/tilt/events", 200),
        ("OPTIONS", "/api/tilt/nowhere", 200),
        ("GET", "/api/tilt/nowhere", 404),
        ("PUT", "/api/tilt/events", 405),
        ("POST", "/api/tilt/events", 400),
    ],
)
def test_a_listed_page_may_call_and_no_cache_gives_its_answer_to_others(
    client: Client, listed: None, method: str, url: str, status: int, origin: str
) -> None:
    answered = client.call(method, url, headers={**client.headers, "oRiGiN": origin})
    assert answered.status == status
    assert answered.headers[ALLOW] == origin
    assert answered.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answered.headers


@pytest.mark.parametrize(
    "origin",
    [
        *("", "*", "null", "NULL", "https://evil.example", "panel.example"),
        *(f"{PANEL}.evil.example", "https://evil-panel.example", "https://evil.panel.example"),
        *("http://panel.example", f"{PANEL}:443", f"{PANEL}:8443", f"{PANEL}/", f"{PANEL}."),
        *("https://PANEL.example", "https://panel.example@evil.example", f"{PANEL}#"),
        *(f"{PANEL} https://evil.example", f"{PANEL},https://evil.example", LISTED),
        *(f"{PANEL}\r\nX-Injected: 1", f"{PANEL}\x00", f" {PANEL}", "https://panel․example"),
        *("http://localhost", "http://localhost:30000", "http://127.0.0.1:3000", "h" * 100_000),
    ],
)
@pytest.mark.parametrize(("method", "url"), [("GET", "/api/tilt/stats/u"), ("OPTIONS", "/health")])
def test_no_other_page_may_read_an_answer_and_none_is_reflected(
    client: Client, listed: None, method: str, url: str, origin: str
) -> None:
    answered = client.call(method, url, headers={"Origin": origin})
    assert ALLOW not in answered.headers
    assert answered.headers["vary"] == "Origin"
    if len(origin) > 8:
        assert origin not in str(answered.headers)


def test_who_is_no_page_is_served_as_before(client: Client, listed: None) -> None:
    answered = client.get("/api/tilt/stats/u")
    assert answered.status == 200
    assert ALLOW not in answered.headers


def test_what_an_answer_varies_by_already_stays(client: Client, listed: None) -> None:
    answered = client.get("/", headers={"Origin": PANEL, "Accept": "text/html"})
    assert answered.headers["vary"] == "Accept, Accept-Encoding, Origin"
    assert answered.headers[ALLOW] == PANEL


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        ("*", {"*"}),
        (" * ", {"*"}),
        (LISTED, {PANEL, "http://localhost:3000"}),
        (f"{PANEL},{PANEL}", {PANEL}),
        ("http://[::1]:3000", {"http://[::1]:3000"}),
        ("capacitor://localhost", {"capacitor://localhost"}),
    ],
)
def test_origins_are_listed_with_commas(given: str, origins: set[str]) -> None:
    assert Settings(DOMAINS="site", CORS_ORIGINS=given).allowed_origins == origins


@pytest.mark.parametrize(
    "given",
    [
        *("", ",", "null", "panel.example", f"{PANEL}/", f"{PANEL}/panel", "https://*.example"),
        *(f"*,{PANEL}", f"{PANEL},*", f"{PANEL};http://b", "https://Panel.example", "https://"),
        *(f"{PANEL}:port", "https://u:p@panel.example", f"{PANEL}?a", "//panel.example"),
        *(f"{PANEL}\nhttps://b.example", "https://bücher.example", "javascript:alert(1)"),
    ],
)
def test_what_is_no_origin_stops_the_start(setting: Callable[..., None], given: str) -> None:
    setting(DOMAINS="site", CORS_ORIGINS=given)
    with pytest.raises(WrongSettingError, match="CORS_ORIGINS"):
        settings()
