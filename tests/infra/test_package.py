"""What goes into the layer and the functions, built for real."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from infra import package
from infra.local import locks
from infra.local.gateway import Template
from infra.local.sam import ROOT
from infra.package import LAMBDA, PackageError, Target

LOCAL = Target.parse("local")
ARM = Target.parse(LAMBDA)
_LIMIT = 30_000_000  # AWS takes 250 MB; a cold start loads them
_AARCH64 = b"\xb7\x00"  # e_machine of an ELF file


@pytest.fixture(scope="session", params=[LOCAL, ARM], ids=["local", "lambda"])
def target(request: pytest.FixtureRequest) -> Target:
    target: Target = request.param
    return target


@pytest.fixture(scope="session")
def layer(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("layer")
    package.build_layer(target, into)
    return into


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_layer_holds_only_what_runs(layer: Path) -> None:
    assert {path.name for path in layer.iterdir()} == {"python"}
    packages = {path.name.removesuffix(".py") for path in (layer / "python").iterdir()}
    assert packages - {"__pycache__", "psycopg_binary.libs"} == {
        "annotated_types",
        "bcrypt",
        "chalice",
        "jwt",
        "psycopg",
        "psycopg_binary",
        "pydantic",
        "pydantic_core",
        "typing_extensions",
        "typing_inspection",
    }
    sources = {name for name in names(layer / "python/chalice") if name.endswith(".py")}
    assert sources == {"__init__.py", "app.py"}


def test_every_function_is_under_30_mb(target: Target, layer: Path, tmp_path: Path) -> None:
    package.build_code("TiltFunction", target, tmp_path / "tilt")
    total = package.measure_size(layer) + package.measure_size(tmp_path / "tilt")
    assert total < _LIMIT


def test_a_lambdas_libraries_are_for_its_machine(tmp_path: Path) -> None:
    package.build_layer(ARM, tmp_path)
    package.build_layer(ARM, tmp_path, package.MATCHING)
    package.build_layer(ARM, tmp_path, package.EXPORTS)
    libraries = list(tmp_path.rglob("*.so*"))
    assert len(libraries) > 4
    assert {library.read_bytes()[18:20] for library in libraries} == {_AARCH64}
    assert any("cpython-313" in library.name for library in libraries)


def test_the_function_starts_from_its_package_alone(tmp_path: Path) -> None:
    package.build_layer(LOCAL, tmp_path / "layer")
    package.build_code("TiltFunction", LOCAL, tmp_path / "code")
    start = f"""
import os, sys
sys.path[:0] = [{str(tmp_path / "code")!r}, {str(tmp_path / "layer" / "python")!r}]
os.environ |= {{"DOMAINS": "tilt", "DATABASE_URL": "postgresql://x", "SIGNING_KEY": "s" * 32}}
import app
answer = app.handler({{"httpMethod": "GET", "path": "/api/tilt/nothing", "headers": {{}}}}, None)
assert answer["statusCode"] == 404, answer
import psycopg
assert psycopg.pq.__impl__ == "binary"
strangers = {{"boto3", "botocore", "yaml", "chalice.cli"}} & set(sys.modules)
assert not strangers, strangers
"""
    # -I -S: neither this environment's packages nor the checkout can help.
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", start]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("domain", ["tilt", "ttt", "logs", "game"])
def test_a_cold_start_of_other_domains_pays_for_no_passwords_and_no_rs256(
    tmp_path: Path, domain: str
) -> None:
    package.build_layer(LOCAL, tmp_path / "layer")
    package.build_code("TiltFunction", LOCAL, tmp_path / "code")
    start = f"""
import os, sys
sys.path[:0] = [{str(tmp_path / "code")!r}, {str(tmp_path / "layer" / "python")!r}]
os.environ |= {{"DOMAINS": {domain!r}, "DATABASE_URL": "postgresql://x", "SIGNING_KEY": "s" * 32}}
import app
app.handler({{"httpMethod": "GET", "path": "/nothing", "headers": {{}}}}, None)
from functions.shared import auth, panel_sessions
assert ("jwt" in sys.modules) == ({domain!r} == "game"), "only the game verifies tokens"
if {domain!r} == "game":
    from functions.shared import secrets, tokens
    os.environ["TOKEN_KEY"] = "t" * 32
    secrets.clear_cache()
    token = tokens.issue("game", 7, "mira@example.com", 0)
    assert tokens.verify(token, "game").user_id == 7
