"""Every shell command of README.md and the folders' READMEs, run as it is printed.

A section of a document is one shell: its blocks share variables and functions, and a subsection
has those of the text between its section's heading and the first subsection. A block that follows a
`sh` block at once, in `json` or `text`, is what that prints: `…` stands for whatever changes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.demo.sandbox import Sandbox
from infra.demo.season import Season
from infra.local import timescale
from infra.local.stack import secret_keys
from schema.engine.migrate import migrate
from tests.support.stack import Database

ROOT = Path(__file__).parent.parent.parent
TOPS = ("functions", "infra", "schema", "tests")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(md for top in TOPS for md in (ROOT / top).rglob("*.md"))])
ADDRESS = "http://127.0.0.1:8000"

# Lines of `sh` blocks that are not run here, and why. All others are.
NOT_RUN = {
    "make run": "runs until Ctrl-C; the stack of these tests is one",
    "make test": "is what runs this",
    "make demo": "takes minutes; tests/infra/demo and tests/e2e play its parts",
    "make bench ONLY=rollup.rebuild": "takes minutes",
    "make bench ONLY=tilt.record,cold.tilt": "takes minutes",
    "make bench ONLY=capacity": "takes minutes",
    'make fire ARGS="--seed 7 --minutes 2 --kills 50"': "takes minutes; test_fire.py's is shorter",
    "make lock ARGS=--upgrade": "changes the checkout",
    'make test ARGS="tests/game/test_balance.py -s"': "is among those that `make test` runs",
    "python -m infra.local run": "is `make run`",
    "make deploy STAGE=prod": "needs an account of AWS; tests/e2e/test_deploy.py deploys at home",
}
# Blocks in other languages, and what holds them.
HELD_ELSEWHERE = {
    ("README.md", ""): "tests/test_docs.py: the files are there",
    ("functions/lake/README.md", ""): "the names of files; tests/lake/test_lake.py",
    ("functions/lake/README.md", "sql"): "tests/lake/test_lake.py runs it",
    ("infra/clients/README.md", "html"): "tests/infra/clients/test_clients.py runs it",
    ("infra/clients/README.md", "python"): "tests/infra/clients/test_clients.py runs it",
    ("infra/console/README.md", "js"): "tests/infra/console/test_example.py runs it",
    ("infra/CONCURRENCY.md", ""): "needs an account of AWS",
    ("infra/RUNBOOK.md", "aws"): "the scheduler's queue and Secrets Manager are AWS's own",
    ("schema/ROLLUPS.md", "sql"): "tests/schema/engine/test_examples.py",
    ("schema/ROLLUPS.md", ""): "tests/schema/engine/test_examples.py: what they print",
    ("infra/demo/README.md", "python"): "test_examples_of_the_demo_begin",
}
# `curl` fails when it is refused, and a failure that a `$(…)` within a word would hide is kept.
PRELUDE = """
set -euo pipefail; shopt -s inherit_errexit
curl() {
  command curl --silent --show-error --fail-with-body "$@" ||
    { echo "curl $*" >> "$FAILURES"; return 22; }
}
"""
OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARGS", "ONLY")
# What a command that failed within another one leaves; notes of commands that work are theirs.
FAULTS = re.compile(r"Traceback|\bbash: |\*\*\* ")
END_OF_BLOCK = "\x1e"


@dataclass(frozen=True)
class Block:
    """A fenced block of a document; `shown` is what the document says it prints."""

    language: str
    text: str
    shown: str | None = None

    def commands(self) -> str:
        """The block without the lines that are not run."""
        lines = self.text.splitlines(keepends=True)
        return "".join(line for line in lines if strip_comment(line) not in NOT_RUN)


@dataclass(frozen=True)
class Script:
    """What a reader of a section has pasted into a shell; `preamble` is of the section above."""

    document: str
    section: str
    blocks: tuple[Block, ...]

    def source(self, address: str) -> str:
        """The shell script; each block's output ends with a mark."""
        ended = f"\nprintf '{END_OF_BLOCK}'\n"
        texts = [block.commands() + ended for block in self.blocks]
        return (PRELUDE + "".join(texts)).replace(ADDRESS, address)


def strip_comment(line: str) -> str:
    return re.sub(r"(^|\s+)#.*", "", line).strip()


def read_blocks(text: str) -> list[Block]:
    """The blocks of a part of a document, each output with what prints it."""
    found: list[Block] = []
    for fence in re.finditer(r"^```(\w*)\n(.*?)^```$(\n*)", text, re.DOTALL | re.MULTILINE):
        language, body = fence[1], fence[2]
        is_next = (
            bool(found)
            and found[-1].language == "sh"
            and text[: fence.start()].endswith(found[-1].text + "```\n\n")
        )
        if language in ("json", "text") and is_next:
            found[-1] = Block("sh", found[-1].text, body)
        else:
            found.append(Block(language, body))
    return found


def read_scripts(path: Path) -> Iterator[Script]:
    """A script for each section of a document that has shell blocks."""
    name = str(path.relative_to(ROOT))
    for section in re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
        head, *parts = re.split(r"^(?=### )", section, flags=re.MULTILINE)
        preamble = [block for block in read_blocks(head) if block.language == "sh"]
        own = [[block for block in read_blocks(part) if block.language == "sh"] for part in parts]
        for part, blocks in zip(parts, own, strict=True):
            if blocks:
                yield Script(name, title(part), (*preamble, *blocks))
        if preamble and not any(own):
            yield Script(name, title(head), tuple(preamble))


