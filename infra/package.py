"""What a Lambda carries: `layer` writes the shared dependencies, `rs256` those of RS256, `matching`
those of tournaments, `exports` those of Parquet, `code` a function's own files.

SAM calls this through the Makefile. Only the standard library is used: it is what builds the rest.
"""

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".local" / "layers"
REQUIREMENTS = ROOT / "requirements.txt"
RS256 = ROOT / "infra" / "rs256.txt"
MATCHING = ROOT / "infra" / "matching.txt"
EXPORTS = ROOT / "infra" / "exports.txt"
LAYERS = {"layer": REQUIREMENTS, "rs256": RS256, "matching": MATCHING, "exports": EXPORTS}

# Set by who deploys the template with the Runtime and Architecture of the target, and no other.
PINS = "TILTYARD_PINS"

# The template's own defaults; tests/infra/test_package.py holds the two together.
LAMBDA = "python3.13-arm64"

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}

# Of Chalice only these files run: the rest is its deploy command, which needs botocore and more.
_CHALICE = {"__init__.py", "app.py"}
_OF_THE_SITE = ("swagger_ui", "openapi.json", "docs.html", "docs.js")
_NEVER = (
    "*.dist-info",
    "bin",
    "tests",
    "__pycache__",
    "*.pyi",
    "*.pyx",
    "*.pxd",
    "*.d.ts",
    "jsconfig.json",
    "py.typed",
    ".lock",
)
_UNUSED = ("pydantic/v1", "pydantic/mypy.py")

# Each function's code beside the layer. SQL files and their runner travel with the migration alone;
# a queue's or a schedule's function has no use for the REST door.
_CODE: dict[str, tuple[str, ...]] = {"MigrateFunction": ("functions", "schema")} | dict.fromkeys(
    (
        "SpoolFunction",
        "RefreshFunction",
        "AuditFunction",
        "RetentionFunction",
        "LakeFunction",
        "AnalystsFunction",
        "LogsPrivacyFunction",
        "GamePoolFunction",
    ),
    ("functions",),
)
_EVERY_DOMAIN = ("app.py", "functions")
_CODE["SiteFunction"] = (*_EVERY_DOMAIN, "infra/console")


class PackageError(RuntimeError):
    """One sentence that says why nothing was built and what to do."""


@dataclass(frozen=True)
class Target:
    """Where the code will run: a Python minor version and, unless it is this machine, a CPU."""

    python: str
    architecture: str | None

    @classmethod
    def parse(cls, name: str) -> "Target":
        """`local`, or a Lambda runtime and CPU such as `python3.13-arm64`."""
        if name == "local":
            return cls(f"{sys.version_info.major}.{sys.version_info.minor}", None)
        match = re.fullmatch(r"python(3\.\d+)-(arm64|x86_64)", name)
        if not match:
            raise PackageError(f"TILTYARD_TARGET is {name!r}: say local or {LAMBDA}, for example.")
        return cls(match[1], match[2])

    def for_uv(self) -> list[str]:
        """What makes uv choose the wheels of this target."""
        if self.architecture is None:
            return ["--python", sys.executable]
        machine = f"{_MACHINES[self.architecture]}-manylinux_2_28"
        return ["--python-version", self.python, "--python-platform", machine]

    def for_pip(self) -> list[str]:
        """The same for pip, which does not know that a newer glibc runs older wheels."""
        if self.architecture is None:
            return []
        machine = _MACHINES[self.architecture]
        platforms = [f"manylinux_2_{glibc}_{machine}" for glibc in range(28, 16, -1)]
        return ["--python-version", self.python, *(f"--platform={name}" for name in platforms)]


def build_layer(target: Target, into: Path, requirements: Path | None = None) -> None:
    """Write python/ with what `requirements` pin (every runtime dependency), built once each."""
    shutil.copytree(_built(target, requirements or REQUIREMENTS), into, dirs_exist_ok=True)


def build_code(function: str, target: Target, into: Path) -> None:
    """Write the function's own source files, and no tests, notes, pictures or caches."""
    into.mkdir(parents=True, exist_ok=True)
    # Only one function serves /docs and /openapi.json: the others need not carry their files.
    page = () if function == "SiteFunction" else _OF_THE_SITE
    ignored = shutil.ignore_patterns(*_NEVER, "*.md", "screenshots", *page)
    for name in _CODE.get(function, _EVERY_DOMAIN):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, into / name, ignore=ignored)
        else:
            shutil.copy2(source, into / name)
    _compile(target, into, "/var/task")


