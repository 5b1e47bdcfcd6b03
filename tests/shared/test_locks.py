"""Advisory locks: each number has one owner, and stands in one file.

Regression: the nightly packing and the writers of TTT rounds used the same number, so a round
waited for the packing, and was answered 202 as if the database were away.
"""

from __future__ import annotations

import re
from pathlib import Path

from functions.shared import locks

ROOT = Path(__file__).parents[2]
NUMBERS = {name: value for name, value in vars(locks).items() if isinstance(value, int)}
CALL = re.compile(r"pg_(?:try_)?advisory\w*\(([^;]*)")
LITERAL = re.compile(r"\b\d[\d_]{3,}\b")


def sources(*suffixes: str) -> list[Path]:
    folders = [ROOT / "functions", ROOT / "schema", ROOT / "infra"]
    return [path for folder in folders for path in folder.rglob("*") if path.suffix in suffixes]


def test_every_number_has_one_owner() -> None:
    assert len(NUMBERS) >= 6
    assert len(set(NUMBERS.values())) == len(NUMBERS)


def test_python_takes_its_numbers_from_the_file() -> None:
    for path in sources(".py"):
        text = path.read_text(encoding="utf-8")
        found = {int(number) for number in LITERAL.findall(text)} & {*NUMBERS.values()}
        assert not found or path.name == "locks.py", path
        for call in CALL.findall(text):
            assert not re.match(r"[\d']|hashtext\(", call), f"{path}: {call[:60]}"


def test_sql_uses_numbers_of_the_file_each_in_one_file() -> None:
    owners: dict[int, Path] = {}
    calls = 0
    for path in sources(".sql"):
        for call in CALL.findall(path.read_text(encoding="utf-8")):
            calls += 1
            numbers = [int(number) for number in LITERAL.findall(call.splitlines()[0])]
            assert len(numbers) == 1, f"{path}: {call[:60]}"
            assert numbers[0] in NUMBERS.values(), f"{path}: {numbers[0]} is not in locks.py"
            assert owners.setdefault(numbers[0], path) == path
    assert calls >= 2
