"""Example queries: one for each view, and each prints what is written under it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from schema.engine import reference
from schema.engine.examples import SOURCE, Example, print_rows, read_examples
from schema.engine.migrate import Report
from tests.support.analysts import community, played

__all__ = ["community", "played"]
EXAMPLES = read_examples()


@pytest.fixture(scope="module")
def analyst(community: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of an analyst's login, which prints times by UTC."""
    with psycopg.connect(community, autocommit=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def run(analyst: psycopg.Connection[Any], query: str) -> str:
    """What psql would print of a query: the texts of the server."""
    result = analyst.pgconn.exec_(query.encode())
    assert not result.error_message, result.error_message
    names = [(result.fname(column) or b"").decode() for column in range(result.nfields)]
    rows = [
        [(result.get_value(row, column) or b"").decode() for column in range(result.nfields)]
        for row in range(result.ntuples)
    ]
    return print_rows(names, rows)


def test_every_view_has_one(migrated: tuple[Report, str, str]) -> None:
    with psycopg.connect(migrated[1]) as connection:
        assert set(EXAMPLES) == {view.name for view in reference.list_views(connection)}
    heads = [line for line in SOURCE.read_text().splitlines() if line.startswith("select")]
    assert len(heads) == len(EXAMPLES)  # none is written so that it would not be found


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=list(EXAMPLES))
def test_an_example_prints_what_is_written(
    example: Example, analyst: psycopg.Connection[Any]
) -> None:
    assert f"from {example.name}\n" in f"{example.query[:-1]}\n"
    printed = run(analyst, example.query)
    assert printed.count("\n") > 2, "no rows"
    written = "".join(f"-- {line}\n" for line in printed.splitlines())
    assert example.printed == printed, f"write under the query:\n{written}"


def test_a_table_is_printed_as_psql_does() -> None:
    assert print_rows(["name", "n"], [["a", "1"], ["", "-10.5"]]).splitlines() == [
        " name |     n",
        "------+-------",
        " a    |     1",
        "      | -10.5",
    ]
