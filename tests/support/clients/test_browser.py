"""The browser of the tests: what it says where there is none, and how its page fails."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from infra.local import debian
from infra.local.debian import DebianError
from tests.support.clients import browser
from tests.support.clients.browser import BrowserError

pytestmark = pytest.mark.timeout(600)  # the first one may have to fetch Chromium


def test_where_no_browser_can_be_had_one_sentence_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def install(*_: Any) -> None:
        raise DebianError("This machine has no apt-get.")

    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(debian, "install", install)
    with pytest.raises(BrowserError, match=r"^There is no Chromium here: .*has no apt-get\)\.$"):
        browser.find_program()


def test_the_page_answers_with_values_and_failures() -> None:
    with browser.running({}) as page:
        assert page.evaluate("Promise.resolve({a: [1, null]})") == {"a": [1, None]}
        with pytest.raises(BrowserError, match="it broke"):
            page.evaluate("Promise.reject(new Error('it broke'))")
