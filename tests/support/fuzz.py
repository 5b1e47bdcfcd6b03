"""`make fuzz`: many requests and messages that are made up, from a seed that it prints.

SEED repeats a run, EXAMPLES says how many are made up of each route (60). First in process, over a
private database; then a sample by HTTP, through gateway and edge of a stack.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

FILES = (
    "tests/contract/test_reference_fuzzed.py",
    "tests/contract/test_examples_fuzzed.py",
    "tests/contract/test_sockets_fuzzed.py",
    "tests/e2e/test_fuzzed.py",
)


def main() -> int:
    """The exit code of the tests; the seed is said first and last."""
    seed = os.environ.get("SEED") or str(secrets.randbelow(10**9))
    examples = os.environ.get("EXAMPLES") or "60"
    said = f"fuzz: SEED={seed} EXAMPLES={examples}"
    sys.stdout.write(f"{said}\n")
    sys.stdout.flush()
    environ = os.environ | {"FUZZ_SEED": seed, "FUZZ_EXAMPLES": examples}
    command = [sys.executable, "-m", "pytest", "-q", "--timeout", "3600", *FILES, *sys.argv[1:]]
    code = subprocess.run(command, env=environ, check=False).returncode
    sys.stdout.write(f"{said}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
