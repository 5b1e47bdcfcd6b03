"""The laws of the house, as far as a machine can read them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from functions.domains import SCHEMAS

ROOT = Path(__file__).parent.parent
FUNCTIONS = ROOT / "functions"
SOURCES = sorted([ROOT / "app.py", *FUNCTIONS.rglob("*.py"), *(ROOT / "schema").rglob("*.py")])
# What knows all domains, and who may use which of it.
OF_ALL_DOMAINS = {
    "rollups": {"functions.domains.load_maintenance"},
    "spool": {"functions.domains.load_consumers"},
    "live": {"functions.domains.DOMAINS"},
    "lake": {"functions.domains.load_lake_tables"},
}
# What a domain publishes for others to import: to make rooms of its own, and to have what happens
# in them posted; and to write rows into files.
PUBLISHED = (
    "functions.live.closing",
    "functions.live.connections.Connection",
    "functions.live.connections.Seat",
    "functions.live.clock.",
    "functions.live.fanout",
    "functions.live.kinds.",
    "functions.live.tickets",
    "functions.rollups.exports.catalog",
    "functions.rollups.exports.files",
    "functions.rollups.exports.formats",
    "functions.rollups.exports.selection",
)
# Which folders of logs import which; all of them import the files at its root.
INSIDE_LOGS = {
    "text_import": {"ingest", "privacy"},
    "ingest": {"privacy"},
    "alts": {"players", "moderation", "privacy"},
    "players": {"moderation", "privacy"},
    "stats": {"players"},
    "moderation": set(),
    "privacy": set(),
    "search": set(),
    "servers": set(),
}
# Called by the functions of the domain, not by its files: they may call every folder.
ENTRIES_OF_LOGS = {"handlers.py", "maintenance.py", "routes.py"}
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# Tests of several sources at once, and of what is no Python file.
CROSS_CUTTING = {
    "game/test_balance.py",
    "game/test_rollups.py",
    "infra/clients/test_clients.py",
    "infra/clients/test_order.py",
    "infra/console/test_example.py",
    "infra/console/test_laws.py",
    "infra/test_alarms.py",
    "infra/test_concurrency.py",
    "infra/test_grafana.py",
    "infra/test_options.py",
    "infra/test_template.py",
    "live/test_chaos.py",
    "live/test_refs.py",
    "logs/test_recount.py",
    "logs/test_rollups.py",
    "rollups/test_time_zones.py",
    "test_docs.py",
    "test_laws.py",
    "tracker/test_rollups.py",
    "ttt/test_recount.py",
}
PROSE = [
    *ROOT.glob("*.md"),
    *(
        path
        for top in ("functions", "schema", "infra", "tests")
        for path in (ROOT / top).rglob("*.md")
    ),
]
UNWELCOME = re.compile(r"\b(?:told|said|anew|for good|crosswise)\b", re.IGNORECASE)


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(FUNCTIONS.rglob("*.py")), ids=str)
def test_a_domain_imports_shared_and_itself(path: Path) -> None:
    domain = path.relative_to(FUNCTIONS).parts[0]
    for name in imports(path):
        if name.startswith("functions."):
            other = name.split(".")[1]
            allowed = OF_ALL_DOMAINS.get(domain, set())
            is_published = name.startswith(PUBLISHED)
            assert other in ("shared", domain) or name in allowed or is_published, name
        assert not name.startswith(("infra", "tests")), name


@pytest.mark.parametrize("path", sorted((FUNCTIONS / "logs").rglob("*.py")), ids=str)
def test_imports_inside_logs_run_one_way(path: Path) -> None:
    *folders, name = path.relative_to(FUNCTIONS / "logs").parts
    if not folders and name in ENTRIES_OF_LOGS:
        return
    allowed = {*folders} | (INSIDE_LOGS[folders[0]] if folders else set())
    used = {name.split(".")[2] for name in imports(path) if name.startswith("functions.logs.")}
    assert used & INSIDE_LOGS.keys() <= allowed


def test_every_folder_of_logs_has_its_place_in_the_order() -> None:
    folders = {path.parent.name for path in (FUNCTIONS / "logs").glob("*/*.py")}
    assert folders == INSIDE_LOGS.keys()


@pytest.mark.parametrize("path", sorted(FUNCTIONS.rglob("*.py")), ids=str)
def test_only_doors_import_chalice(path: Path) -> None:
    doors = {"routes.py", "handlers.py"}
    adapters = {"shared/routing.py", "shared/gateway.py"}
    if path.name not in doors and str(path.relative_to(FUNCTIONS)) not in adapters:
        assert not [name for name in imports(path) if name.startswith("chalice")]


@pytest.mark.parametrize("path", sorted((FUNCTIONS / "game").rglob("*.py")), ids=str)
def test_chance_in_the_game_cannot_be_foreseen(path: Path) -> None:
    """`random` can be; `functions/game/chance.py` draws from `secrets.SystemRandom`."""
    drawing = {name for name in imports(path) if name.split(".")[0] in ("random", "secrets")}
    assert drawing <= {"secrets.SystemRandom"}
    assert not drawing or path.name == "chance.py"


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_sql_is_never_built_from_text(path: Path) -> None:
    """No f-string and no .format() whose text starts like a statement (psycopg.sql is fine)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr) and node.values:
            first = node.values[0]
            if isinstance(first, ast.Constant):
                words = str(first.value).split()
                assert not words or words[0] not in ("select", "insert", "update", "delete", "with")


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_files_stay_small_or_say_why(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300 or "Longer than 300 lines because" in text[:1000]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_every_public_function_says_what_the_caller_gets(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "the file"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node) or len(node.body) == 1, node.name


SQL = [
    *FUNCTIONS.rglob("*.py"),
    *(ROOT / "schema" / "engine").glob("*.py"),
    *(ROOT / "schema" / "functions").glob("*.sql"),
    *(ROOT / "schema" / "rollups").glob("*/*.sql"),
]
# A day or a month has no length of its own in a session's zone: hours have, and what is added or
# cut with 'UTC' as its last argument.
OF_A_ZONE = {
    "days or months added": re.compile(
        r"[+-] interval '[^']*(?:day|week|mon|year)|[+-] make_interval\((?:days|weeks|months|years)"
        r"|[+-] %\S*s::interval"
    ),
    "a date of the session": re.compile(
        r"::date\b(?!\[)|\bcurrent_date\b|\blocaltime(?:stamp)?\b(?=[\s,:)])|::timestamp\b"
        r"|\bage\((?!backend_xid)"
    ),
    "a time as text": re.compile(r"to_char\((?!\S+ at time zone )"),
    "a part of a time": re.compile(
        r"extract\((?!epoch )(?!\w+ from (?:local\b|occurred_at at time zone ))"
    ),
    "steps of days": re.compile(r"generate_series\([^()]*interval '[^']*day'\s*\)"),
    "cut without a zone": re.compile(
        r"date_trunc\((?:[^()]|\([^()]*\))*(?<!'UTC')\)|date_(?:add|subtract)\("
        r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*(?<!'UTC')\)"
    ),
}


