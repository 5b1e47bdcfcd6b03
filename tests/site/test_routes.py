"""What Tiltyard says about itself, and to those who lost their way."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tests.support.client import Client

ROOT = Path(__file__).parents[2]
VISITOR = Client()  # no key, and no database behind it


def test_the_root_points_to_the_reference() -> None:
    assert VISITOR.get("/").json["docs"] == "/docs"


def test_the_reference_is_served() -> None:
    reference = VISITOR.get("/openapi.json")
    assert reference.json["openapi"] == "3.1.0"
    assert "/api/tilt/events" in reference.json["paths"]


def test_the_page_asks_no_other_host_for_anything() -> None:
    page = VISITOR.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    assert not [link for link in links if "//" in link]


def test_the_pages_files_are_served_and_no_others() -> None:
    for name, kind in (("swagger-ui.css", "text/css"), ("swagger-ui-bundle.js", "text/javascript")):
        file = VISITOR.get(f"/docs/{name}")
        assert file.status == 200
        assert file.headers["content-type"].startswith(kind)
        assert len(file.text) < 5_000_000
    for name in ("other.js", "..%2Froutes.py", "swagger-ui-bundle.js.map"):
        assert VISITOR.get(f"/docs/{name}").status == 404


def test_the_vendored_files_are_those_that_were_published() -> None:
    folder = ROOT / "functions/site/swagger_ui"
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    sums = {line.split()[1]: line.split()[0] for line in lines if not line.startswith("#")}
    assert sums.keys() == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_head_is_get_without_a_body() -> None:
    head = VISITOR.call("HEAD", "/openapi.json")
    assert (head.status, head.text) == (200, "")
    assert head.headers["etag"] == VISITOR.get("/openapi.json").headers["etag"]


def test_every_other_path_is_404() -> None:
    for path in ("/x", "//", "/docs/a/b", "/%00", "/" + "x" * 5000):
        assert VISITOR.get(path).status in (200, 404)
    assert VISITOR.get("/x").json == {"error": "Not found"}


def test_the_page_is_found_with_a_trailing_slash_too() -> None:
    """Regression: its relative links led nowhere from there."""
    redirect = VISITOR.get("/docs/")
    assert (redirect.status, redirect.headers["location"]) == (302, "../docs")


def test_what_a_browser_has_is_not_sent_again() -> None:
    for path in ("/openapi.json", "/docs", "/docs/swagger-ui.css"):
        tag = VISITOR.get(path).headers["etag"]
        again = VISITOR.get(path, headers={"If-None-Match": tag})
        assert (again.status, again.text) == (304, "")
