"""The console's pages for players, tilt and rollups, in Chromium against the deployed stack."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.accounts import service_accounts
from tests.support.clients.devtools import Chromium
from tests.support.console import Console
from tests.support.cups import expect, make_cup
from tests.support.online import beside
from tests.support.online_tracker import go_remote, take_online, tracker_beside
from tests.support.stack import Database, Wire
from tests.support.tracker import bearer
from tests.support.tracker_battles import act, done, make_duel

PASSWORD = "nine lantern rows"
_SESSION = "JSON.parse(sessionStorage.getItem('tiltyard'))"


@pytest.fixture(autouse=True)
def store(database: Database, setting: Callable[..., None]) -> Iterator[None]:
    """This process makes users beside the stack."""
    with beside(database.server.app_url, setting), tracker_beside():
        yield


@pytest.fixture(scope="module")
def console(chromium: Chromium, stack: Any) -> Console:
    """The console of a new player, who is signed in at the tracker and the web game."""
    name = f"vera-{secrets.token_hex(4)}"
    sent = {"username": name, "email": f"{name}@example.net", "password": PASSWORD}
    expect(Wire(stack.url)("POST", "/v1/auth/register", sent), 201)
    console = Console(chromium.open_tab(stack.url), stack.url)
    console.sign_in(name, PASSWORD)
    console.tab.wait_for(f"{_SESSION}.logins.tracker && {_SESSION}.logins.game", 60)
    return console


def issue_key(scope: str) -> str:
    return service_accounts.issue_key(f"reader-{secrets.token_hex(3)}", [scope])


def use_key(console: Console, kind: str, key: str) -> None:
    console.open("#/sign-in", "Sign in")
    form = f"document.querySelectorAll('input[name=key]')[{('tilt', 'analyst').index(kind)}].form"
    console.tab.evaluate(f"{form}.elements.key.value = '{key}'")
    console.tab.evaluate(f"{form}.querySelector('button').click()")
    console.tab.wait_for(f"{_SESSION}.keys['{kind}'] === '{key}'")


def test_a_tournament_shows_places_reasons_and_its_bracket(console: Console) -> None:
    cup = make_cup(4, format="double_elimination")
    cup.pair()
    cup.win_by_seed()
    cup.pair()
    console.open(f"#/tournament/{cup.id}", "Lantern Cup")
    rows = console.read_table("Standings")
    standings = cup.rank()
    assert [row[1] for row in rows] == [one["display_name"] for one in standings]
    assert [row[0] for row in rows] == console.format(*(one["rank"] for one in standings))
    assert [row[4] for row in rows] == console.format(*(one["match_points"] for one in standings))
    for row, one in zip(rows, standings, strict=True):
        assert one["explain"]["text"] in row[-1]
    matches = console.tab.evaluate("document.querySelectorAll('.bracket .match').length")
    rounds = expect(cup.organiser.get(f"{cup.url}/rounds"), 200)["rounds"]
    assert matches == sum(len(one["pairings"]) for one in rounds) == 4
    titles = console.tab.evaluate("[...document.querySelectorAll('h3')].map((h) => h.innerText)")
    assert titles[:2] == ["Winners", "Losers"]
    console.assert_fits_everybody()
    console.assert_clean()


def test_a_battle_shows_what_happens_within_two_seconds(console: Console, http: Wire) -> None:
    duel = make_duel()
    mira, _ = take_online(duel, http)
    battle = duel.make()
    console.open(f"#/battle/{battle['id']}", "Battle")
    console.tab.wait_for("document.querySelector('.badge[role=status]')?.innerText === 'live'")
    scores = {"primary": 13, "secondary": 4}
    done(act(mira, battle, "update_scores", player_id=duel.mira_id, scores=scores))
    answered_at = time.monotonic()
    shown = "[...document.querySelectorAll('main td.number')].some((one) => one.innerText === '17')"
    console.tab.wait_for(shown)
    assert time.monotonic() - answered_at < 2, "what happened was shown too late"
    now = expect(mira.get(f"/v1/battles/{battle['id']}"), 200)["battle"]
    fields = ("victory_points", "primary", "secondary", "challenge", "linchpin")
    for row, player in zip(console.read_table("Players"), now["players"], strict=True):
        assert row[2:7] == console.format(*(player["scores"][one] for one in fields))
    console.assert_fits_everybody()
    console.assert_clean()


def test_who_may_not_watch_a_battle_is_told(console: Console) -> None:
    battle = make_duel("private").make(visibility="private")
    console.open(f"#/battle/{battle['id']}", "Battle")
    console.tab.wait_for("Boolean(document.querySelector('.problem'))")
    assert console.tab.evaluate("document.querySelector('.problem').dataset.kind") in (
        "forbidden",
        "missing",
    )
    console.tab.problems.clear()  # the refusal


def test_the_own_game_shows_its_player_and_fights(console: Console, http: Wire) -> None:
    console.open("#/game", "My game")
    token = console.tab.evaluate(f"{_SESSION}.logins.game.token")
    headers = {"Authorization": f"Bearer {token}"}
    player = expect(http("GET", "/api/player/me", headers=headers), 200)
    figures = console.read_figures()
    names = ("level", "gold", "gems", "base_attack", "base_defense", "base_hp")
    shown = ("Level", "Gold", "Gems", "Attack", "Defence", "Health")
    assert [figures[one] for one in shown] == console.format(*(player[one] for one in names))
    fights = http("GET", "/api/battles/available", headers=headers).json
    listed = [row[0] for row in console.read_table("Fights")]
    assert {one["name"] for one in fights} <= set(listed)
    fight = fights[0]
    expect(http("POST", f"/api/battles/join/{fight['id']}", {}, headers=headers), 200)
    console.open(f"#/raid/{fight['id']}", fight["name"])
    console.tab.wait_for("document.querySelector('.badge[role=status]')?.innerText === 'live'")
    enemy = http("GET", f"/api/battles/{fight['id']}", headers=headers).json["enemies"][0]
    url = f"/api/battles/{fight['id']}/attack"
    sent = {"enemy_id": enemy["id"], "attack_type": "normal"}
    struck = expect(http("POST", url, sent, headers=headers), 200)
    [left] = console.format(struck["enemy_hp_remaining"])
    console.tab.wait_for(
        f"[...document.querySelectorAll('meter')].some((one) => "
        f"one.parentElement.innerText.trim().startsWith('{left} of'))"
    )
    console.assert_fits_everybody()
    console.assert_clean()


def test_a_user_s_tilt_is_shown_to_a_key_of_that_scope(console: Console, http: Wire) -> None:
    user = f"ana-{secrets.token_hex(4)}"
    write = {"X-Api-Key": issue_key("tilt:write")}
    for score in (2.5, 4):
        at = time.time_ns() // 1_000_000 - int(score * 60_000)
        signals = [{"type": "rage-keywords", "severity": 4}]
        sent = {"userId": user, "timestamp": at, "signals": signals, "tiltScore": score}
        assert http("POST", "/api/tilt/events", sent, headers=write).status in (200, 201)
    use_key(console, "tilt", issue_key("tilt:read"))
    console.open(f"#/tilt/{user}", user)
    figures = console.read_figures()
    assert (figures["Events"], figures["Highest score"]) == ("2", "4")
    assert figures["Average score"] == console.format(3.25)[0]
    assert [row[1] for row in console.read_table("History")] == console.format(2.5, 4)
    console.assert_fits_everybody()
    console.assert_clean()


def test_rollups_are_explored_by_a_key_of_that_scope(console: Console, http: Wire) -> None:
    key = issue_key("analyst")
    use_key(console, "analyst", key)
    console.open("#/rollups", "Rollups")
    rollups = expect(http("GET", "/api/rollups", headers={"X-Api-Key": key}), 200)["rollups"]
    assert [row[0] for row in console.read_table("Rollups")] == [one["name"] for one in rollups]
    address = "#/rollups/tilt.user_days?columns=day%2Cuser_id%2Cevents&dirty=include"
    console.open(address, "tilt.user_days")
    url = "/api/rollups/tilt.user_days?columns=day,user_id,events&dirty=include&limit=1000"
    page = expect(http("GET", url, headers={"X-Api-Key": key}), 200)
    assert page["sql"] in console.tab.evaluate("document.querySelector('pre').textContent")
    if page["rows"]:
        shown = [row[1] for row in console.read_table("Rows")]
        assert shown == [row[1] for row in page["rows"]][: len(shown)]
        assert shown
    console.assert_fits_everybody()
    console.assert_clean()


def test_pages_of_others_rights_say_what_is_missing(chromium: Chromium, stack: Any) -> None:
    console = Console(chromium.open_tab(stack.url), stack.url)
    for page, need in (
        ("tournaments", "tracker"), ("game", "web game"), ("tilt", "tilt:read"),
        ("rollups", "analyst"),
    ):  # fmt: skip
        console.open(f"#/{page}")
        assert need in console.read_text("main .problem")
    console.assert_clean()


def test_a_player_of_the_tracker_sees_their_battles(console: Console, http: Wire) -> None:
    console.open("#/battles?of=all", "Battles")
    session = console.tab.evaluate(f"{_SESSION}.logins.tracker.token")
    reader = go_remote(bearer({"access_token": session}), http)
    page = expect(reader.get("/v1/battles"), 200)
    assert len(console.read_table("Battles")) == len(page["data"])
    console.assert_fits_everybody()
    console.assert_clean()