@pytest.mark.parametrize("path", SQL, ids=str)
def test_no_sql_depends_on_the_time_zone_of_its_session(path: Path) -> None:
    """`tests/rollups/test_time_zones.py` shows what went wrong."""
    text = path.read_text(encoding="utf-8").replace("''", "'")
    for what, pattern in OF_A_ZONE.items():
        assert not (found := pattern.search(text)), f"{what}: {found and found[0]}"


@pytest.mark.parametrize("path", sorted(FUNCTIONS.rglob("*.py")), ids=str)
def test_each_domain_declares_its_error_family(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            named = {keyword.arg for keyword in node.keywords}
            assert node.func.id != "Routes" or "family" in named, path


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_fields_are_snake_case(path: Path) -> None:
    """`fields.CamelModel` gives them the names of the wire."""
    assert "N815" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=str)
def test_no_query_has_rows_without_columns(path: Path) -> None:
    """Regression: `db.query` gives none of them, so tests found that nothing was there."""
    found = re.search(r"\bdb\.(query|fetch_\w+)\(\s*\"+\s*select from\b", path.read_text())
    assert not found, found


def test_nothing_reads_the_folders_beside_the_project() -> None:
    outside = "../" + "shared"
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."]
    files = [path for folder in folders for path in folder.rglob("*")] + list(ROOT.iterdir())
    for path in files:
        if path.suffix in (".py", ".md", ".sql", ".yaml", ".toml") or path.name == "Makefile":
            assert outside not in path.read_text(encoding="utf-8"), path