assert not {{"cryptography", "bcrypt"}} & set(sys.modules), "dear, and not needed"
"""
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", start]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("with_rs256", [True, False])
def test_accounts_start_with_and_without_the_layer_for_rs256(
    tmp_path: Path, with_rs256: bool
) -> None:
    package.build_layer(LOCAL, tmp_path / "layer")
    if with_rs256:
        package.build_layer(LOCAL, tmp_path / "layer", package.RS256)
    package.build_code("LoginFunction", LOCAL, tmp_path / "code")
    start = f"""
import os, sys
sys.path[:0] = [{str(tmp_path / "code")!r}, {str(tmp_path / "layer" / "python")!r}]
os.environ |= {{"DOMAINS": "accounts", "DATABASE_URL": "postgresql://x", "SIGNING_KEY": "s" * 32}}
os.environ |= {{"PASSWORD_PEPPER": "p" * 32, "PASSWORD_ROUNDS": "4"}}
import app
answer = app.handler({{"httpMethod": "POST", "path": "/api/auth/logout", "headers": {{}}}}, None)
assert answer["statusCode"] == 200, answer
from functions.accounts import passwords
assert passwords.verify("secret", passwords.hash_password("secret"))
try:
    from functions.accounts import signing_keys
except ImportError:
    assert not {with_rs256}
else:
    assert {with_rs256}
    kid, sealed, public = signing_keys._make()
    assert signing_keys._box().decrypt(sealed).startswith(b"-----BEGIN PRIVATE KEY")
"""
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", start]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "layer",
    [package.RS256, package.MATCHING, package.EXPORTS],
    ids=["rs256", "matching", "exports"],
)
def test_both_environments_pin_the_same_of_a_layer(layer: Path) -> None:
    pins = locks.read_pins(layer).items()
    assert pins
    assert pins < locks.read_pins(ROOT / "requirements-dev.txt").items()


def test_tournaments_are_paired_without_numpy(tmp_path: Path) -> None:
    """rustworkx declares numpy, which nobody needs for a matching."""
    for requirements in (package.REQUIREMENTS, package.RS256, package.MATCHING):
        package.build_layer(LOCAL, tmp_path / "layer", requirements)
    package.build_code("TrackerFunction", LOCAL, tmp_path / "code")
    start = f"""
import sys
sys.path[:0] = [{str(tmp_path / "code")!r}, {str(tmp_path / "layer" / "python")!r}]
from functions.tracker.engine import corrections, drops, rounds, standings
from functions.tracker.engine.tournament import Player, Rules, Tournament
assert "rustworkx" not in sys.modules, "only who pairs pays for it"
players = tuple(Player(f"usr_{{seed}}", seed) for seed in range(1, 10))
event = Tournament("swiss", "42", players, tables=(1, 2, 3, 4), rules=Rules(3, "seeded"))
standings.rank_players(event)
assert "rustworkx" not in sys.modules
paired = rounds.pair_next_round(event)
assert [one.player_ids for one in paired.round.pairings] == [
    (f"usr_{{seed}}", f"usr_{{seed + 4}}") for seed in range(1, 5)
]
assert "rustworkx" in sys.modules and "numpy" not in sys.modules
"""
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", start]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "layer" / "python" / "numpy").exists()
    size = package.measure_size(tmp_path / "layer") + package.measure_size(tmp_path / "code")
    assert size < 2 * _LIMIT


def test_exports_start_from_their_package_and_load_parquet_alone_with_it(tmp_path: Path) -> None:
    for requirements in (package.REQUIREMENTS, package.EXPORTS):
        package.build_layer(LOCAL, tmp_path / "layer", requirements)
    package.build_code("ExportFunction", LOCAL, tmp_path / "code")
    start = f"""
import io, os, sys
os.environ |= {{"DOMAINS": "rollups", "SIGNING_KEY": "s" * 32, "DATABASE_URL": "postgresql://x/y"}}
sys.path[:0] = [{str(tmp_path / "code")!r}, {str(tmp_path / "layer" / "python")!r}]
import app
from functions.rollups.exports.catalog import Column
from functions.rollups.exports.formats import FORMATS
columns, rows, files = [Column("n", "bigint", "bigint", None, None)], [[(1,), (None,)]], {{}}
for name in ("csv", "ndjson", "parquet"):
    assert not {{"arro3", "numpy", "pyarrow", "boto3"}} & set(sys.modules), name
    file = io.BytesIO()
    FORMATS[name].write(columns, rows, file)
    files[name] = file.getvalue()
