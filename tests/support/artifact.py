"""What `make build` built, as Lambda would mount it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from infra import build
from infra.local.gateway import Template


@dataclass(frozen=True)
class Artifact:
    """A folder with a built template and what it names."""

    folder: Path

    @cached_property
    def template(self) -> dict[str, Any]:
        return yaml.load((self.folder / "template.yaml").read_text(), Template)

    @cached_property
    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of each function, by its name in the template, and those of all."""
        return read_functions(self.template)

    @property
    def layers(self) -> list[str]:
        return [name for name, one in self._resources("LayerVersion")]

    def mount_opt(self, name: str) -> Path:
        """The function's layers, unpacked over one another in their order; files are shared."""
        layers = self.functions[name]["Layers"]
        opt = self.folder.parent / "-".join(("opt", *layers))
        if not opt.exists():
            for layer in layers:
                shutil.copytree(self.folder / layer, opt, copy_function=os.link, dirs_exist_ok=True)
            _forbid_writing(opt)
        return opt

    def mount_task(self, name: str) -> Path:
        """The function's code."""
        task = self.folder / self.functions[name]["CodeUri"]
        _forbid_writing(task)
        return task

    def measure(self, name: str) -> int:
        """Bytes of a function and its layers."""
        folders = [self.folder / layer for layer in self.functions[name]["Layers"]]
        folders.append(self.folder / self.functions[name]["CodeUri"])
        return sum(one.stat().st_size for folder in folders for one in list_files(folder))

    def _resources(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        return [
            (name, one["Properties"])
            for name, one in self.template["Resources"].items()
            if one["Type"] == f"AWS::Serverless::{kind}"
        ]


def read_functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of each function of a template: its own, beside those that all have."""
    common = template["Globals"]["Function"]
    return {
        name: common
        | (own := one["Properties"])
        | {"Layers": [_name(one) for one in (*common["Layers"], *own.get("Layers", []))]}
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::Serverless::Function"
    }


def _name(reference: str | dict[str, str]) -> str:
    """What `!Ref` names, which SAM writes out."""
    return reference["Ref"] if isinstance(reference, dict) else reference


def make(target: str, into: Path) -> Artifact:
    """The artifact of a target, built now."""
    assert build.build(target, into) == 0
    return Artifact(into)


def list_files(folder: Path) -> list[Path]:
    """All files below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _forbid_writing(folder: Path) -> None:
    """Also who runs as root, whom no mode stops, is found out: by `list_files`."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(path.stat().st_mode & ~0o222)
