"""The console in a browser, as its end-to-end tests use it."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.support.clients import accessibility
from tests.support.clients.devtools import Tab

# What is asked stands in the topmost dialog, or else in the page.
_FRAME = "([...document.querySelectorAll('dialog[open]')].pop() ?? document)"
# How many seconds the form asks to wait.
_WAIT = "document.querySelector('output.error')?.innerText.match(/Try again in (\\d+) s/)?.[1]"
_SIGNED_IN = "sessionStorage.getItem('tiltyard')?.includes('token')"


class Console:
    """The console of a stack in a tab."""

    def __init__(self, tab: Tab, url: str) -> None:
        self.tab, self.url = tab, url

    def open(self, address: str, heading: str = "") -> None:
        """Goes to `#/…`, and waits until its panels are loaded; `heading`: what `h1` has to say."""
        # What another address of the page shows would do, until the page hears of the new one.
        self.tab.evaluate(
            f"void (globalThis.isHere = location.hash === {json.dumps(address)}, "
            "addEventListener('hashchange', () => (globalThis.isHere = true), { once: true }))"
        )
        self.tab.open(f"{self.url}/{address}")
        said = "document.querySelector('main h1')?.innerText"
        shown = f"{said}?.includes({json.dumps(heading)})" if heading else said
        self.tab.wait_for(
            "document.readyState === 'complete' && globalThis.isHere !== false "
            f"&& location.hash === {json.dumps(address)} "
            f"&& {shown} && !document.querySelector('main .loading, main [aria-busy=true]')"
        )

    def sign_in(self, name: str, password: str) -> None:
        """Signs in at all doors, by the form."""
        self.open("#/sign-in", "Sign in")
        self.fill(name=name, password=password)
        signed_in = f"({_SIGNED_IN} && !location.hash.startsWith('#/sign-in'))"
        while True:
            self.click("Sign in", "main button")
            self.tab.wait_for(f"{signed_in} || {_WAIT}", 60)
            if not (seconds := self.tab.evaluate(_WAIT)):
                break
            # Others before failed to log in from this address.
            time.sleep(int(seconds) + 1)
            self.tab.problems.clear()
        self.tab.wait_for(signed_in)

    def fill(self, **values: str) -> None:
        """Types into fields, by their names."""
        for name, value in values.items():
            field = f"{_FRAME}.querySelector('[name={name}]')"
            self.tab.wait_for(f"Boolean({field})")
            self.tab.evaluate(f"{field}.value = {json.dumps(value)}")

    def click(self, text: str, selector: str = "button, a") -> None:
        """Clicks what begins with a text."""
        found = (
            f"[...{_FRAME}.querySelectorAll({json.dumps(selector)})].find((one) => "
            f"one.innerText.replace(/\\s+/g, ' ').trim().startsWith({json.dumps(text)}))"
        )
        self.tab.wait_for(f"Boolean({found})")
        self.tab.evaluate(f"{found}.click()")

    def read_table(self, caption: str) -> list[list[str]]:
        """The rows of a table, as they are read."""
        table = (
            "[...document.querySelectorAll('main table')]"
            f".find((one) => one.caption?.textContent === {json.dumps(caption)})"
        )
        found: list[list[str]] = self.tab.evaluate(
            f"[...{table}.tBodies[0].rows].filter((row) => !row.ariaHidden).map((row) => "
            "[...row.cells].map((cell) => cell.textContent.replace(/\\s+/g, ' ').trim()))"
        )
        return found

    def read_figures(self) -> dict[str, str]:
        """Values by their titles, of all panels."""
        found: dict[str, str] = self.tab.evaluate(
            "Object.fromEntries([...document.querySelectorAll('main dl > div')].map((one) => "
            "[one.querySelector('dt').textContent.trim(), "
            "one.querySelector('dd').textContent.replace(/\\s+/g, ' ').trim()]))"
        )
        return found

    def read_text(self, selector: str = "main") -> str:
        """The text that is seen."""
        found: str = self.tab.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return found

    def format(self, *numbers: Any) -> list[str]:
        """Numbers as this browser writes them in the console."""
        found: list[str] = self.tab.evaluate(
            "((format) => "
            f"{json.dumps(numbers)}.map((one) => one === null ? '–' : format.format(one)))"
            "(new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 }))"
        )
        return found

    def assert_fits_everybody(self) -> None:
        """Nothing serious is in the way of who hears the page, and it is no wider than a phone."""
        self.tab.resize(390, 844)
        assert self.tab.evaluate("document.documentElement.scrollWidth") <= 390
        self.tab.resize(1440, 900)
        found = accessibility.list_serious_findings(self.tab)
        assert not found, found

    def assert_clean(self) -> None:
        """Nothing went wrong in the browser, and nothing was asked elsewhere."""
        assert not self.tab.problems, self.tab.problems