assert files["csv"] == b"n\\n1\\n\\n" and files["parquet"].startswith(b"PAR1")
assert not {{"numpy", "pyarrow"}} & set(sys.modules)
"""
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", start]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    size = package.measure_size(tmp_path / "layer") + package.measure_size(tmp_path / "code")
    assert size < 250_000_000 / 4, "a quarter of what AWS takes: arro3 has 34 MB"


def test_a_function_carries_code_and_nothing_else(tmp_path: Path) -> None:
    package.build_code("TiltFunction", LOCAL, tmp_path)
    files = names(tmp_path)
    assert {"app.py", "functions/shared/db.py", "functions/tilt/events.py"} <= files
    assert not [name for name in files if name.startswith(("tests", "infra", "schema"))]
    assert not [name for name in files if "swagger" in name]
    assert not [name for name in files if name.endswith((".md", ".pyi", ".png"))]


def test_the_migration_carries_its_files(tmp_path: Path) -> None:
    package.build_code("MigrateFunction", LOCAL, tmp_path)
    shipped = {name for name in names(tmp_path / "schema") if name.endswith(".sql")}
    assert shipped == {name for name in names(ROOT / "schema") if name.endswith(".sql")}
    assert (tmp_path / "schema/engine/migrate.py").exists()


@pytest.mark.parametrize("name", ["Spool", "Refresh", "Audit", "Retention"])
def test_a_function_behind_no_door_carries_no_door(tmp_path: Path, name: str) -> None:
    package.build_code(f"{name}Function", LOCAL, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"functions"}


def test_the_drain_starts_from_its_package_and_the_runtimes_boto3(tmp_path: Path) -> None:
    package.build_layer(LOCAL, tmp_path / "layer")
    package.build_code("SpoolFunction", LOCAL, tmp_path / "code")
    start = f"""
import os, sys
sys.path[:0] = [{str(tmp_path / "code")!r}, {str(tmp_path / "layer" / "python")!r}]
os.environ |= {{"DOMAINS": "tilt", "DATABASE_URL": "postgresql://x", "SIGNING_KEY": "s" * 32}}
from functions.spool import handlers
from functions.rollups import handlers as rollups
assert not {{"boto3", "chalice"}} & set(sys.modules), "dear, and seldom needed"
"""
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", start]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_site_carries_swagger_ui(tmp_path: Path) -> None:
    package.build_code("SiteFunction", LOCAL, tmp_path)
    vendored = {"swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"}
    assert vendored < names(tmp_path / "functions/site/swagger_ui")
    assert (tmp_path / "functions/site/openapi.json").exists()
    package.build_code("TiltFunction", LOCAL, tmp_path / "tilt")
    assert not (tmp_path / "tilt/functions/site/openapi.json").exists()


def test_modules_are_compiled_as_lambda_mounts_them(tmp_path: Path) -> None:
    package.build_code("TiltFunction", LOCAL, tmp_path)
    [compiled] = tmp_path.glob("__pycache__/app.*.pyc")
    raw = compiled.read_bytes()
    assert raw[4:8] == b"\x01\x00\x00\x00"  # PEP 552: by hash, never checked
    assert b"/var/task/app.py" in raw
    assert str(tmp_path).encode() not in raw


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        package.build_code("TiltFunction", LOCAL, tmp_path / name)
    one, two = (
        {name: (tmp_path / side / name).read_bytes() for name in names(tmp_path / side)}
        for side in ("one", "two")
    )
    assert one == two


@pytest.mark.parametrize("name", ["python3.13", "arm64", "python2.7-arm64", "Local"])
def test_an_unknown_target_is_a_sentence(name: str) -> None:
    with pytest.raises(PackageError, match=f"TILTYARD_TARGET is '{name}': say local"):
        Target.parse(name)


def test_without_an_index_it_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "CACHE", tmp_path)
    monkeypatch.setattr(package, "REQUIREMENTS", tmp_path / "requirements.txt")
    (tmp_path / "requirements.txt").write_text(
        f"tiltyard-no-such-package==0 --hash=sha256:{'0' * 64}\n"
    )
    for variable in ("UV_OFFLINE", "UV_NO_INDEX", "PIP_NO_INDEX"):
        monkeypatch.setenv(variable, "1")
    with pytest.raises(PackageError, match="cannot be had; is there a network"):
        package.build_layer(LOCAL, tmp_path / "layer")
    assert not list(tmp_path.glob("building-*"))


def test_the_templates_defaults_are_the_targets() -> None:
    parameters = yaml.load((ROOT / "template.yaml").read_text(), Template)["Parameters"]
    assert f"{parameters['Runtime']['Default']}-{parameters['Architecture']['Default']}" == LAMBDA


def test_pip_takes_wheels_of_every_older_glibc() -> None:
    """Regression: where pip installs, a wheel of glibc 2.24 counted as none for this machine."""
    platforms = [word for word in Target.parse("python3.13-arm64").for_pip() if "platform" in word]
    assert platforms == [f"--platform=manylinux_2_{minor}_aarch64" for minor in range(28, 16, -1)]
