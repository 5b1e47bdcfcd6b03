"""What `make build` builds is of one runtime and one CPU, whatever is asked of its template."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import build
from infra.local.gateway import Template
from infra.local.sam import ROOT
from infra.package import PackageError

_MACHINES = {"arm64": b"\xb7\x00", "x86_64": b"\x3e\x00"}  # e_machine of an ELF file


def parameters(template: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(template, Template)["Parameters"]
    return found


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_layer_and_functions_agree(tmp_path: Path, architecture: str) -> None:
    """Regression: with TILTYARD_TARGET=python3.13-x86_64 the template still said arm64."""
    assert build.build(f"python3.13-{architecture}", tmp_path) == 0
    found = parameters((tmp_path / "template.yaml").read_text())
    for name, value in (("Runtime", "python3.13"), ("Architecture", architecture)):
        assert (found[name]["Default"], found[name]["AllowedValues"]) == (value, [value])
    libraries = list((tmp_path / "Dependencies").rglob("*.so"))
    assert {library.read_bytes()[18:20] for library in libraries} == {_MACHINES[architecture]}
    assert all("cpython-313-" in one.name or ".abi3" in one.name for one in libraries)
    others = parameters((ROOT / "template.yaml").read_text())
    assert {name: one.get("Default") for name, one in found.items()} == {
        **{name: one.get("Default") for name, one in others.items()},
        "Architecture": architecture,
    }


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


def test_a_template_without_the_parameters_is_not_taken_for_pinned() -> None:
    with pytest.raises(PackageError, match="no parameter Runtime"):
        build.pin_parameters("Parameters:\n  Other:\n    Type: String\n", {"Runtime": "python3.13"})
