"""Writes the console's pictures of README: `python -m tests.support.screenshots`.

Of the checkout's own stack, on which `make demo` has played, as an admin sees it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
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
WIDTH, HEIGHT = 1280, 800
_LIGHT = [
    {"name": "prefers-color-scheme", "value": "light"},
    {"name": "prefers-reduced-motion", "value": "reduce"},
]
_DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def main() -> None:
    """Prints each file with its size."""
    FOLDER.mkdir(exist_ok=True)
    try:
        with closing(find_service()) as service, lend_role(OPERATOR, "admin"):
            addresses = find_addresses(service)
            for name, picture in take_pictures(service.url, service.key, addresses):
                (FOLDER / f"{name}.png").write_bytes(picture)
                sys.stdout.write(f"{name}.png, {len(picture) / 1000:.0f} KB\n")
    except (DemoError, BrowserError) as error:
        sys.exit(str(error))


def find_addresses(service: Service) -> dict[str, str]:
    """Pages by the names of their pictures: of who kills most, and of the newest bracket."""
    players = service.get("/api/ttt/players", limit=1)["items"]
    login = {"username": OPERATOR, "password": make_password(service.key, OPERATOR)}
    token = service.post("/v1/auth/login", login).body["access_token"]
    with closing(Service(service.url, token, "Authorization")) as tracker:
        events = tracker.get("/v1/tournaments", status="completed")["data"]
    brackets = [one["id"] for one in events if one["format"] == "single_elimination"]
    if not players or not brackets:
        raise DemoError("There is nothing to see yet: `make demo` plays it.")
    return {
        "overview": "#/overview",
        "player": f"#/player/{quote(players[0]['steam_id'], safe='')}",
        "tournament": f"#/tournament/{brackets[0]}",
        "logs": "#/logs",
    }


def take_pictures(url: str, secret: str, addresses: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Each page as the demo's operator sees it."""
    with devtools.running() as chromium:
        tab = chromium.open_tab(url, WIDTH, HEIGHT)
        tab.call("Emulation.setEmulatedMedia", features=_LIGHT)
        tab.call("Emulation.setTimezoneOverride", timezoneId="UTC")
        console = Console(tab, url)
        console.sign_in(OPERATOR, make_password(secret, OPERATOR))
        for name, address in addresses.items():
            console.open(address)
            tab.evaluate(_DRAWN)
            yield name, tab.photograph()


if __name__ == "__main__":
    main()
