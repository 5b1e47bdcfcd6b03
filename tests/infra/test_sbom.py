"""The bill of materials names what is in the build, all of it and nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from infra import package, sbom
from infra.local import locks
from infra.local.sam import ROOT
from infra.package import LAYERS, Target
from infra.version import get_version


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All layers of this machine, each as SAM would place it."""
    folder = tmp_path_factory.mktemp("build")
    for name, lock in LAYERS.items():
        package.build_layer(Target.parse("local"), folder / name, lock)
    return folder


@pytest.fixture(scope="module")
def bom(build: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(sbom.write(build).read_text())
    return read


def of_kind(bom: dict[str, Any], start: str) -> dict[str, dict[str, Any]]:
    return {
        one["purl"].removeprefix(start): one
        for one in bom["components"]
        if one.get("purl", "").startswith(start)
    }


def test_it_is_valid_cyclonedx(build: Path, bom: dict[str, Any]) -> None:
    text = (build / sbom.FILE).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert bom["metadata"]["component"]["version"] == get_version()
    references = {one["bom-ref"] for one in bom["components"]}
    [of_all] = [one for one in bom["dependencies"] if one["ref"] == "tiltyard"]
    assert set(of_all["dependsOn"]) == references


def test_packages_are_those_of_the_locks(bom: dict[str, Any]) -> None:
    """And each states its licence."""
    packages = of_kind(bom, "pkg:pypi/")
    pins = {f"{k}@{v}" for lock in LAYERS.values() for k, v in locks.read_pins(lock).items()}
    assert packages.keys() == pins
    assert all(one["licenses"] for one in packages.values())


def test_packages_are_those_of_the_layers(build: Path, bom: dict[str, Any]) -> None:
    """Every folder and module of a layer is of a package that is named."""
    found = {
        path.name.partition(".")[0].lower()
        for path in build.glob("*/python/*")
        if path.suffix != ".libs" and path.name != "__pycache__"
    }
    # What a package is imported as, where that is not its name.
    names = {"pyjwt": "jwt", "arro3-core": "arro3", "arro3-io": "arro3"}
    named = {one["name"] for one in of_kind(bom, "pkg:pypi/").values()}
    imported = {names.get(name, name.replace("-", "_")) for name in named}
    assert {name.removeprefix("_cffi_backend") for name in found} - {""} <= imported


def test_every_library_has_its_hash(build: Path, bom: dict[str, Any]) -> None:
    files = {one["bom-ref"]: one for one in bom["components"] if one["type"] == "file"}
    there = {file.relative_to(build).as_posix(): file for file in build.rglob("*.so*")}
    assert files.keys() == there.keys()
    assert any("libssl" in name for name in files), "no lock tells of it"
    for name, file in there.items():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert files[name]["hashes"] == [{"alg": "SHA-256", "content": digest}]


def test_vendored_javascript_is_named(bom: dict[str, Any]) -> None:
    packages = of_kind(bom, "pkg:npm/")
    assert {name.partition("@")[0] for name in packages} == {"swagger-ui-dist", "lit-html", "uplot"}
    for one in packages.values():
        [place] = [entry["value"] for entry in one["properties"]]
        assert (ROOT / place / "SHA256SUMS").exists()
    # Whoever vendors a third folder tells of it.
    sums = {path.parent for path in ROOT.glob("[fi]*/**/SHA256SUMS")}
    assert sums == set(sbom.VENDORED)


def test_the_same_build_has_the_same_bytes(build: Path, bom: dict[str, Any]) -> None:
    before = (build / sbom.FILE).read_bytes()
    assert sbom.write(build).read_bytes() == before


def test_another_library_is_another_build(build: Path, tmp_path: Path, bom: dict[str, Any]) -> None:
    shutil.copytree(build, other := tmp_path / "build")
    library = next(iter(sorted(other.rglob("*.so"))))
    library.chmod(0o644)
    library.write_bytes(b"swapped")
    read = json.loads(sbom.write(other).read_text())
    assert read["serialNumber"] != bom["serialNumber"]


def test_without_a_build_it_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sbom", "--build-dir", str(tmp_path)])
    assert sbom.main() == 1
    assert "run `make build` first" in capsys.readouterr().err
