"""What no file of the console does."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

CONSOLE = Path(__file__).parents[3] / "infra/console"
CLIENT = CONSOLE.parent / "clients/live.js"
OURS = sorted([*CONSOLE.glob("*.js"), *CONSOLE.glob("pages/*.js")])
PAGES = [file for file in OURS if file.parent.name == "pages"]
_IMPORT = re.compile(r'^import\b[^;]*?"([^"]+)";$', re.MULTILINE)
MAX_LINES = 300
MAX_COLUMNS = 110
EXCEPTIONS = {"live.js"}  # the client for everybody, one file to copy

by_name = pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)


@by_name
def test_strings_never_become_html_code_or_style(file: Path) -> None:
    text = file.read_text()
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "unsafeHTML", "unsafeSVG"):
        assert word not in text
    for word in ("document.write", "eval(", "new Function", "javascript:", "srcdoc"):
        assert word not in text
    assert not re.search(r"\bstyle\s*=|styleMap|\.style\b", text)
    assert not re.search(r"<script|<style|\bon[a-z]+=", text.replace("onload = ", ""))


@by_name
def test_nothing_is_asked_of_another_origin(file: Path) -> None:
    urls = re.findall(r"(?:https?|wss?):[^\s\"'`]*|[\"'`]//[^\s\"'`]*", file.read_text())
    outside_comments = [url for url in urls if url not in {"https:", "ws:", "wss:"}]
    assert not [url for url in outside_comments if file.name not in EXCEPTIONS]


@by_name
def test_addresses_are_relative(file: Path) -> None:
    """The stage of API Gateway is a prefix of all paths."""
    asked = r"\b(?:get|getPage|send|request)\(\s*(?:\"[A-Z]+\",\s*)?[\"`]/"
    assert not re.search(asked, file.read_text())


@by_name
def test_files_stay_small(file: Path) -> None:
    lines = file.read_text().splitlines()
    assert len(lines) <= MAX_LINES or file.name in EXCEPTIONS
    assert max(map(len, lines)) <= MAX_COLUMNS


@by_name
def test_every_import_is_of_the_console(file: Path) -> None:
    for name in _IMPORT.findall(file.read_text()):
        assert name.startswith(("./", "../"))
        assert (file.parent / name).exists()


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_pages_import_no_pages(file: Path) -> None:
    imported = _IMPORT.findall(file.read_text())
    assert not [name for name in imported if not name.startswith("../")]
    assert "export function view(" in file.read_text()


def test_every_page_is_listed() -> None:
    listed = (CONSOLE / "pages.js").read_text()
    names = re.findall(r'^  "?([a-z-]+)"?: \{ title:', listed, re.MULTILINE)
    assert {name.replace("-", "_") for name in names} == {file.stem for file in PAGES}


def test_the_client_of_rooms_is_the_one_for_everybody() -> None:
    assert (CONSOLE / "live.js").resolve() == CLIENT.resolve()


def test_the_vendored_files_are_those_that_were_published() -> None:
    folder = CONSOLE / "vendor"
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    sums = {line.split()[1]: line.split()[0] for line in lines if not line.startswith("#")}
    assert sums.keys() == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_the_vendored_scripts_evaluate_no_strings() -> None:
    for name in ("lit-html.js", "uPlot.iife.min.js"):
        text = (CONSOLE / "vendor" / name).read_text()
        assert not re.search(r"\beval\(|new Function\(", text)
