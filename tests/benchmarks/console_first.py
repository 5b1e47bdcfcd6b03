"""`console.first`: how soon the console's first numbers are painted, once the API has answered.

Against a bare page that fetches the same and writes one number of it, in the same Chromium.
"""

from __future__ import annotations

import os
from statistics import median
from typing import Any
from unittest.mock import patch

from tests.benchmarks.caller import make_environ
from tests.benchmarks.figures import Figure, at_most, below
from tests.benchmarks.store import Store
from tests.support.clients.stubbed_answers import OVERVIEW, make_answers
from tests.support.clients.stubbed_console import Console, Reply, open_console

NAMES = ("console.first", "console.first.bare")
_GOAL = 400  # ms
_LOADS = 15  # of each page, in turns; the first of each is not counted
_BARE = """<!doctype html><title>Bare</title><link rel="icon" href="data:,"><dl></dl>
<script type="module">
const fetched = ["2026-01", "2025-12"].map(
  (month) => fetch(`api/ttt/overview?from=${month}-01`).then((answer) => answer.json()));
const [now] = await Promise.all(fetched);
const number = document.createElement("dd");
number.textContent = now.rounds.toLocaleString("en");
document.querySelector("dl").append(number);
</script>"""
# The first frame after a number is there has been painted when its next task runs.
_WATCH = """
globalThis.painted = new Promise((done) => {
  const seen = new MutationObserver(() => {
    if (!document.querySelector("dd")?.textContent.includes("1,234")) return;
    seen.disconnect();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        const answered = performance.getEntriesByType("resource")
          .filter(({ name }) => name.includes("api/ttt/overview"))
          .map(({ responseEnd }) => responseEnd);
        done(performance.now() - Math.max(...answered));
      };
      port2.postMessage(null);
    });
  });
  seen.observe(document, { childList: true, subtree: true, characterData: true });
});
"""


def measure(store: Store) -> list[Figure]:
    """Both pages in turns, so that a busy moment of the machine meets both."""
    assert OVERVIEW["rounds"] == 1234  # what is waited for
    times: dict[str, list[float]] = {"": [], "bare": []}
    # The page's server is in this process.
    with patch.dict(os.environ, make_environ(store.app_url, "site")), open_console() as console:
        console.api.answers = make_answers()
        console.api.answers["/bare"] = Reply(_BARE, headers={"Content-Type": "text/html"})
        console.tab.call("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)
        for _turn in range(_LOADS):
            for path, taken in times.items():
                taken.append(_load(console, path))
    ours, bare = (median(taken[1:]) for taken in times.values())
    return [below(NAMES[0], ours, _GOAL), at_most(NAMES[1], ours, bare, 1.5)]


def _load(console: Console, path: str) -> float:
    """Milliseconds between the last answer and its numbers' first frame."""
    console.tab.open("about:blank")
    console.tab.open(f"{console.url}/{path}")
    console.wait_for(f"location.pathname === '/{path}' && globalThis.painted")
    taken: Any = console.ask("painted")
    return float(taken)
