"""The console as it is served: to browsers at the root, and its files below one folder."""

from __future__ import annotations

import base64
import gzip
import re
from html.parser import HTMLParser

from functions.site import console
from tests.support.client import Answered, Client, call_gateway
from tests.support.gateway import gateway_event

BROWSER = Client({"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
VISITOR = Client()
MAX_FIRST_LOAD = 90_000  # bytes, compressed


def fetch_packed(path: str) -> tuple[dict[str, str], bytes]:
    """What a browser that takes gzip is sent."""
    headers = {"Accept": "text/html, */*", "Accept-Encoding": "gzip, deflate, br"}
    answered = call_gateway(gateway_event("GET", path, headers=headers))
    lowered = {name.lower(): value for name, value in answered["headers"].items()}
    assert answered["statusCode"] == 200
    assert answered["isBase64Encoded"]
    return lowered, base64.b64decode(answered["body"])


def links(page: str) -> list[str]:
    """All that the page itself names."""
    found: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attrs if name in ("src", "href") and value)

    Parser().feed(page)
    return found


def test_browsers_see_the_console_and_others_what_the_game_asks_for() -> None:
    page = BROWSER.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.startswith("<!doctype html>")
    for accept in ("", "*/*", "application/json"):
        index = VISITOR.get("/", headers={"Accept": accept} if accept else {})
        assert index.json == {"name": "Tiltyard", "docs": "/docs", "openapi": "/openapi.json"}
        assert "accept" in index.headers["vary"].lower()


def test_the_page_is_checked_at_each_visit() -> None:
    page = BROWSER.get("/")
    assert page.headers["cache-control"] == "no-cache"
    known = {**BROWSER.headers, "If-None-Match": page.headers["etag"]}
    again = BROWSER.get("/", headers=known)
    assert (again.status, again.text) == (304, "")
    assert VISITOR.get("/").headers["etag"] != page.headers["etag"]


def test_all_that_the_page_names_is_there_and_stays_for_a_year() -> None:
    named = [link for link in links(BROWSER.get("/").text) if link != "docs"]
    assert len(named) > 5
    for link in named:
        assert link.startswith(f"console/{console.get_version()}/")
        file = VISITOR.get(f"/{link}")
        assert file.status == 200, link
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = VISITOR.get(f"/{link}", headers={"If-None-Match": file.headers["etag"]})
        assert again.status == 304


def test_every_file_is_served_with_its_type() -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    names = console.load_files().keys()
    assert {"app.js", "live.js", "pages/overview.js", "vendor/lit-html.js", "style.css"} <= names
    for name in names:
        file = VISITOR.get(f"/console/{console.get_version()}/{name}")
        assert file.status == 200, name
        assert file.headers["content-type"].startswith(kinds[name[name.rindex(".") :]])


def test_nothing_else_is_served() -> None:
    here = f"/console/{console.get_version()}"
    for name in (
        "index.html", "README.md", "jsconfig.json", "vendor/SHA256SUMS", "vendor/lit-html.d.ts",
        "..%2Findex.html", "%2e%2e/%2e%2e", "..%2f..%2f..%2fapp.py", "pages/..%2Fapp.js", "app",
        "%2Fetc%2Fpasswd", "pages%2Foverview.js%00", "pages/", "a/b/c/app.js",
    ):  # fmt: skip
        assert VISITOR.get(f"{here}/{name}").status == 404, name
    for version in ("0" * 16, "..", "%2e%2e", "x", f"{console.get_version()}%00"):
        assert VISITOR.get(f"/console/{version}/app.js").status == 404, version
        assert VISITOR.get(f"/console/{version}/pages/overview.js").status == 404, version
    assert VISITOR.get(f"{here}/vendor/other.js").status == 404


def test_pages_fetch_run_and_frame_nothing_but_their_own() -> None:
    version = console.get_version()
    asset, docs = f"/console/{version}/app.js", "/docs"
    for answered in (BROWSER.get("/"), VISITOR.get(asset), VISITOR.get(docs)):
        check_policy(answered)


def check_policy(answered: Answered) -> None:
    policy = answered.headers["content-security-policy"]
    assert "default-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "img-src 'self' data:" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert answered.headers["x-content-type-options"] == "nosniff"


def test_pages_hold_no_scripts_and_styles_that_the_policy_refuses() -> None:
    for page in (BROWSER.get("/").text, VISITOR.get("/docs").text):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page)


def test_the_first_load_is_small() -> None:
    headers, page = fetch_packed("/")
    assert headers["content-encoding"] == "gzip"
    assert "accept-encoding" in headers["vary"].lower()
    total = len(page)
    for link in links(gzip.decompress(page).decode()):
        if link != "docs":
            total += len(fetch_packed(f"/{link}")[1])
    assert total < MAX_FIRST_LOAD


def test_the_first_pages_modules_are_fetched_at_once() -> None:
    """Import by import, each would cost a round trip."""
    first, files = console.list_first(), console.load_files()
    for name in first:
        text = files[name].content.decode()
        for imported in re.findall(r'^import [^;"]*"\.{1,2}/([^"]+)";', text, re.MULTILINE):
            assert any(one.endswith(imported) for one in first), imported


def test_files_are_packed_the_same_each_time() -> None:
    file = console.load_files()["app.js"]
    assert console.File(file.content, file.content_type).packed == file.packed
    assert gzip.decompress(file.packed) == file.content
