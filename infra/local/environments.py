"""The environments of this checkout, made once and reused: `environments.py project sam …`.

Runs before anything is installed, on a bare `python3`: the standard library only. Every
environment is built from requirements that are a full closure, so nothing is resolved and two
machines get the same files.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV_PINS = "infra/local/uv.txt"
_STAMP = "tiltyard.stamp"


class EnvironmentsError(RuntimeError):
    """One sentence that says why there is no environment and what to do."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment at `path` that holds what `requirements` pin; both relative to ROOT."""

    path: str
    requirements: tuple[str, ...]
    is_npm: bool = False  # a folder of npm's instead, from package.json and package-lock.json

    def folder(self) -> Path:
        """Where it is on this machine."""
        return ROOT / self.path

    def fingerprint(self) -> str:
        """Changes when the pins, the interpreter or the place of the checkout do."""
        pins = b"".join((ROOT / file).read_bytes() for file in self.requirements)
        maker = f"{sys.version}\n{sys.base_prefix}\n{self.folder()}\n{_pins_of_uv()}\n"
        return hashlib.sha256(maker.encode() + pins).hexdigest()

    def is_ready(self) -> bool:
        """True when it was built to the end from these very pins."""
        stamp = self.folder() / _STAMP
        return stamp.exists() and stamp.read_text() == self.fingerprint()


ENVIRONMENTS = {
    "project": Environment(".venv", ("requirements.txt", "requirements-dev.txt")),
    "ministack": Environment(".local/ministack", ("infra/local/ministack.txt",)),
    "sam": Environment(".local/sam", ("infra/local/sam.txt",)),
    "checkov": Environment(".local/checkov", ("infra/local/checkov.txt",)),
    "audit": Environment(".local/audit", ("infra/local/audit.txt",)),
    "lambda": Environment(".local/lambda", ("tests/support/lambda.txt",)),
    "node": Environment(".local/node", ("tests/support/node.txt",)),
    "typescript": Environment(
        ".local/typescript",
        ("infra/local/typescript/package.json", "infra/local/typescript/package-lock.json"),
        is_npm=True,
    ),
    "axe": Environment(
        ".local/axe",
        ("tests/support/clients/axe/package.json", "tests/support/clients/axe/package-lock.json"),
        is_npm=True,
    ),
    "bench": Environment(".local/bench", ("requirements.txt", "requirements-bench.txt")),
    # Apart from the former: PyJWT imports cryptography wherever it is installed.
    "bench-tracker": Environment(
        ".local/bench-tracker", ("requirements.txt", "infra/rs256.txt", "infra/matching.txt")
    ),
}


def ensure_ready(*names: str) -> None:
    """Make every named environment usable; returns in milliseconds when they already are."""
    missing = [ENVIRONMENTS[name] for name in names if not ENVIRONMENTS[name].is_ready()]
    if not missing:
        return
    if any(environment.is_npm for environment in missing):
        ensure_ready("node")
    uv = _uv()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda environment: _build(environment, uv), missing))


def find_node(program: str = "bin/node") -> Path:
    """A program of the environment `node`, which is ready."""
    [found] = ENVIRONMENTS["node"].folder().glob(f"lib/*/site-packages/*/{program}")
    return found


def _build(environment: Environment, uv: Path) -> None:
    folder = environment.folder()
    with _alone(environment.path):
        if environment.is_ready():
            return  # another make was at it while this one waited
        begun = time.monotonic()
        shutil.rmtree(folder, ignore_errors=True)
        if environment.is_npm:
            _install_with_npm(environment)
        else:
            made = _run(uv, "venv", "--no-project", "--offline", "--python", sys.executable, folder)
            if made.returncode:
                raise EnvironmentsError(f"uv cannot make {environment.path}: {_reason(made)}")
            _install(environment, uv)
        (folder / _STAMP).write_text(environment.fingerprint())
        print(f"{environment.path} is ready ({time.monotonic() - begun:.1f} s)", flush=True)


