"""Older code on today's schema: `make rollback-test`, or `python -m tests.rollback [TESTS]`.

Takes the commit before the newest migration out of the history, and runs its own contract tests on
databases that today's checkout migrated: what a code that is put back will meet.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.rollback.history import HistoryError, find_commit, unpack
from tests.support.server import GIVEN, own_server

ROOT = Path(__file__).parent.parent.parent


def run(words: list[str]) -> int:
    """The exit code of the older tests; raises HistoryError where there is no history."""
    commit, newest = find_commit(ROOT)
    with tempfile.TemporaryDirectory(prefix="tiltyard-older-") as folder:
        unpack(ROOT, commit, Path(folder))
        sys.stderr.write(f"The tests of {commit[:12]}, on the schema with {newest}\n")
        with nullcontext(GIVEN) if GIVEN else _own_server() as url:
            environ = os.environ | {
                "DATABASE_URL": url,
                "NEWER": str(ROOT),
                "PYTHONPATH": str(Path(__file__).parent),
            }
            command = [sys.executable, "-m", "pytest", "-p", "newer_schema", *words]
            return subprocess.run(command, cwd=folder, env=environ, check=False).returncode


@contextmanager
def _own_server() -> Iterator[str]:
    with own_server(durable=False) as (server, _):
        yield server.admin_url


def main() -> int:
    """0 when they passed, 1 when they did not, 2 with a sentence where there is no history."""
    try:
        return run(sys.argv[1:] or ["tests/contract", "-q"])
    except HistoryError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
