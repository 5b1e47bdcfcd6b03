"""How dark a cell is."""

from __future__ import annotations

from tests.support.modules import evaluate


def test_nothing_is_no_colour_and_something_always_is_one() -> None:
    expression = "given.map(([value, most]) => m.toStep(value, most))"
    cases = [[0, 10], [1, 10_000], [5000, 10_000], [10_000, 10_000], [1, 1]]
    assert evaluate("heat.js", expression, cases) == [0, 1, 5, 9, 9]
