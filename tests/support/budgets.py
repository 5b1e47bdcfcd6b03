"""What a function may weigh, and load while it starts: a cold start pays for all of it.

Counted, not timed: the same on every machine. `make bench ONLY=cold` has the milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.support.runtime_api import Package

# Dear, and needed by nobody before the first request that does.
NEVER = {"boto3", "botocore", "s3transfer", "arro3", "rustworkx", "numpy", "networkx"}


class Budget(NamedTuple):
    """Of one function."""

    size: int  # MB of code and layers, unpacked
    modules: int  # imported until it waits for its first event, Python's own included
    loaded: int  # kB of them that come from the package: bytecode and libraries


_DOOR = Budget(30, 460, 9_700)
_WITH_RS256 = Budget(46, 520, 26_000)
BUDGETS = {
    "LoginFunction": _WITH_RS256,
    "TrackerAuthFunction": _WITH_RS256,
    "LiveFunction": _WITH_RS256,
    "TrackerFunction": _WITH_RS256._replace(size=53),
    "ExportFunction": _DOOR._replace(size=63),
    "LakeFunction": _DOOR._replace(size=63),
    "SiteFunction": _DOOR._replace(size=33),
    "MigrateFunction": Budget(30, 345, 2_700),
}


def get_budget(name: str) -> Budget:
    """The budget of a function: its own, or that of all others."""
    return BUDGETS.get(name, _DOOR)


def check_start(package: Package, modules: Iterable[str]) -> None:
    """AssertionError when a start imported what it never may, or more than its budget."""
    names, budget = set(modules), get_budget(package.name)
    files = {name: file for name in names if (file := _find(package, name))}
    loaded = sum(file.stat().st_size for file in files.values()) // 1000
    assert len(names) <= budget.modules, f"{package.name} imports {len(names)}: {sorted(names)}"
    assert loaded <= budget.loaded, f"{package.name} loads {loaded} kB: {sorted(files)}"
    # Where cryptography is, it looks for bcrypt by itself.
    never = NEVER if "Rs256" in package.layers else NEVER | {"bcrypt"}
    found = never & {name.partition(".")[0] for name in names}
    assert not found, f"{package.name} imports them while it starts"


def _find(package: Package, module: str) -> Path | None:
    """The file of the package that an import loaded; None for Python's own."""
    path = module.replace(".", "/")
    for folder in (package.task, package.opt / "python"):
        parent, name = (folder / path).parent, (folder / path).name
        compiled = list(parent.glob(f"__pycache__/{name}.*.pyc"))
        compiled += (folder / path).glob("__pycache__/__init__.*.pyc")
        for file in [*compiled, *parent.glob(f"{name}.*.so")]:
            return file
    return None
