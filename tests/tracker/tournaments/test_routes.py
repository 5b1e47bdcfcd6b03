"""What a cold start of the tracker loads: no engine, which only pairings and places need."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from functions.domains import load_routes
load_routes({"tracker"})
heavy = [name for name in sys.modules if name.startswith("functions.tracker.engine")]
heavy += [name for name in ("rustworkx", "numpy", "networkx") if name in sys.modules]
assert not heavy, heavy
"""


def test_routes_do_without_the_engine() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