def _install(environment: Environment, uv: Path) -> None:
    """Fill the environment with uv, or with pip where only pip knows the way to an index."""
    python = environment.folder() / "bin/python"
    files = [word for file in environment.requirements for word in ("-r", ROOT / file)]
    install = ("install", "--quiet", "--no-deps", "--require-hashes")
    fast = _run(uv, "pip", *install, "--python", python, *files)
    if fast.returncode == 0:
        return
    slow = _run(*_pip(), "--python", python, *install, *files)
    if slow.returncode:
        raise EnvironmentsError(
            f"Neither uv nor pip can fill {environment.path}; is there a network? {_reason(slow)}"
        )


def _install_with_npm(environment: Environment) -> None:
    """Fill the folder with what the lock file names, hash by hash; nothing of it runs."""
    folder = environment.folder()
    folder.mkdir(parents=True)
    for file in environment.requirements:
        shutil.copy2(ROOT / file, folder)
    npm = find_node("lib/node_modules/npm/bin/npm-cli.js")
    words = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    done = _run(find_node(), npm, "ci", "--prefix", folder, *words)
    if done.returncode:
        raise EnvironmentsError(
            f"npm cannot fill {environment.path}; is there a network? {_reason(done)}"
        )


def find_uv() -> Path:
    """The uv that is here, of whatever version, else the pinned one."""
    program = ROOT / ".local/uv/bin/uv"
    return program if program.exists() else _uv()


def _uv() -> Path:
    """The path of a private uv, fetched once with whatever pip this machine has."""
    folder = ROOT / ".local/uv"
    program = folder / "bin/uv"
    stamp = folder / _STAMP
    with _alone(".local/uv"):
        if stamp.exists() and stamp.read_text() == _pins_of_uv():
            return program
        shutil.rmtree(folder, ignore_errors=True)
        words = ("--require-hashes", "--target", folder, "-r", ROOT / UV_PINS)
        got = _run(*_pip(), "install", "--quiet", "--no-deps", *words)
        if got.returncode or not program.exists():
            raise EnvironmentsError(f"pip cannot fetch uv; is there a network? {_reason(got)}")
        stamp.write_text(_pins_of_uv())
    return program


def _pins_of_uv() -> str:
    return (ROOT / UV_PINS).read_text()


def _pip() -> list[str | Path]:
    """A command that is pip: this Python's own, or Debian's wheel of it, unpacked privately."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    from infra.local import debian

    folder = ROOT / ".local/pip"
    try:
        debian.install(["python3-pip-whl"], folder, ROOT / ".local/debian")
    except debian.DebianError as missing:
        raise EnvironmentsError(f"This Python has no pip: install pip for it. {missing}") from None
    [wheel] = folder.glob("usr/share/python-wheels/pip-*.whl")
    return [sys.executable, wheel / "pip"]


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Hold the lock of one folder, so that two makes at once build it once."""
    locks = ROOT / ".local/locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / name.replace("/", "-").lstrip(".-")).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool quietly, outside any environment or project that surrounds this process."""
    environ = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    environ |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    # pip asks the machine whom to trust; uv and Node do not by themselves.
    environ.setdefault("UV_SYSTEM_CERTS", "1")
    environ.setdefault("NODE_USE_SYSTEM_CA", "1")
    if not os.access(os.path.expanduser("~"), os.W_OK):
        environ.setdefault("UV_CACHE_DIR", str(ROOT / ".local/uv-cache"))
    command = [str(word) for word in words]
    return subprocess.run(command, capture_output=True, text=True, env=environ, check=False)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "×"))]
    return f"({(errors or lines or ['it gave no reason'])[-1]})"


def main(names: list[str]) -> int:
    """The command line: 0 when every named environment is ready, 1 with one sentence otherwise."""
    unknown = [name for name in names if name not in ENVIRONMENTS]
    if unknown or not names:
        print(f"usage: environments.py {'|'.join(ENVIRONMENTS)} …", file=sys.stderr)
        return 2
    try:
        ensure_ready(*names)
    except EnvironmentsError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that an earlier `sudo make` left to root
        print(f"{error.filename or ROOT}: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 — this file is what tells people so
        sys.exit(f"Tiltyard needs Python 3.11 or later; {sys.executable} is older.")
    sys.path[0] = str(
        ROOT
    )  # as a script this folder comes first, and its names would shadow others
    sys.exit(main(sys.argv[1:]))
