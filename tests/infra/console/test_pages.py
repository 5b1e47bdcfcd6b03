"""The console's first pages in a browser: numbers, names, faults, addresses."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import Any

import pytest

from tests.support.clients.stubbed_answers import HOSTILE, make_answers, make_player
from tests.support.clients.stubbed_console import Asked, Console, Reply

pytestmark = pytest.mark.timeout(600)  # the first one may have to fetch Chromium
PAGES = {
    "#/overview": ["1,234", "56", "7,890", "25%", "4 min 5 s", "50%", "13 of 32", "19,999"],
    "#/players": ["30,001", "19,999", "1,001", "33.3 %", "1 h 2 min", "weapon_ttt_<b>knife"],
    "#/player/STEAM_0%3A1%3A1": [
        "1.79",
        "-1.52",
        "103",
        "66",
        "77",
        "55.5 %",
        "7.6 %",
        "1.44",
        "-41",
        "29",
    ],
    "#/weapons": ["4,321", "2.3 %", "321", "51.5 %", "2 min 5 s"],
    "#/activity": ["23", "24", "15", "9", "Jan 2, 2026"],
    "#/servers": ["13", "32", "13 of 32"],
    "#/highscores": ["32", "55,000", "26,680", "2,780"],
}


@pytest.fixture
def console(browser: Console) -> Console:
    """A new visitor's, at 1440 px."""
    browser.api.answers, browser.api.asked = make_answers(), []
    browser.resize(1440, 900)
    browser.sign_out()
    return browser


def list_cells(console: Console) -> list[str]:
    return console.list_texts("main dd, main td, main li > span")


@pytest.mark.parametrize("address", PAGES)
def test_a_page_shows_the_numbers_of_the_api(console: Console, address: str) -> None:
    console.open(address)
    cells = list_cells(console)
    assert not [number for number in PAGES[address] if number not in cells]
    assert console.list_faults() == []


@pytest.mark.parametrize("address", [*PAGES, "#/sign-in"])
def test_a_page_fits_every_screen_and_keeps_nobody_out(console: Console, address: str) -> None:
    for width, dark in ((390, True), (1440, False)):
        console.resize(width, dark=dark)
        console.open(address)
        assert console.ask("document.documentElement.scrollWidth") <= width
        assert console.list_serious_findings() == []
    assert console.list_faults() == []


def test_names_are_text_whatever_they_hold(console: Console) -> None:
    console.open("#/players")
    shown = console.list_texts("td .name")[::2]
    assert shown == [*HOSTILE[:1], "gnp.exe", *HOSTILE[2:-1], "STEAM_0:1:10"]
    assert console.ask("document.querySelectorAll('main img, main script, main b').length") == 0
    heights = console.ask(
        "[...document.querySelectorAll('tbody tr')].map((one) => one.offsetHeight)"
    )
    assert max(heights) <= 2 * min(heights)
    assert console.list_faults() == []


def test_ten_thousand_rows_scroll(console: Console) -> None:
    rows = [make_player(number, f"player {number}") for number in range(1, 10_001)]
    console.api.answers["/api/ttt/players"] = {"items": rows, "next_cursor": None}
    console.open("#/players")
    assert (
        console.ask("document.querySelector('main table').getAttribute('aria-rowcount')") == "10001"
    )
    for place in (0, 5000, 9990):
        console.ask(f"document.querySelector('.scroller').scrollTop = {place} * 36")
        console.wait_for(f"document.querySelector('tr[aria-rowindex=\"{place + 2}\"]')")
        assert f"player {place + 1}" in console.list_texts("td .name")
        assert console.ask("document.querySelectorAll('tbody tr').length") < 100
    assert console.list_faults() == []


