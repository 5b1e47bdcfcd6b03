"""Documentation under test: commands, settings, links, paths and terms of the Markdown files."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from functions.shared.secrets import Secrets
from functions.shared.settings import Settings

ROOT = Path(__file__).parent.parent
TOPS = ("functions", "infra", "schema", "tests")
DOCS = sorted([*ROOT.glob("*.md"), *(path for top in TOPS for path in (ROOT / top).rglob("*.md"))])
FILES = [
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.*"), *(path for top in TOPS for path in (ROOT / top).rglob("*.*"))]
]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
OPERATIONS = sorted(path.stem for path in (ROOT / "infra" / "ops").glob("[a-z]*.py"))
# What the template and the local stack set, and nobody else.
INTERNAL = {
    *("DOMAINS", "SPOOL_QUEUE_URL", "SPOOL_DEAD_LETTERS_URL", "SCHEDULER_DEAD_LETTERS_URL"),
    *("EXPORTS_BUCKET", "LAKE_BUCKET", "SECRET_ARN", "STACK_NAME"),
    *("LIVE_ENDPOINT", "LIVE_FUNCTION", "LIVE_DELAYS_URL"),
}
# What only commands read, and no function.
OF_COMMANDS = {"PORT", "MIGRATE_URL"}


def code(path: Path) -> list[str]:
    """A document's code: its blocks, and what stands in backticks."""
    blocks = re.split(r"^```\w*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    spans = [span for text in blocks[::2] for span in re.findall(r"`([^`]+)`", text)]
    return blocks[1::2] + spans


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_every_make_target_in_a_document_exists(path: Path) -> None:
    named = {name for text in code(path) for name in re.findall(r"\bmake (?:-s )?([a-z-]+)", text)}
    assert named <= TARGETS


def test_every_target_is_listed_by_make_with_what_it_does() -> None:
    listed = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert listed == TARGETS
    assert set(re.findall(r"\.PHONY: (.*)", MAKEFILE)[0].split()) == TARGETS


@pytest.mark.parametrize("path", [*DOCS, ROOT / "Makefile"], ids=str)
def test_every_module_in_a_command_exists(path: Path) -> None:
    texts = code(path) if path.suffix == ".md" else [MAKEFILE.replace("$(PYTHON)", "python")]
    named = {name for text in texts for name in re.findall(r"python -m ([a-z_][\w.]*\w)", text)}
    named |= {
        name for text in texts for name in re.findall(r"infra\.local\.database ([\w.]+)", text)
    }
    assert [name for name in named if importlib.util.find_spec(name) is None] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_command_of_operators_answers_help_and_is_documented(name: str) -> None:
    command = [sys.executable, "-m", f"infra.ops.{name}", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("usage: ")
    target = re.search(
        rf"^([a-z]+):.*\n(?:\t.*\n)*\t.*infra\.ops\.{name}\b", MAKEFILE, re.MULTILINE
    )
    command_line = f"make {target[1]}" if target else f"python -m infra.ops.{name}"
    assert command_line in (ROOT / "README.md").read_text(encoding="utf-8")


def settings_table() -> dict[str, list[str]]:
    """README's table of settings: its cells by variable."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Settings\n")[2]
    lines = re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", table.partition("\n## ")[0], re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in lines}


def test_the_table_of_settings_has_all_that_functions_read() -> None:
    """What each does and refuses, `tests/infra/local/test_commands.py` holds."""
    fields = [*Settings.model_fields.values(), *Secrets.model_fields.values()]
    read = {one.alias for one in fields if one.alias}
    assert settings_table().keys() == read - INTERNAL | OF_COMMANDS


def test_the_table_of_settings_has_their_limits() -> None:
    table, schema = settings_table(), Settings.model_json_schema(by_alias=True)["properties"]
    days = schema["LOGS_IP_DAYS"]
    meaning, default, *_ = table["LOGS_IP_DAYS"]
    assert f"{days['minimum']} to {days['maximum']}" in meaning
    assert default == str(days["default"])
    for name in ("LOG_LEVEL", "TILT_KEYS"):
        assert [f"`{value}`" in table[name][0] for value in schema[name]["enum"]].count(False) == 0


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        file, _, heading = target.partition("#")
        found = (path.parent / file if file else path).resolve()
        assert found.exists(), target
        if not heading:
            continue
        document = found / "README.md" if found.is_dir() else found
        titles = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
        assert heading in slugs, target


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_files_that_documents_name_exist(path: Path) -> None:
    for text in code(path):
        if re.fullmatch(r"[\w/-]+\.(?:py|sql|yaml)", text):
            assert any(f"/{name}".endswith(f"/{text}") for name in FILES), text
        elif re.fullmatch(rf"(?:{'|'.join(TOPS)})/[\w/.-]*", text):
            assert (ROOT / text).exists(), text


def test_the_glossary_is_a_sorted_screen_of_sentences() -> None:
    lines = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8").splitlines()
    entries = re.findall(r"^- \*\*([\w ]+)\*\*: (.+)$", "\n".join(lines), re.MULTILINE)
    terms = [term for term, _ in entries]
    assert terms == sorted(set(terms))
    assert len(lines) <= 60
    assert all(re.fullmatch(r"[^.]+(?:\.\w[^.]*)*\.", sentence) for _, sentence in entries)
    assert "(GLOSSARY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", DOCS, ids=str)
def test_every_test_that_a_document_names_exists(path: Path) -> None:
    """What a document says of a defence is held by it."""
    for text in code(path):
        for file, name in re.findall(r"(tests/[\w/]+\.py)::(\w+)", text):
            assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), name