def title(part: str) -> str:
    return part.partition("\n")[0].strip("# ")


SCRIPTS = [
    script
    for path in DOCUMENTS
    for script in read_scripts(path)
    if any(strip_comment(line) for block in script.blocks for line in block.commands().splitlines())
]


def test_every_block_is_run_here_or_held_elsewhere() -> None:
    held, lines = set(), set(read_inline_commands())
    for path in DOCUMENTS:
        for block in read_blocks(path.read_text(encoding="utf-8")):
            if block.language == "sh":
                lines |= {strip_comment(line) for line in block.text.splitlines()}
            else:
                held.add((str(path.relative_to(ROOT)), block.language))
    assert held == HELD_ELSEWHERE.keys()
    assert NOT_RUN.keys() <= lines


def read_inline_commands() -> list[str]:
    """Whole commands with arguments that stand within a sentence; without, it is their name."""
    command = re.compile(r"`((?:make [a-z-]+|\S*python -m [^`\s]+) [^`…]+)`")
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    return sorted({found for text in texts for found in command.findall(text)})


@pytest.fixture
def environ(stack: Any, database: Database, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of somebody whose checkout's own stack is this one."""
    # What `make test` tells its children is not for the makes of a reader.
    inherited = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    keys = {name.upper(): value for name, value in secret_keys().items()}
    found = {
        **inherited,
        **keys,
        **stack.cloud.environ,
        "SPOOL_QUEUE_URL": stack.deployed.queue,
        "SPOOL_DEAD_LETTERS_URL": stack.deployed.dead_letters,
        "LAKE_BUCKET": stack.deployed.lake,
        "DATABASE_URL": database.server.admin_url,
        "URL": stack.url,
        "TMPDIR": str(tmp_path),
        "FAILURES": str(tmp_path / "failures"),
    }
    if not shutil.which("psql"):
        record = timescale.read_record(database.home or timescale.HOME)
        assert record, "README's analyst needs psql"
        found["PATH"] += f":{record.bin}"
    found["STAFF_KEY"] = _run("make -s key ARGS='issue readme admin'", found).stdout.strip()
    yield found
    _drop_analysts(database.server.admin_url)


@pytest.fixture(scope="module")
def own_database(new_database: Callable[[], tuple[str, str]]) -> Iterator[str]:
    admin_url, _ = new_database()
    migrate(admin_url)
    yield admin_url
    _drop_analysts(admin_url)


def _drop_analysts(url: str) -> None:
    """Logins are those of a server, whichever database they were made for."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("drop role if exists ada, grafana")


def _run(script: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def matches(printed: str, shown: str) -> bool:
    """True if a block printed what its document shows, whatever stands for `…`, in any layout."""
    parts = ["".join(part.split()) for part in shown.split("…")]
    return bool(re.fullmatch(".*?".join(map(re.escape, parts)), "".join(printed.split())))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: f"{one.document}: {one.section}")
def test_commands_do_what_their_document_says(
    script: Script, stack: Any, environ: dict[str, str]
) -> None:
    done = _run(script.source(stack.url), environ)
    failures = Path(environ["FAILURES"])
    assert not failures.exists(), failures.read_text() + done.stdout
    assert done.returncode == 0, done.stderr + done.stdout
    assert not FAULTS.search(done.stderr), done.stderr
    printed = done.stdout.replace(stack.url, ADDRESS).split(END_OF_BLOCK)[:-1]
    for block, output in zip(script.blocks, printed, strict=True):
        assert block.shown is None or matches(output, block.shown), output


@pytest.mark.parametrize("command", sorted({*read_inline_commands()} - NOT_RUN.keys()))
def test_commands_within_sentences_work(
    command: str, own_database: str, environ: dict[str, str]
) -> None:
    """On a database where they disturb nobody."""
    done = _run(f"set -e; {command}", environ | {"DATABASE_URL": own_database})
    assert done.returncode == 0, done.stderr
    assert not FAULTS.search(done.stderr), done.stderr


def test_examples_of_the_demo_begin() -> None:
    """Both go on for ten million kills, or a million events."""
    end = datetime(2026, 3, 1, tzinfo=UTC)
    names = {"islice": islice, "Season": Season, "Sandbox": Sandbox}
    names |= {"start": end - timedelta(days=730), "end": end}
    text = (ROOT / "infra" / "demo" / "README.md").read_text(encoding="utf-8")
    examples = [block.text for block in read_blocks(text) if block.language == "python"]
    begun = [list(islice(eval(example, names), 3)) for example in examples]
    assert [len(one) for one in begun] == [3, 3]


def test_a_failure_within_a_word_and_another_output_are_noticed(
    stack: Any, environ: dict[str, str]
) -> None:
    hidden = Script("", "", (Block("sh", f'echo "$(curl {ADDRESS}/nowhere)"\n'),))
    _run(hidden.source(stack.url), environ)
    assert "/nowhere" in Path(environ["FAILURES"]).read_text()
    assert matches('{"id": "1f", "n": 2}\n', '{"id": "…",\n "n": 2}')
    assert not matches('{"id": "1f", "n": 3}', '{"id": "…", "n": 2}')
    assert not matches('{"n": 2}{"n": 2}', '{"n": 2}')
