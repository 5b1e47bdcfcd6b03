"""The history of a checkout: the commit before its newest migration."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

_MIGRATIONS = "schema/migrations"


class HistoryError(Exception):
    """Why there is no older code to test, in a sentence."""


def find_commit(root: Path) -> tuple[str, str]:
    """The last commit that lacks the newest migration, and that migration's name."""
    newest = max(path.name for path in (root / _MIGRATIONS).glob("*.sql"))
    if _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        raise HistoryError("This clone is shallow: `git fetch --unshallow` gets older code.")
    for commit in _git(root, "rev-list", "--first-parent", "HEAD", "--", _MIGRATIONS).split():
        before = _git(root, "rev-list", "--parents", "-1", commit).split()[1:2]
        if before and _newest(root, before[0]) < newest:
            return before[0], newest
    if _newest(root, "HEAD") < newest:  # not committed yet
        return _git(root, "rev-parse", "HEAD").strip(), newest
    raise HistoryError(f"The history holds no code from before {newest}.")


def unpack(root: Path, commit: str, into: Path) -> None:
    """The files of a commit."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", commit], cwd=root, stdout=subprocess.PIPE, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(into, filter="data")


def _newest(root: Path, commit: str) -> str:
    names = _git(root, "ls-tree", "--name-only", commit, f"{_MIGRATIONS}/").split()
    return max((Path(name).name for name in names if name.endswith(".sql")), default="")


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise HistoryError("There is no git here, which would have older code.") from None
    if done.returncode or Path(_toplevel(root)) != root:
        raise HistoryError("This is no clone of the repository, which would have older code.")
    return done.stdout


def _toplevel(root: Path) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--show-toplevel"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()
