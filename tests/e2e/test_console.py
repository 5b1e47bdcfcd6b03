"""The console's pages for everybody, in Chromium against the deployed stack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.demo.season import Season
from tests.support.clients.devtools import Chromium
from tests.support.console import Console
from tests.support.stack import Wire

END = datetime(2026, 3, 8, tzinfo=UTC)
PERIOD = "from=2026-03-01&to=2026-03-08"
BEFORE = "from=2026-02-22&to=2026-03-01"


@pytest.fixture(scope="module")
def console(chromium: Chromium, stack: Any) -> Console:
    """The console of somebody unknown, with rounds of two weeks to look at."""
    send = Wire(stack.url)
    for first, end in ((20, END), (12, END - timedelta(days=7))):
        for one in Season(first).rounds(first, end - timedelta(days=2), end - timedelta(days=1)):
            answered = send("POST", "/api/collect", one.body, {"X-Api-Key": stack.api_key})
            assert answered.status == 201, answered.text
    return Console(chromium.open_tab(stack.url), stack.url)


def read(http: Wire, path: str) -> Any:
    answered = http("GET", path)
    assert answered.status == 200, answered.text
    return answered.json


def column(console: Console, caption: str, index: int) -> list[str]:
    return [row[index] for row in console.read_table(caption)]


def test_the_overview_has_the_numbers_of_two_periods(console: Console, http: Wire) -> None:
    console.open(f"#/overview?{PERIOD}", "Overview")
    now, then = (read(http, f"/api/ttt/overview?{one}") for one in (PERIOD, BEFORE))
    assert now["rounds"]
    assert then["rounds"]
    figures = console.read_figures()
    for title, key in (("Rounds", "rounds"), ("Players", "players"), ("Kills", "kills")):
        assert figures[title] == console.format(now[key])[0]
    before = console.tab.evaluate(
        "[...document.querySelectorAll('dd.before')].map((one) => one.innerText)"
    )
    assert console.format(then["rounds"])[0] in before[0]
    console.assert_fits_everybody()
    console.assert_clean()


def test_players_are_ranked_and_found_with_their_rank(console: Console, http: Wire) -> None:
    console.open(f"#/players?{PERIOD}", "Players")
    items = read(http, f"/api/ttt/players?{PERIOD}&limit=100&sort=kills")["items"]
    for index, key in enumerate(("rank", None, "rounds", "kills", "deaths", "kd")):
        if key:
            shown = column(console, "Players", index)
            assert shown == console.format(*(one[key] for one in items)), key
    last = items[-1]
    console.open(f"#/players?{PERIOD}&search={last['steam_id'].replace(':', '%3A')}", "Players")
    assert column(console, "Players", 0) == console.format(last["rank"])
    console.assert_fits_everybody()
    console.assert_clean()


def test_a_player_has_form_sessions_weapons_and_a_nemesis(console: Console, http: Wire) -> None:
    who = read(http, f"/api/ttt/players?{PERIOD}&sort=kills")["items"][0]["steam_id"]
    path = f"/api/ttt/players/{who.replace(':', '%3A')}"
    console.open(f"#/player/{who.replace(':', '%3A')}?{PERIOD}")
    player = read(http, f"{path}?{PERIOD}")
    figures = console.read_figures()
    for title, key in (("Rounds", "rounds"), ("Kills", "kills"), ("Kills a death", "kd")):
        assert figures[title] == console.format(player[key])[0]
    weapons = player["weapons"]
    assert column(console, "Weapons", 1) == console.format(*(one["kills"] for one in weapons))
    killers = player["killed_by"]
    assert column(console, "Killed by", 1) == console.format(*(one["kills"] for one in killers))
    sessions = read(http, f"{path}/sessions?{PERIOD}")["items"]
    assert column(console, "Sessions", 3) == console.format(*(one["rounds"] for one in sessions))
    form = read(http, f"{path}/form?{PERIOD}")["items"]
    shown = column(console, "Rounds, and kills a death", 1)
    assert shown == console.format(*(one["rounds"] for one in form))
    console.assert_fits_everybody()
    console.assert_clean()


def test_weapons_and_maps(console: Console, http: Wire) -> None:
    console.open(f"#/weapons?{PERIOD}", "Weapons")
    weapons = read(http, f"/api/ttt/weapons?{PERIOD}")["items"]
    assert column(console, "Weapons", 1) == console.format(*(one["kills"] for one in weapons))
    maps = read(http, f"/api/ttt/maps?{PERIOD}")["items"]
    assert column(console, "Maps", 1) == console.format(*(one["rounds"] for one in maps))
    console.assert_fits_everybody()
    console.assert_clean()


def test_activity_by_hours_and_who_is_new(console: Console, http: Wire) -> None:
    console.open(f"#/activity?{PERIOD}&tz=UTC", "Activity")
    matrix = read(http, f"/api/ttt/activity?{PERIOD}&tz=UTC")["matrix"]
    cells = console.tab.evaluate(
        "[...document.querySelectorAll('table.heat td')].map((one) => Number(one.innerText) || 0)"
    )
    assert sum(cells) == sum(map(sum, matrix)) > 0
    days = read(http, f"/api/ttt/newcomers?{PERIOD}")["items"]
    shown = console.read_table("New and returning players")
    keys = ("players", "returning_players", "new_players")
    assert [row[1:] for row in shown] == [
        console.format(*(day[key] for key in keys)) for day in days
    ]
    console.assert_fits_everybody()
    console.assert_clean()


def test_servers_and_highscores(console: Console, http: Wire) -> None:
    console.open("#/servers", "Servers")
    servers = read(http, "/api/servers/live")
    if servers:
        assert column(console, "Servers online", 0) == [one["name"] for one in servers]
    else:
        assert "No server is online" in console.read_text()
    console.assert_fits_everybody()
    console.open("#/highscores", "Highscores")
    scores = read(http, "/api/highscores")["by_level"]
    if scores:
        shown = column(console, "Best by level", 2)
        assert shown == console.format(*(one["level"] for one in scores))
    else:
        assert "Nobody plays yet" in console.read_text()
    console.assert_fits_everybody()
    console.assert_clean()
