"""The matching: packed costs, an oracle, and what happens when it fails."""

from __future__ import annotations

from itertools import product
from random import Random

import networkx
import pytest
import rustworkx

from functions.tracker.engine.costs import list_bye_edges, list_edges, read_field
from functions.tracker.engine.matching import MAX_BITS, Edge, MatchingError, match, weigh_terms
from tests.support.histories import play_rounds


def match_by_networkx(edges: list[Edge]) -> int:
    """The least cost of a perfect matching."""
    graph = networkx.Graph()
    most = max(cost for _, _, cost in edges)
    graph.add_weighted_edges_from((i, j, most - cost) for i, j, cost in edges)
    costs = {(i, j): cost for i, j, cost in edges}
    found = networkx.max_weight_matching(graph, maxcardinality=True)
    return sum(costs[min(pair), max(pair)] for pair in found)


def sum_costs(edges: list[Edge], pairs: list[tuple[int, int]]) -> int:
    costs = {(i, j): cost for i, j, cost in edges}
    return sum(costs[pair] for pair in pairs)


@pytest.mark.parametrize("count", [16, 33, 50])
def test_it_is_as_cheap_as_networkx_finds(count: int) -> None:
    event = play_rounds([f"usr_{n}" for n in range(count)], 6, Random(count))
    field = read_field(event, 7)
    free = list(range(count))
    bye = None
    if count % 2:
        edges = list(list_bye_edges(field, free))
        pairs = match(edges, count + 1, (count + 1) // 2)
        assert sum_costs(edges, pairs) == match_by_networkx(edges)
        [bye] = [i for i, j in pairs if j == count]
        free.remove(bye)
    edges = list(list_edges(field, free, bye))
    pairs = match(edges, len(free), len(free) // 2)
    assert sum_costs(edges, pairs) == match_by_networkx(edges)


def test_costs_close_to_the_limit_are_matched_exactly() -> None:
    """Terms of 118 bits in all, of which only the last ones differ."""
    random = Random(1)
    high = 1 << (MAX_BITS - 3)
    for _ in range(30):
        edges = [
            (i, j, high * random.randrange(2) // 8 + random.randrange(4))
            for i in range(10)
            for j in range(i + 1, 10)
        ]
        pairs = match(edges, 10, 5)
        assert sum_costs(edges, pairs) == match_by_networkx(edges)


def test_weights_compare_sums_as_their_terms() -> None:
    bounds = (2, 3, 4)
    weights = weigh_terms(bounds)
    vectors = list(product(*(range(bound + 1) for bound in bounds)))
    sums = [sum(w * v for w, v in zip(weights, vector, strict=True)) for vector in vectors]
    assert sums == sorted(sums) == list(range(3 * 4 * 5))


def test_costs_that_do_not_fit_are_an_error() -> None:
    assert weigh_terms(((1 << 60) - 1, (1 << 59) - 1)) == (1 << 59, 1)
    with pytest.raises(AssertionError, match="silently wrong"):
        weigh_terms(((1 << 60) - 1, (1 << 60) - 1))


def test_the_largest_events_fit() -> None:
    """512 players and 2,000 of them, all terms as bad as twelve rounds make them."""
    for count in (512, 2000):
        pairs = count // 2
        gaps = (24**2, 240**2)
        for gap in gaps:
            weigh_terms((pairs * 12, pairs, pairs * gap, pairs * 24, pairs * count**2))


def test_who_cannot_be_matched_is_an_error() -> None:
    with pytest.raises(MatchingError, match="1 pairs of 2"):
        match([(0, 1, 5), (0, 2, 5), (0, 3, 5)], 4, 2)


def test_a_panic_of_rust_is_an_error_that_can_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no Exception: it would pass every handler and end the process."""

    class PanicException(BaseException):
        """What pyo3 raises."""

    def panic(*_: object, **__: object) -> None:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(rustworkx, "max_weight_matching", panic)
    with pytest.raises(MatchingError, match="panicked: index out of bounds"):
        match([(0, 1, 5)], 2, 1)


def test_an_interrupt_is_no_panic(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rustworkx, "max_weight_matching", interrupt)
    with pytest.raises(KeyboardInterrupt):
        match([(0, 1, 5)], 2, 1)


def test_a_cost_beyond_128_bits_is_refused() -> None:
    with pytest.raises(OverflowError):
        match([(0, 1, 1 << 127 + 1)], 2, 1)
