"""All that is installed is pinned by the hashes of its files, and refused when they differ."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from infra import package
from infra.local import environments, locks
from infra.local.environments import ENVIRONMENTS, ROOT, Environment, EnvironmentsError
from infra.package import PackageError, Target

LOCKS = locks.list_locks()
PIN = re.compile(r"[a-z0-9][a-z0-9._-]*==[a-z0-9.+]+( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def test_every_file_of_pins_is_a_lock() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.txt"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    pins = re.compile(r"(?m)^\w\S*==")
    pinning = {ROOT / name for name in tracked if pins.search((ROOT / name).read_text())}
    assert pinning == set(LOCKS)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(lock: Path) -> None:
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    assert not [line for line in lines if not (PIN.fullmatch(line) or HASH.fullmatch(line))]
    assert not list(locks.find_unhashed(lock))


def test_what_lacks_a_hash_is_found(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    digest = hashlib.sha256(b"").hexdigest()
    lock.write_text(f"# Words.\none==1 \\\n    --hash=sha256:{digest}\ntwo==2\nthree==3\n")
    assert list(locks.find_unhashed(lock)) == ["two==2", "three==3"]


def test_npm_installs_by_hash() -> None:
    for environment in ENVIRONMENTS.values():
        if environment.is_npm:
            lock = json.loads((ROOT / environment.requirements[1]).read_text())
            packages = [one for name, one in lock["packages"].items() if name]
            assert packages
            assert all(one["integrity"].startswith("sha512-") for one in packages)


def test_a_file_that_was_swapped_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whoever builds layers and by whoever makes environments, by uv and by pip."""
    version = locks.read_pins(package.REQUIREMENTS)["typing-extensions"]
    other = tmp_path / "requirements.txt"
    other.write_text(f"typing-extensions=={version} --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(package, "CACHE", tmp_path / "cache")
    with pytest.raises(PackageError, match="cannot be had"):
        package.build_layer(Target.parse("local"), tmp_path / "layer", other)
    swapped = Environment(str(tmp_path / "venv"), (str(other),))
    monkeypatch.setitem(environments.ENVIRONMENTS, "swapped", swapped)
    with pytest.raises(EnvironmentsError, match="Neither uv nor pip"):
        environments.ensure_ready("swapped")
    assert not list((tmp_path / "venv").rglob("typing_extensions.py"))
    assert not list((tmp_path / "cache").rglob("typing_extensions.py"))


def test_make_lock_changes_nothing_while_pins_stay() -> None:
    """Hashes are the index's: a lock that was written for one machine alone would differ here."""
    for lock in (package.MATCHING, ROOT / environments.UV_PINS):
        assert locks.lock_closed(lock) == lock.read_text()
