"""The version of Tiltyard, which pyproject.toml says and nobody else."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


@cache
def get_version() -> str:
    """Such as 0.1.0."""
    version: str = tomllib.loads(_PROJECT.read_text())["project"]["version"]
    return version
