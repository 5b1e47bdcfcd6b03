"""What axe-core finds on a page that keeps people out."""

from __future__ import annotations

from infra.local import environments
from tests.support.clients.devtools import Tab

_AXE = "node_modules/axe-core/axe.min.js"
_SERIOUS = """axe.run().then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => `${id}: ${nodes[0].html}`))"""


def list_serious_findings(tab: Tab) -> list[str]:
    """Serious and critical findings of the page that is open, each with the first place."""
    environments.ensure_ready("axe")
    script = (environments.ENVIRONMENTS["axe"].folder() / _AXE).read_text(encoding="utf-8")
    tab.evaluate(f"{script}; 0")
    found: list[str] = tab.evaluate(_SERIOUS)
    return found
