"""The page that the folder's README shows, in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.clients import browser

CONSOLE = Path(__file__).parents[3] / "infra" / "console"
_SHOW = """(async () => {
  const [page, { Panel }, { render }] = await Promise.all(
    ["/pages/example.js", "/panel.js", "/vendor/lit-html.js"].map((name) => import(name)));
  const fetched = globalThis.fetch;
  globalThis.fetch = async (url, ...rest) => {
    if (!String(url).includes("api/ttt/weapons")) return fetched(url, ...rest);
    const items = [{ weapon: "weapon_ttt_<b>m16", kills: 1234 }];
    return Response.json({ items, next_cursor: null });
  };
  const loaded = page.load({ page: "example", id: "", query: {} });
  const drawn = document.createElement("main");
  document.body.append(drawn);
  await new Promise((done) => {
    const panels = {};
    const draw = () => {
      render(page.view({ page: "example", id: "", query: {} }, panels), drawn);
      if (drawn.querySelector("td")) done();
    };
    for (const [name, loader] of Object.entries(loaded)) panels[name] = new Panel(loader, draw);
    for (const panel of Object.values(panels)) panel.start();
  });
  return [...drawn.querySelectorAll("h1, th, td")].map((one) => one.textContent.trim());
})()"""


@pytest.mark.timeout(600)  # the first one may have to fetch Chromium
def test_the_page_that_the_readme_shows_draws_its_table(tmp_path: Path) -> None:
    readme = (CONSOLE / "README.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```js\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    (tmp_path / "example.js").write_text(example)
    ours = [file for file in CONSOLE.rglob("*.js") if file.name != "app.js"]  # has another page
    files = {f"/{file.relative_to(CONSOLE)}": file for file in ours}
    with browser.running({"/pages/example.js": tmp_path / "example.js"} | files) as page:
        drawn = page.evaluate(_SHOW)
    assert drawn[0] == "Weapons"
    assert {"Weapon", "Kills", "weapon_ttt_<b>m16", "1,234"} <= {*drawn}
