"""Writes the console's pictures of README: `python -m tests.support.clients.screenshots`.

Of the checkout's own stack, on which `make demo` has played, as an admin sees it.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infra.demo.raid import OPERATOR
from infra.demo.raider import make_password
from infra.demo.roles import lend_role
from infra.demo.service import DemoError, Service, find_service
from tests.support.clients.browser import BrowserError
from tests.support.clients.devtools import Page, open_page

FOLDER = Path(__file__).parents[3] / "infra" / "console" / "screenshots"
SIZE = (1280, 800)
# What a page shows when all of it is there.
_READY = """document.querySelector("main h1") && document.readyState === "complete"
  && !document.querySelector("main .loading, main [aria-busy=true]")"""
_SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def main() -> None:
    """Prints each file with its size."""
    try:
        with closing(find_service()) as service, lend_role(OPERATOR, "admin"):
            for name, picture in take_pictures(service).items():
                (FOLDER / f"{name}.png").write_bytes(picture)
                sys.stdout.write(f"{FOLDER.name}/{name}.png, {len(picture) / 1000:.0f} KB\n")
    except (DemoError, BrowserError) as error:
        sys.exit(str(error))


def take_pictures(service: Service) -> dict[str, bytes]:
    """The pictures by name; the operator of the demo is an admin meanwhile."""
    pictures = {}
    with open_page(*SIZE) as page:
        page.call("Page.navigate", url=f"{service.url}/")
        page.wait_until(_READY)
        _sign_in(page, OPERATOR, make_password(service.key, OPERATOR))
        for name, address in _find_addresses(service).items():
            page.evaluate(f"void (location.hash = {json.dumps(address)})")
            page.wait_until(f"location.hash === {json.dumps(address)} && {_READY}")
            page.evaluate(_SETTLED)
            pictures[name] = page.photograph()
    return pictures


def _find_addresses(service: Service) -> dict[str, str]:
    """The pages worth a picture; whoever killed most, and the newest tournament that is over."""
    players = service.get("/api/ttt/players", limit=1)["items"]
    login = {"username": OPERATOR, "password": make_password(service.key, OPERATOR)}
    token = service.post("/v1/auth/login", login).body["access_token"]
    with closing(Service(service.url, token, "Authorization")) as tracker:
        cups = tracker.get("/v1/tournaments", status="completed", limit=1)["data"]
    if not players or not cups:
        raise DemoError("There is nothing to see yet: `make demo` plays it.")
    steam_id, cup = quote(players[0]["steam_id"], safe=""), cups[0]["id"]
    return {
        "overview": "#/overview",
        "player": f"#/player/{steam_id}",
        "tournament": f"#/tournament/{cup}",
        "logs": "#/logs",
    }


def _sign_in(page: Page, name: str, password: str) -> None:
    """As people do: by the form."""
    page.evaluate('void (location.hash = "#/sign-in")')
    page.wait_until("document.querySelector('input[name=password]')")
    given: dict[str, Any] = {"name": name, "password": password}
    page.evaluate(
        f"""(() => {{
          for (const [name, value] of Object.entries({json.dumps(given)}))
            document.querySelector(`input[name=${{name}}]`).value = value;
          document.querySelector("input[name=password]").form.requestSubmit();
        }})()"""
    )
    page.wait_until(f"location.hash !== '#/sign-in' && {_READY}")


if __name__ == "__main__":
    main()
