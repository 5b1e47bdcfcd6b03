"""A part of `make rollback-test` that is always run: older code works on today's schema."""

from __future__ import annotations

import os
import subprocess
import sys

from infra.local import timescale
from tests.rollback import __main__ as rollback
from tests.rollback.history import HistoryError, find_commit

TESTS = ("tests/contract/test_tilt.py", "tests/contract/test_logs_servers.py")


def test_a_bot_and_a_game_server_go_on_after_a_rollback(server: timescale.Server) -> None:
    """Where there is no history, the command says that nothing was tested."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.rollback", *TESTS, "-q"],
        cwd=rollback.ROOT,
        env=os.environ | {"DATABASE_URL": server.admin_url},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    code, words = expected()
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout + done.stderr


def expected() -> tuple[int, str]:
    """The exit code of the command, and what it says."""
    try:
        find_commit(rollback.ROOT)
    except HistoryError as error:
        return 2, str(error)
    return 0, " passed"
