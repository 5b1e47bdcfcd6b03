"""`make lock`: pins with the hashes of all their files, so that whoever installs gets these bytes.

Every file but requirements-dev.txt is a closed list that is kept by hand: to change a version,
change its pin. Hashes are those of each wheel, of any CPU and Python: one lock serves the laptop
and Lambda.
The standard library only: it works while a lock lacks hashes, and no environment can be built.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.local.environments import ENVIRONMENTS, ROOT, UV_PINS, EnvironmentsError, find_uv
from infra.package import LAYERS

_DEV = ROOT / "requirements-dev.txt"
_PIN = re.compile(r"(?m)^([a-z0-9._-]+)==([^ \\;\n]+)( ; [^\\\n]+)?")
_COMPILE = ("pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes")
# One answer for every Python that the project runs on.
_EVERYWHERE = ("--universal", "--python-version", "3.11")


class LockError(RuntimeError):
    """Why a lock cannot be written."""


def list_locks() -> list[Path]:
    """Every file that pins Python packages."""
    environments = (
        environment.requirements for environment in ENVIRONMENTS.values() if not environment.is_npm
    )
    files = {ROOT / name for requirements in environments for name in requirements}
    return sorted(files | set(LAYERS.values()) | {ROOT / UV_PINS})


def read_pins(lock: Path) -> dict[str, str]:
    """Versions by package."""
    return {name: version for name, version, _ in _PIN.findall(lock.read_text())}


def lock_closed(lock: Path) -> str:
    """A closed list again, with its words and pins and today's hashes of these."""
    text = lock.read_text()
    words = [line for line in text.splitlines() if line.startswith("#")]
    pins = [f"{name}=={version}{marker}" for name, version, marker in _PIN.findall(text)]
    with tempfile.NamedTemporaryFile("w", suffix=".in") as given:
        given.write("\n".join(pins) + "\n")
        given.flush()
        return "\n".join(words) + "\n" + _compile("--no-deps", given.name)


def lock_dev(is_upgrade: bool) -> str:
    """What requirements-dev.in asks for beside requirements.txt, closed over its dependencies.

    Versions stay unless they are to be upgraded. Without numpy: see requirements-dev.in.
    """
    words = ["--constraint", str(ROOT / "requirements.txt"), "--no-emit-package", "numpy"]
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / "requirements.txt"
        if not is_upgrade:
            draft.write_text(_DEV.read_text())  # whose versions are preferred
        words += ["--output-file", str(draft)]
        _compile(*words, str(ROOT / "requirements-dev.in"))
        pinned = draft.read_text()
    return f"# Pinned from requirements-dev.in by `make lock`.\n{pinned}"


def find_unhashed(lock: Path) -> Iterator[str]:
    """The pins without a hash."""
    for block in re.split(r"(?m)^(?=[a-z0-9])", lock.read_text())[1:]:
        if not re.search(r"--hash=sha256:[0-9a-f]{64}", block):
            yield block.splitlines()[0]


def _compile(*words: str) -> str:
    done = subprocess.run(
        [find_uv(), *_COMPILE, *_EVERYWHERE, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LockError(f"{words[-1]}: {done.stderr.strip()}")
    return done.stdout


def main() -> int:
    """Write every lock again; exit 1 with a sentence when one cannot be."""
    parser = argparse.ArgumentParser(prog="make lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="newest versions for development")
    given = parser.parse_args()
    try:
        written = {
            lock: lock_dev(given.upgrade) if lock == _DEV else lock_closed(lock)
            for lock in list_locks()
        }
    except (LockError, EnvironmentsError) as error:
        print(error, file=sys.stderr)
        return 1
    for lock, text in written.items():
        lock.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