# --- tests and prose ---


@pytest.mark.parametrize("path", TESTS, ids=str)
def test_files_of_tests_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600


def sources_of(test: Path) -> list[Path]:
    """Where the source of a test file may be: test_x.py and test_x_aspect.py are of x.py."""
    place, words = test.relative_to(ROOT / "tests").parent, test.stem.split("_")[1:]
    names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    folders = (FUNCTIONS / place, ROOT / place, test.parent)
    return [
        folder / f"{name}{suffix}"
        for suffix in (".py", ".js")
        for folder in folders
        for name in ["__main__" if name == "main" else name for name in names]
    ]


@pytest.mark.parametrize("path", [one for one in TESTS if one.name.startswith("test_")], ids=str)
def test_a_test_file_mirrors_a_source(path: Path) -> None:
    place = path.relative_to(ROOT / "tests")
    if place.parts[0] in ("contract", "e2e") or str(place) in CROSS_CUTTING:
        return
    assert any(source.exists() for source in sources_of(path)), "no source of this name"


def test_every_cross_cutting_test_is_there() -> None:
    assert [name for name in CROSS_CUTTING if not (ROOT / "tests" / name).exists()] == []


@pytest.mark.parametrize("path", sorted((ROOT / "tests/contract").glob("test_*.py")), ids=str)
def test_no_contract_leaves_a_setting_behind_the_pooler(path: Path) -> None:
    """Regression: a time-out of 100 ms that one test had set ended what a later one waited for."""
    assert not re.search(r'query\("set (?!local)', path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", TESTS, ids=str)
def test_tests_share_by_support_alone(path: Path) -> None:
    for name in imports(path):
        last = [part for part in name.split(".") if part == "conftest" or part.startswith("test_")]
        assert not (name.startswith("tests.") and last), name


@pytest.mark.parametrize("path", PROSE, ids=str)
def test_prose_uses_the_words_of_the_field(path: Path) -> None:
    """Again, not anew; permanently, not for good; a deadlock, not waiting crosswise."""
    text = re.sub(r"`[^`]*`", "", path.read_text(encoding="utf-8"))
    assert UNWELCOME.findall(" ".join(text.split())) == []


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "infra").rglob("*.py"))], ids=str)
def test_docstrings_use_the_words_of_the_field(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = " ".join((ast.get_docstring(node) or "").split())
            assert UNWELCOME.findall(re.sub(r"`[^`]*`", "", text)) == [], text


# --- the law between domains, inside SQL ---

# What a domain publishes to others: {domain that uses it: functions and views it may use}.
PUBLISHED_SQL: dict[str, set[str]] = {
    # The last one is no function: a subprotocol of sockets has that name.
    "live": {"accounts.caller", "accounts.session_caller", "tracker.v1"},
    "rollups": {"analysts.list_dirty_buckets", "analysts.list_rollups"},
    "shared": {
        "accounts.caller",
        "accounts.panel_caller",
        "accounts.public_keys",
        "accounts.session_caller",
        "live.describe_sockets",
        "ttt.describe_quarantine",
    },
    "accounts": {
        "game.create_player",
        "game.erase_player",
        "game.export_player",
        "game.export_records",
        "game.rename_player",
        "live.is_connected",
        "logs.rename_author",
        "tracker.count_played",
        "tracker.erase_player",
        "tracker.export_records",
    },
    "tracker": {
        "accounts.caller",
        "accounts.change_role",
        "accounts.find_users",
        "accounts.list_display_names",
        "accounts.list_people",
        "accounts.session_caller",
        "live.append_at",
        "live.begin_ref",
        "live.change_event",
        "live.count_connections",
        "live.end_ref",
        "live.get_head",
        "live.list_members",
        "live.read_last_events",
    },
    "game": {
        "accounts.caller",
        "accounts.note",
        "live.append",
        "live.count_connections",
        "live.count_others",
        "live.get_head",
        "live.change_event",
        "live.events",  # as the type of a row that live.read_last_events returns
        "live.find_events",
        "live.read_last_events",
        "live.replace_name",
    },
}
EVERYBODYS = {"shared", "rollups"}  # schemas
_SCHEMA = "|".join(SCHEMAS)
_NAMES = re.compile(
    rf"(?<![\w.])(?P<name>(?P<schema>{_SCHEMA})\.[a-z_]\w*)"
    rf"|(?:schema|nspname)(?:_name)? = '(?P<literal>{_SCHEMA})'"
)


def owner(path: Path) -> str:
    """The domain of a source: its folder, or what its file's name begins with."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "functions":
        return parts[1]
    named = [*path.stem.split("_"), ""]  # <domain>_<what>.sql, NNNN_<domain>_<what>.sql
    owners = {"rollups": parts[2], "functions": named[0], "migrations": named[1]}
    return owners.get(parts[1], "rollups")


def literals(path: Path) -> list[str]:
    """What may be SQL in a source: of SQL all but comments and what `comment on` says, of Python
    all strings but docstrings.

    The parts of an identifier are joined.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sql":
        return [re.sub(r"--.*|\bis\s+'(?:[^']|'')*'", "", text)]
    nodes = list(ast.walk(ast.parse(text)))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ] + [
        ".".join(str(part.value) for part in node.args if isinstance(part, ast.Constant))
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "Identifier"
    ]


