"""Writes the console's pictures of README: `python -m tests.support.screenshots`.

Of the checkout's own stack, on which `make demo` has played, as an admin sees it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from infra.demo.raid import OPERATOR
from infra.demo.raider import make_password
from infra.demo.roles import lend_role
from infra.demo.service import DemoError, Service, find_service
from tests.support.clients import devtools
from tests.support.clients.browser import BrowserError
from tests.support.console import Console

FOLDER = Path(__file__).parents[2] / "infra" / "console" / "screenshots"
WIDTH, HEIGHT = 1280, 720
_LIGHT = [
    {"name": "prefers-color-scheme", "value": "light"},
    {"name": "prefers-reduced-motion", "value": "reduce"},
]
_SCROLL = """[...document.querySelectorAll("main section")]
  .find((one) => one.querySelector("h2")?.textContent === TITLE)?.scrollIntoView()"""
_STYLED = "[...document.querySelectorAll('link[rel=stylesheet]')].every(({ sheet }) => sheet)"
_DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True)
class Picture:
    """A page, by its heading, and the panel that is to be seen, if not the first one."""

    name: str
    address: str
    heading: str
    panel: str = ""


def main() -> None:
    """Prints each file with its size."""
    FOLDER.mkdir(exist_ok=True)
    try:
        with closing(find_service()) as service, lend_role(OPERATOR, "admin"):
            for picture, png in take_pictures(service, find_pictures(service)):
                (FOLDER / f"{picture.name}.png").write_bytes(png)
                sys.stdout.write(f"{picture.name}.png, {len(png) / 1000:.0f} KB\n")
    except (DemoError, BrowserError) as error:
        sys.exit(str(error))


def find_pictures(service: Service) -> list[Picture]:
    """What is worth one; of players who kills most, of tournaments the newest bracket."""
    players = service.get("/api/ttt/players", limit=1)["items"]
    login = {"username": OPERATOR, "password": make_password(service.key, OPERATOR)}
    token = service.post("/v1/auth/login", login).body["access_token"]
    with closing(Service(service.url, token, "Authorization")) as tracker:
        events = tracker.get("/v1/tournaments", status="completed")["data"]
    brackets = [one for one in events if one["format"] == "single_elimination"]
    if not players or not brackets:
        raise DemoError("There is nothing to see yet: `make demo` plays it.")
    player, cup = players[0], brackets[0]
    address = f"#/player/{quote(player['steam_id'], safe='')}"
    return [
        Picture("overview", "#/overview", "Overview"),
        Picture("player", address, player["display_name"]),
        Picture("tournament", f"#/tournament/{cup['id']}", cup["name"], "Bracket"),
        Picture("logs", "#/logs?type=CHAT", "Logs"),
    ]


def take_pictures(service: Service, pictures: list[Picture]) -> Iterator[tuple[Picture, bytes]]:
    """Each page as the demo's operator sees it."""
    with devtools.running() as chromium:
        tab = chromium.open_tab(service.url, WIDTH, HEIGHT)
        tab.call("Emulation.setEmulatedMedia", features=_LIGHT)
        tab.call("Emulation.setTimezoneOverride", timezoneId="UTC")
        tab.call("Emulation.setScrollbarsHidden", hidden=True)
        console = Console(tab, service.url)
        console.sign_in(OPERATOR, make_password(service.key, OPERATOR))
        for picture in pictures:
            console.open(picture.address, picture.heading)
            tab.wait_for(_STYLED)
            tab.evaluate(_SCROLL.replace("TITLE", json.dumps(picture.panel)))
            tab.evaluate(_DRAWN)
            yield picture, tab.photograph()


if __name__ == "__main__":
    main()
