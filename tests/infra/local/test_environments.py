"""The Python environments, built for real from a package made on the spot."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from infra.local import debian, environments
from infra.local.environments import Environment, EnvironmentsError

SCRIPT = Path(environments.__file__)


@pytest.fixture(scope="session")
def uv() -> Path:
    """This checkout's own uv, so that the tests fetch nothing."""
    return environments._uv()


@pytest.fixture
def checkout(tmp_path: Path, uv: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in a folder whose project needs one package, `lance`."""
    (tmp_path / "requirements.txt").write_text(_pin(_wheel(tmp_path, "1")))
    (tmp_path / environments.UV_PINS).parent.mkdir(parents=True)
    (tmp_path / environments.UV_PINS).write_text("uv==0\n")
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "_uv", lambda: uv)
    known = {
        "project": Environment(".venv", ("requirements.txt",)),
        "tool": Environment(".local/tool", ("requirements.txt",)),
    }
    monkeypatch.setattr(environments, "ENVIRONMENTS", known)
    return tmp_path


def _pin(wheel: Path) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"lance @ {wheel.as_uri()} --hash=sha256:{digest}\n"


def _wheel(folder: Path, version: str) -> Path:
    file = folder / f"lance-{version}-py3-none-any.whl"
    about = f"lance-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("lance.py", f"version = '{version}'\n")
        # Nothing may follow this: the requirements are a closure and are installed without it.
        wheel.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: lance\nVersion: {version}\nRequires-Dist: not-there\n",
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    return file


def version_in(folder: Path) -> str:
    ask = (folder / "bin/python", "-c", "import lance; print(lance.version)")
    told = subprocess.run(ask, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def test_an_environment_holds_its_pins(checkout: Path) -> None:
    environments.ensure_ready("project", "tool")
    assert version_in(checkout / ".venv") == "1"
    assert version_in(checkout / ".local/tool") == "1"
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in str(
        next((checkout / ".venv/lib").iterdir())
    )


def test_a_second_call_does_nothing(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environments.ensure_ready("project")
    monkeypatch.setattr(environments, "_run", lambda *words: pytest.fail(f"ran {words}"))
    environments.ensure_ready("project")


def test_other_pins_make_another_environment(checkout: Path) -> None:
    environments.ensure_ready("project")
    (checkout / ".venv/left-over").touch()
    (checkout / "requirements.txt").write_text(_pin(_wheel(checkout, "2")))
    environments.ensure_ready("project")
    assert version_in(checkout / ".venv") == "2"
    assert not (checkout / ".venv/left-over").exists()


def test_a_half_made_environment_is_made_anew(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").write_text("rubble")
    environments.ensure_ready("project")
    assert version_in(checkout / ".venv") == "1"


def test_two_makes_at_once_build_it_once(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makes = [threading.Thread(target=environments.ensure_ready, args=["project"]) for _ in range(2)]
    for make in makes:
        make.start()
    for make in makes:
        make.join()
    assert capsys.readouterr().out.count("is ready") == 1
    assert version_in(checkout / ".venv") == "1"


def test_pip_helps_where_uv_finds_no_index(
    checkout: Path, uv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lame = checkout / "uv"
    lame.write_text(f'#!/bin/sh\n[ "$1" = pip ] && exit 2\nexec "{uv}" "$@"\n')
    lame.chmod(0o755)
    monkeypatch.setattr(environments, "_uv", lambda: lame)
    environments.ensure_ready("project")
    assert version_in(checkout / ".venv") == "1"


def test_what_cannot_be_had_is_one_sentence(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "lance-1-py3-none-any.whl").unlink()
    assert environments.main(["project"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Neither uv nor pip can fill .venv; is there a network?")
    assert len(said.splitlines()) == 1
    assert not environments.ENVIRONMENTS["project"].is_ready()


def test_a_python_without_pip_borrows_debians(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(packages: list[str], root: Path, cache: Path) -> None:
        assert packages == ["python3-pip-whl"]
        (root / "usr/share/python-wheels").mkdir(parents=True)
        (root / "usr/share/python-wheels/pip-25.1-py3-none-any.whl").touch()

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(debian, "install", install)
    python, wheel = environments._pip()
    assert python == sys.executable
    assert str(wheel).endswith("pip-25.1-py3-none-any.whl/pip")


def test_no_pip_at_all_is_one_sentence(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(checkout))
    with pytest.raises(EnvironmentsError, match="has no pip: install pip for it"):
        environments._pip()


def test_an_old_python_is_refused_in_a_sentence() -> None:
    pretend = (
        "import runpy, sys; sys.version_info = (3, 10, 0); sys.argv = ['x', 'project']; "
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    told = subprocess.run(
        [sys.executable, "-c", pretend], capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "needs Python 3.11" in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_an_unknown_name_shows_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert environments.main(["porject"]) == 2
    assert "project|ministack|sam" in capsys.readouterr().err


def test_the_script_needs_nothing_installed() -> None:
    bare = (shutil.which("python3") or sys.executable, "-I", SCRIPT)
    told = subprocess.run(bare, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr.startswith("usage:")