OWNED_SQL = [
    *(path for path in SQL if path.parent != FUNCTIONS),
    *(ROOT / "schema" / "migrations").glob("*.sql"),
]


@pytest.mark.parametrize("path", OWNED_SQL, ids=str)
def test_sql_names_schemas_of_its_own_domain(path: Path) -> None:
    """The triggers of rollups are written by the engine from its catalog, and stand in no file."""
    domain = owner(path)
    for literal in literals(path):
        for found in _NAMES.finditer(literal):
            schema = found["schema"] or found["literal"]
            allowed = schema == domain or schema in EVERYBODYS
            assert allowed or found["name"] in PUBLISHED_SQL.get(domain, set()), found[0]


# Import circles


def find_circles(imported: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """The modules that import each other, also through others: one tuple a circle."""
    reached: dict[str, set[str]] = {}
    for module in imported:
        found: set[str] = set()
        pending = set(imported[module])
        while pending:
            name = pending.pop()
            found.add(name)
            pending |= imported[name] - found
        reached[module] = found
    circular = {module for module in imported if module in reached[module]}
    return sorted(
        {
            tuple(sorted(other for other in circular & reached[module] if module in reached[other]))
            for module in circular
        }
    )


def test_no_modules_import_each_other() -> None:
    """Imports inside of functions and for type checking count as well."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): imports(path)
        for path in FUNCTIONS.rglob("*.py")
    }
    imported = {
        module: {
            name if name in modules else name.rpartition(".")[0]
            for name in names
            if name in modules or name.rpartition(".")[0] in modules
        }
        for module, names in modules.items()
    }
    assert find_circles(imported) == []


def test_a_circle_is_found() -> None:
    imported = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}, "e": {"a"}}
    assert find_circles(imported) == [("b", "c"), ("d",)]


# Names that say nothing to a reader, and that a search finds everywhere.
VAGUE = {"of", "listed", "told", "said", "asked", "ask"}


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "infra").rglob("*.py"))], ids=str)
def test_public_names_say_what_they_do(path: Path) -> None:
    """Public functions are verb and noun: `get_stats`, `list_players`, `parse_body`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            assert node.name not in VAGUE, f"{path}:{node.lineno}"
