"""What functions may do at all: whom they call, what they keep, how they compare secrets."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import functions

ROOT = Path(str(functions.__path__[0]))
SOURCES = sorted(ROOT.rglob("*.py"))
# Who reaches out: to AWS alone, at addresses of the settings. No text of a caller is an address.
CALLERS = {"shared/signed_calls.py": {"http.client"}, "shared/aws.py": {"boto3"}}
_NETWORK = {"http.client", "urllib.request", "socket", "requests", "httpx", "boto3", "ftplib"}
# What is kept for each of its arguments for ever: these are settings, names of ours, or a few.
KEEPS_ALL = {
    *("live/management.py:_endpoint", "shared/signed_calls.py:_idle", "shared/tokens.py:_keys"),
    *("shared/aws.py:client", "site/routes.py:_file"),
    "live/fanout.py:select",  # for one round of posts
}
_SECRET = re.compile(
    "secret|password|(?<!hex)digest|signature|api_key|_mac$|^mac$|token_hash|key_hash"
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def names(node: ast.AST) -> set[str]:
    """What an expression calls the values in it."""
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return found | {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_no_function_fetches_what_somebody_names(path: Path) -> None:
    imported = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    assert imported & _NETWORK <= CALLERS.get(relative(path), set())


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_no_cache_grows_with_what_callers_send(path: Path) -> None:
    """A cache without a size is of functions without arguments, or of those that are listed."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef):
            continue
        spelled = [ast.unparse(one) for one in node.decorator_list]
        has_no_size = any(
            one.rpartition(".")[2] in ("cache", "lru_cache", "lru_cache(None)") or "=None" in one
            for one in spelled
            if "cache" in one and "cached_property" not in one
        )
        if has_no_size and (node.args.args or node.args.kwonlyargs):
            assert f"{relative(path)}:{node.name}" in KEEPS_ALL


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_secrets_are_compared_in_the_same_time_whatever_they_are(path: Path) -> None:
    """With hmac.compare_digest, which does not end at the first wrong byte."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            sides = [node.left, *node.comparators]
            if any(isinstance(side, ast.Constant) for side in sides):
                continue
            compared = [name for side in sides for name in names(side) if _SECRET.search(name)]
            assert not compared, f"{path.name}:{node.lineno}"