def test_a_list_goes_on_by_its_cursor(console: Console) -> None:
    def answer(asked: Asked) -> Any:
        first = int(asked.query.get("cursor", "1"))
        rows = [make_player(number, f"player {number}") for number in range(first, first + 100)]
        return {"items": rows, "next_cursor": str(first + 100) if first < 200 else None}

    console.api.answers["/api/ttt/players"] = answer
    console.open("#/players")
    console.click(".more button")
    console.wait_for("document.querySelectorAll('tbody tr').length === 200")
    assert console.list_texts("td .name")[-2] == "player 200"
    console.click(".more button")  # of 300 rows those are rendered that are seen
    console.wait_for("document.querySelector('table').ariaRowCount === '301'")
    assert console.ask("document.querySelector('.more')") is None


def test_filters_are_in_the_address_and_links_can_be_shared(console: Console) -> None:
    console.open("#/players")
    console.ask(
        """(() => { const form = document.querySelector("form.filters");
        form.elements.namedItem("search").value = "ana & <b>"; form.requestSubmit(); })()"""
    )
    console.wait_for("location.hash.includes('search')")
    console.click("nav.choices a")  # 7 days
    console.wait_for("location.hash.includes('days=7')")
    console.settle()
    assert console.api.asked[-1].query["search"] == "ana & <b>"
    shared = console.ask("location.hash")
    console.ask("history.back()")
    console.wait_for("!location.hash.includes('days')")
    console.settle()
    assert console.list_texts(".choices [aria-current=true]") == ["30 days"]
    console.open(shared)
    assert console.ask("document.querySelector('input[name=search]').value") == "ana & <b>"
    assert console.list_texts(".choices [aria-current=true]") == ["7 days"]
    assert console.api.asked[-1].query["search"] == "ana & <b>"


def test_sorting_is_a_link(console: Console) -> None:
    console.open("#/players")
    assert console.list_texts("th[aria-sort=descending]") == ["Kills"]
    console.click("th a[href*='sort=deaths']")
    console.wait_for("location.hash.includes('sort=deaths')")
    console.settle()
    assert console.list_texts("th[aria-sort=descending]") == ["Deaths"]
    console.click("th[aria-sort=descending] a")
    console.wait_for("document.querySelector('th[aria-sort=ascending]')")
    console.settle()
    assert (console.api.asked[-1].query["sort"], console.api.asked[-1].query["order"]) == (
        "deaths",
        "asc",
    )


@pytest.mark.parametrize(
    ("given", "heading"),
    [
        (
            Reply({"error": "Database unavailable"}, HTTPStatus.SERVICE_UNAVAILABLE),
            "cannot answer now",
        ),
        (Reply({"detail": "Slow down"}, 429, {"Retry-After": "7"}), "Try again in 7 s."),
        (Reply({"error": {"message": "No"}}, HTTPStatus.BAD_REQUEST), "Refused"),
        (None, "No connection"),
    ],
)
def test_a_panel_fails_and_is_tried_again_alone(
    console: Console, given: Reply | None, heading: str
) -> None:
    good = console.api.answers["/api/ttt/maps"]
    console.api.answers["/api/ttt/maps"] = lambda _: given
    console.open("#/weapons")
    [problem] = console.list_texts(".problem")
    assert heading in problem
    assert "4,321" in list_cells(console)
    asked = console.api.count("/api/ttt/weapons")
    console.api.answers["/api/ttt/maps"] = good
    console.click(".problem button")
    console.wait_for("!document.querySelector('.problem')")
    console.settle()
    assert "51.5 %" in list_cells(console)
    assert console.api.count("/api/ttt/weapons") == asked


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
def test_who_may_not_see_a_panel_hears_why(console: Console, status: HTTPStatus) -> None:
    console.api.answers["/api/ttt/maps"] = Reply({"error": "Not yours"}, status)
    console.open("#/weapons")
    [problem] = console.list_texts(".problem")
    assert "Not yours" in problem
    assert console.ask("document.querySelector('.problem button')") is None
    links = console.list_texts(".problem a")
    assert links == (["Sign in"] if status == HTTPStatus.UNAUTHORIZED else [])


