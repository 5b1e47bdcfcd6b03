"""What `make build` builds is of one runtime and one CPU, whatever is asked of its template."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import build, sbom
from infra.local.gateway import Template
from infra.local.sam import ROOT
from infra.package import PackageError
from tests.support import artifact, elf
from tests.support.artifact import Artifact, list_files
from tests.support.budgets import BUDGETS, get_budget

_GLIBC = (2, 34)  # of Amazon Linux 2023, on which Lambda runs Python 3.12 and newer


def parameters(template: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(template, Template)["Parameters"]
    return found


@pytest.fixture(scope="module", params=["x86_64", "arm64"])
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def built(architecture: str, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return artifact.make(f"python3.13-{architecture}", tmp_path_factory.mktemp(architecture))


def test_layer_and_functions_agree(built: Artifact, architecture: str) -> None:
    """Regression: with TILTYARD_TARGET=python3.13-x86_64 the template still said arm64."""
    found = parameters((built.folder / "template.yaml").read_text())
    for name, value in (("Runtime", "python3.13"), ("Architecture", architecture)):
        assert (found[name]["Default"], found[name]["AllowedValues"]) == (value, [value])
    others = parameters((ROOT / "template.yaml").read_text())
    assert {name: one.get("Default") for name, one in found.items()} == {
        **{name: one.get("Default") for name, one in others.items()},
        "Architecture": architecture,
    }


def test_all_machine_code_is_for_the_architecture(built: Artifact, architecture: str) -> None:
    """By what each file says of itself: its machine, its Python, and a glibc that Lambda has."""
    found = {file: elf.read_machine(file) for file in list_files(built.folder) if elf.is_elf(file)}
    assert set(found.values()) == {elf.MACHINES[architecture]}
    assert {file.relative_to(built.folder).parts[0] for file in found} == set(built.layers)
    machine = {"arm64": "aarch64"}.get(architecture, architecture)
    tags = re.compile(rf"\.(cpython-313-{machine}-linux-gnu|abi3)\.so$|\.so(\.\d+)+$")
    assert not [file.name for file in found if not tags.search(file.name)]
    assert max(elf.read_glibc(file) for file in found) <= _GLIBC


def test_every_function_keeps_to_its_size(built: Artifact) -> None:
    sizes = {name: built.measure(name) / 1e6 for name in built.functions}
    assert not {name: size for name, size in sizes.items() if size > get_budget(name).size}


def test_the_bill_of_materials_is_beside_the_template(built: Artifact, architecture: str) -> None:
    libraries = {file.relative_to(built.folder).as_posix() for file in built.folder.rglob("*.so*")}
    components = json.loads((built.folder / sbom.FILE).read_text())["components"]
    assert {one["bom-ref"] for one in components if one["type"] == "file"} == libraries


def test_budgets_are_those_of_functions(built: Artifact) -> None:
    assert built.functions.keys() >= BUDGETS.keys()


def test_every_function_and_the_layer_take_the_parameters() -> None:
    template = yaml.load((ROOT / "template.yaml").read_text(), Template)
    shared = template["Globals"]["Function"]
    assert (shared["Runtime"], shared["Architectures"]) == ("Runtime", ["Architecture"])
    layer = template["Resources"]["Dependencies"]
    assert layer["Metadata"]["BuildArchitecture"] == "Architecture"
    assert layer["Properties"]["CompatibleArchitectures"] == ["Architecture"]
    assert layer["Properties"]["CompatibleRuntimes"] == ["Runtime"]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            assert not {"Runtime", "Architectures"} & resource["Properties"].keys()


@pytest.mark.parametrize("name", ["local", "python3.13", "python3.13-riscv", "arm64"])
def test_a_wrong_target_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackageError, match=f"TILTYARD_TARGET is '{name}'"):
        build.build(name, tmp_path)


def test_a_build_that_tells_no_target_is_refused(tmp_path: Path) -> None:
    """As `sam build --parameter-overrides Architecture=x86_64` would be: nobody hears of it."""
    environ = {name: value for name, value in os.environ.items() if name != "TILTYARD_TARGET"}
    command = [sys.executable, "-m", "infra.package", "layer", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "TILTYARD_TARGET is missing: build with `make build`, which sets it.\n"


@pytest.mark.parametrize("target", ["python3.13-x86_64", "python3.13-arm64", "local"])
def test_a_build_that_pins_no_parameters_is_refused(tmp_path: Path, target: str) -> None:
    """As `TILTYARD_TARGET=… sam build` would be: a deployment could choose another machine."""
    environ = os.environ | {"TILTYARD_TARGET": target}
    command = [
        sys.executable,
        "-m",
        "infra.package",
        "code",
        "TiltFunction",
        str(tmp_path / "code"),
    ]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Build with `make build`: ")
    assert not (tmp_path / "code").exists()


def test_a_template_without_the_parameters_is_not_taken_for_pinned() -> None:
    with pytest.raises(PackageError, match="no parameter Runtime"):
        build.pin_parameters("Parameters:\n  Other:\n    Type: String\n", {"Runtime": "python3.13"})
