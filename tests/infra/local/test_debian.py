"""The private apt-get, with a small archive of Debian packages made on the spot."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.local import debian
from infra.local.debian import DebianError, Source

pytestmark = pytest.mark.skipif(not shutil.which("apt-get"), reason="no Debian: no apt-get here")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror in a folder: `lance` depends on `grip`, which brings a set-user-id file."""
    mirror = tmp_path / "mirror"
    packages = _package(mirror, "lance", depends="grip") + _package(mirror, "grip")
    index = mirror / "dists/trixie/main" / f"binary-{_architecture()}/Packages"
    index.parent.mkdir(parents=True)
    index.write_text(packages)
    told = index.relative_to(mirror / "dists/trixie")
    (mirror / "dists/trixie/Release").write_text(
        f"Suite: stable\nCodename: trixie\nComponents: main\nArchitectures: {_architecture()}\n"
        f"SHA256:\n {_sha256(index)} {index.stat().st_size} {told}\n"
    )
    entry = Source("deb", f"copy:{mirror}/", debian.read_codename(), "main", trusted="yes")
    monkeypatch.setattr(debian, "read_sources", lambda: [entry])
    return mirror


def _package(mirror: Path, name: str, depends: str = "") -> str:
    tree = mirror / "trees" / name
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN").chmod(0o755)  # dpkg-deb insists, whatever the umask
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin" / name).write_text(f"#!/bin/sh\necho {name}\n")
    (tree / "usr/bin" / name).chmod(0o4755 if name == "grip" else 0o755)
    control = f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: me\nDescription: it\n"
    (tree / "DEBIAN/control").write_text(control + (f"Depends: {depends}\n" if depends else ""))
    file = mirror / f"{name}.deb"
    subprocess.run(["dpkg-deb", "--build", tree, file], check=True, capture_output=True)
    told = (tree / "DEBIAN/control").read_text()
    size, digest = file.stat().st_size, _sha256(file)
    return f"{told}Filename: {file.name}\nSize: {size}\nSHA256: {digest}\n\n"


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _architecture() -> str:
    asked = ["dpkg", "--print-architecture"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def test_a_package_comes_with_what_it_depends_on(archive: Path, tmp_path: Path) -> None:
    debian.install(["lance"], tmp_path / "root", tmp_path / "cache")
    for name in ("lance", "grip"):
        program = tmp_path / "root/usr/bin" / name
        told = subprocess.run([program], capture_output=True, text=True, check=True)
        assert told.stdout == f"{name}\n"


def test_no_file_stays_set_user_id(archive: Path, tmp_path: Path) -> None:
    debian.install(["grip"], tmp_path / "root", tmp_path / "cache")
    assert (tmp_path / "root/usr/bin/grip").stat().st_mode & 0o7777 == 0o755


def test_what_was_fetched_once_needs_no_mirror(archive: Path, tmp_path: Path) -> None:
    debian.install(["lance"], tmp_path / "root", tmp_path / "cache")
    shutil.rmtree(archive)
    debian.install(["lance"], tmp_path / "elsewhere", tmp_path / "cache")
    assert (tmp_path / "elsewhere/usr/bin/grip").exists()


def test_an_interrupted_unpacking_is_begun_again(archive: Path, tmp_path: Path) -> None:
    debian.install(["lance"], tmp_path / "root", tmp_path / "cache")
    (tmp_path / "root/.unpacked").unlink()
    (tmp_path / "root/usr/bin/lance").unlink()
    (tmp_path / "root/rubble").touch()
    debian.install(["lance"], tmp_path / "root", tmp_path / "cache")
    assert (tmp_path / "root/usr/bin/lance").exists()
    assert not (tmp_path / "root/rubble").exists()


def test_a_damaged_download_is_removed_and_fetched_again(archive: Path, tmp_path: Path) -> None:
    debian.install(["lance"], tmp_path / "root", tmp_path / "cache")
    [bad] = (tmp_path / "cache").rglob("grip*.deb")
    bad.write_bytes(b"rubble")
    with pytest.raises(DebianError, match=r"grip.* is damaged"):
        debian.install(["lance"], tmp_path / "elsewhere", tmp_path / "cache")
    debian.install(["lance"], tmp_path / "elsewhere", tmp_path / "cache")
    assert (tmp_path / "elsewhere/usr/bin/grip").exists()


def test_an_unknown_package_is_one_sentence(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(DebianError, match="Unable to locate package shield") as refused:
        debian.install(["shield"], tmp_path / "root", tmp_path / "cache")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "root").exists()


def test_a_missing_mirror_is_one_sentence(archive: Path, tmp_path: Path) -> None:
    shutil.rmtree(archive)
    with pytest.raises(DebianError, match=r"cannot fetch lance of Debian trixie \("):
        debian.install(["lance"], tmp_path / "root", tmp_path / "cache")


def test_a_machine_without_apt_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DebianError, match="no apt-get"):
        debian.install(["lance"], tmp_path / "root", tmp_path / "cache")


def test_one_line_sources_are_read() -> None:
    text = """
    # deb http://old.invalid/debian buster main
    deb http://one.invalid/debian bookworm main contrib  # ours
    deb [arch=amd64 signed-by=/keys/a.gpg] http://two.invalid/debian bookworm main
    deb-src [ trusted=yes ] http://three.invalid/debian bookworm main
    """
    assert list(debian._one_line(text)) == [
        Source("deb", "http://one.invalid/debian", "bookworm", "main contrib"),
        Source("deb", "http://two.invalid/debian", "bookworm", "main", "/keys/a.gpg"),
        Source("deb-src", "http://three.invalid/debian", "bookworm", "main", "", "yes"),
    ]


def test_deb822_sources_are_read() -> None:
    text = """\
# A comment
Types: deb deb-src
URIs: http://one.invalid/debian
# another, inside
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
Enabled: no
URIs: http://off.invalid/debian
Suites: bookworm
Components: main

types: deb
uris: http://two.invalid/debian
suites: sid
components: main
"""
    first, second = debian._deb822(text)
    assert (first.types, first.suites) == ("deb deb-src", "bookworm bookworm-updates")
    assert first.signed_by == "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc"
    assert second == Source("deb", "http://two.invalid/debian", "sid", "main")
    moved = first.moved_to("trixie")
    assert "Suites: trixie\n" in moved
    assert moved.endswith("Signed-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n")


def test_only_mirrors_of_debian_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "read_codename", lambda: "bookworm")
    ours = Source("deb", "http://debian.invalid", "bookworm bookworm-updates", "main")
    others = [
        Source("deb", "http://security.invalid", "bookworm-security", "main"),
        Source("deb", "http://engine.invalid", "bookworm", "stable"),
        Source("deb", "http://browser.invalid", "stable", "main"),
        Source("deb-src", "http://debian.invalid", "bookworm", "main"),
    ]
    assert debian.select_mirrors([*others, ours]) == [ours]
    assert debian.select_mirrors(others) == [others[2]]
    assert debian.select_mirrors([]) == []
