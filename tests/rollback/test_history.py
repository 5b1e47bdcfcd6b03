"""Which code is the older one, and what is said where there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.rollback.history import HistoryError, find_commit, unpack


def git(root: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *who, *words], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()


def commit(root: Path, name: str, text: str = "") -> str:
    """Writes a file and commits it."""
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    git(root, "add", ".")
    git(root, "commit", "-qm", name)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    commit(root, "schema/migrations/0001_shared.sql")
    return root


def test_it_is_the_last_one_without_the_newest_migration(root: Path, tmp_path: Path) -> None:
    before = commit(root, "app.py", "before")
    commit(root, "schema/migrations/0002_tilt.sql")
    commit(root, "app.py", "after")
    assert find_commit(root) == (before, "0002_tilt.sql")
    unpack(root, before, tmp_path / "older")
    assert (tmp_path / "older" / "app.py").read_text() == "before"
    assert [one.name for one in (tmp_path / "older/schema/migrations").iterdir()] == [
        "0001_shared.sql"
    ]


def test_what_a_branch_brought_in_counts_from_its_merge_on(root: Path) -> None:
    git(root, "checkout", "-qb", "branch")
    commit(root, "schema/migrations/0002_tilt.sql")
    git(root, "checkout", "-q", "main")
    before = commit(root, "app.py")
    git(root, "merge", "-q", "--no-ff", "-m", "merge", "branch")
    assert find_commit(root) == (before, "0002_tilt.sql")


def test_a_migration_that_is_not_committed_yet_comes_after_all_that_is(root: Path) -> None:
    (root / "schema/migrations/0002_tilt.sql").write_text("")
    assert find_commit(root) == (git(root, "rev-parse", "HEAD"), "0002_tilt.sql")


def test_without_history_it_says_so(root: Path, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"no code from before 0001_shared\.sql"):
        find_commit(root)
    commit(root, "schema/migrations/0002_tilt.sql")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", str(shallow))
    with pytest.raises(HistoryError, match="is shallow"):
        find_commit(shallow)
    unpacked = tmp_path / "unpacked"
    unpack(root, "HEAD", unpacked)
    with pytest.raises(HistoryError, match="no clone of the repository"):
        find_commit(unpacked)
