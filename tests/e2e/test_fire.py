"""A short form of `make fire`: every kind of fault once, on a stack of its own, and the accounts
after it. Nothing is demanded of how long anything takes, nor of how much is done.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.sam import ROOT

RIGHT, NOT_ALL_TRIED = 0, 3
SEED = "7"


@pytest.mark.timeout(1800)
def test_what_is_answered_under_fire_is_stored_once(tmp_path: Path) -> None:
    report = tmp_path / "FIRE.md"
    words = ["--short", "--seed", SEED, "--report", str(report)]
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.fire", *words],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=1700,
        check=False,
    )
    assert report.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    said = report.read_text()
    assert done.returncode in (RIGHT, NOT_ALL_TRIED), said
    assert "Every account is right." in said
    # A machine that refuses something is named, never passed over.
    assert (done.returncode == NOT_ALL_TRIED) == ("not tried:" in said)
    for domain in ("tilt", "ttt", "logs", "accounts", "game", "tracker", "rollups"):
        assert f"\n| {domain} | " in said