def test_what_takes_long_says_so(console: Console) -> None:
    released = threading.Event()
    good = console.api.answers["/api/ttt/maps"]

    def answer(_: Asked) -> Any:
        released.wait(60)
        return good

    console.api.answers["/api/ttt/maps"] = answer
    console.tab.call("Page.navigate", url=f"{console.url}/#/weapons")
    console.wait_for("document.body?.textContent.includes('longer than usual')")
    assert "4,321" in list_cells(console)
    released.set()
    console.settle()
    assert "51.5 %" in list_cells(console)


def test_what_comes_late_does_not_overwrite_what_was_asked_since(console: Console) -> None:
    released = threading.Event()

    def answer(asked: Asked) -> Any:
        is_late = "search" not in asked.query
        if is_late:
            released.wait(60)
        return {"items": [make_player(1, "late" if is_late else "new")], "next_cursor": None}

    console.api.answers["/api/ttt/players"] = answer
    console.tab.call("Page.navigate", url=f"{console.url}/#/players")
    console.wait_for("document.querySelector('main h1')?.textContent === 'Players'")
    console.go("#/players?search=x")
    released.set()
    assert console.list_texts("td .name")[0] == "new"
    console.go("#/servers")
    assert console.list_texts("main h1") == ["Servers"]


def test_nothing_to_show_and_pages_that_are_none(console: Console) -> None:
    console.api.answers["/api/servers/live"] = []
    console.open("#/servers")
    assert "No server is online" in console.list_texts(".empty")[0]
    for address in ("#/nothing", "#/__proto__", "#/constructor", "#/..%2Fapp"):
        console.open(address)
        assert console.list_texts("main h1") == ["Not found"]
    assert console.list_faults() == []


def test_the_keyboard_reaches_the_content_first(console: Console) -> None:
    console.open("#/players")
    for key in ("Tab", "Enter"):
        text = {"text": "\r"} if key == "Enter" else {}
        code = {"Tab": 9, "Enter": 13}[key]
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code, **text}
        console.tab.call("Input.dispatchKeyEvent", type="keyDown", **pressed)
        console.tab.call("Input.dispatchKeyEvent", type="keyUp", key=key)
    assert console.ask("document.activeElement.id") == "content"
    assert console.ask("location.hash") == "#/players"
    console.ask("document.querySelector('.menu a[href=\"#/servers\"]').focus()")
    console.click(".menu a[href='#/servers']")
    console.wait_for("document.title.startsWith('Servers')")
    console.settle()
    assert console.ask("document.activeElement.tagName") == "H1"
    assert console.list_texts(".menu [aria-current=page]") == ["Servers"]


def test_a_plot_has_its_numbers_as_a_table(console: Console) -> None:
    console.open("#/activity")
    assert console.list_texts("figure figcaption") == ["New and returning players"]
    assert console.list_texts("figure details td")[4:8] == ["Jan 2, 2026", "24", "15", "9"]
    console.wait_for("document.querySelector('figure canvas')")
    assert console.list_faults() == []


def test_times_are_the_viewers_and_say_what_they_are_in_utc(console: Console) -> None:
    console.tab.call("Emulation.setTimezoneOverride", timezoneId="Asia/Tokyo")
    try:
        console.open("#/player/STEAM_0%3A1%3A1")
        shown = console.ask("document.querySelector('main time').textContent")
        told = console.ask("document.querySelector('main time').title")
    finally:
        console.tab.call("Emulation.setTimezoneOverride", timezoneId="")
    assert shown.startswith("Jan 2, 2026, 5:00")
    assert told == "2026-01-01 20:00:00 UTC"
    asked = [one for one in console.api.asked if one.path.endswith("STEAM_0%3A1%3A1")]
    assert asked[-1].query["tz"] == "Asia/Tokyo"