def measure_size(folder: Path) -> int:
    """Bytes of all files under the folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _built(target: Target, requirements: Path) -> Path:
    """The layer's folder, from the cache or newly made."""
    here = (target, platform.machine(), sys.implementation.cache_tag, bool(_compiler(target)))
    parts = (requirements.read_bytes(), Path(__file__).read_bytes(), repr(here).encode())
    built = CACHE / hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    if built.exists():
        return built
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="building-") as name:
        draft = Path(name) / "draft"
        _build(target, draft, requirements)
        # Two builds at once may both get here; whoever renames second finds the work done.
        try:
            draft.rename(built)
        except OSError:
            if not built.exists():
                raise
    return built


def _build(target: Target, draft: Path, requirements: Path) -> None:
    packages = draft / "python"
    _install(target, packages, requirements)
    _prune(packages)
    _compile(target, packages, "/opt/python")


def _install(target: Target, packages: Path, requirements: Path) -> None:
    """Fill the folder with uv, or with pip where only pip knows the way to an index."""
    wheels = ["install", "--quiet", "--no-deps", "--only-binary=:all:", f"--target={packages}"]
    wheels += ["--require-hashes", "--requirement", str(requirements)]
    ours = ROOT / ".local" / "uv" / "bin" / "uv"
    uv = str(ours) if ours.exists() else shutil.which("uv")
    fast = uv and _run(uv, "pip", *wheels, "--link-mode=copy", *target.for_uv())
    if fast and fast.returncode == 0:
        return
    shutil.rmtree(packages, ignore_errors=True)
    slow = _run(sys.executable, "-m", "pip", *wheels, "--no-compile", *target.for_pip())
    if slow.returncode:
        reason = (slow.stderr.strip().splitlines() or ["pip gave no reason"])[-1].strip()
        raise PackageError(f"The layer's packages cannot be had; is there a network? ({reason})")


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return subprocess.run(words, capture_output=True, text=True, env=environ, check=False)


def _prune(packages: Path) -> None:
    for pattern in _NEVER:
        for path in list(packages.rglob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for name in _UNUSED:
        path = packages / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    chalice = packages / "chalice"
    for path in list(chalice.rglob("*")):
        if path.is_file() and path.relative_to(chalice).as_posix() not in _CHALICE:
            path.unlink()
    for folder in sorted(packages.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _compile(target: Target, folder: Path, mounted: str) -> None:
    """Compile every module; tracebacks will name it as it is mounted in Lambda.

    Lambda's folders are read-only: without this, every cold start compiles all that it imports.
    Unchecked hashes spare it a stat per module and make the files the same at every build.
    """
    python = _compiler(target)
    if not python:
        print(f"  not compiled ahead: no Python {target.python} here, cold starts will be slower")
        return
    words = ["-q", "-s", str(folder), "-p", mounted, "--invalidation-mode", "unchecked-hash"]
    done = _run(python, "-m", "compileall", *words, str(folder))
    if done.returncode:
        reason = " ".join(done.stdout.replace(f"{folder}/", "").split())
        raise PackageError(f"A module does not compile: {reason}")


def _compiler(target: Target) -> str | None:
    """A Python of the target's version, if this machine has one."""
    if target.python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    python = shutil.which(f"python{target.python}")
    # pyenv puts a Python on PATH and yet refuses to run it.
    return python if python and _run(python, "-c", "").returncode == 0 else None


def _target() -> Target:
    """The parameters that SAM's caller gave the template: SAM passes none to a Makefile."""
    name = os.environ.get("TILTYARD_TARGET")
    if not name:
        raise PackageError("TILTYARD_TARGET is missing: build with `make build`, which sets it.")
    if not os.environ.get(PINS):
        raise PackageError(
            "Build with `make build`: what a plain `sam build` makes can be deployed with another "
            "Runtime or Architecture than its layers are for."
        )
    return Target.parse(name)


def main() -> int:
    """Do what the command line says and print the size; exit 1 with a sentence when it cannot."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name in LAYERS:
        verbs.add_parser(name).add_argument("into", type=Path)
    words = verbs.add_parser("code")
    words.add_argument("function")
    words.add_argument("into", type=Path)
    arguments = parser.parse_args()
    try:
        target = _target()
        if arguments.verb == "code":
            build_code(arguments.function, target, arguments.into)
        else:
            build_layer(target, arguments.into, LAYERS[arguments.verb])
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"  {arguments.into.name}: {measure_size(arguments.into) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
