"""Exact matching of least cost, by rustworkx; costs of several terms are packed into one number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import neg

Edge = tuple[int, int, int]  # two vertices, the lower first, and the cost

# The matching calculates in 128 bits and does not notice when they overflow.
MAX_BITS = 120


class MatchingError(RuntimeError):
    """The matching failed or left a vertex over: an error of the program, never of a tournament."""


def weigh_terms(bounds: Sequence[int]) -> tuple[int, ...]:
    """The weight of each term of a cost, so that sums compare as the terms do in their order.

    `bounds` has the most that a term can come to over a whole matching.
    """
    weights = [1]
    for bound in reversed(bounds):
        weights.append(weights[-1] * (bound + 1))
    *reversed_weights, total = weights
    assert total < 1 << MAX_BITS, "costs do not fit: the matching would be silently wrong"
    return tuple(reversed(reversed_weights))


def match(edges: Iterable[Edge], vertices: int, pairs: int) -> list[tuple[int, int]]:
    """The cheapest matching of so many pairs, sorted; repeatable for edges that are sorted."""
    import rustworkx  # 7 MB and 15 ms, for requests that pair alone

    graph: rustworkx.PyGraph[None, int] = rustworkx.PyGraph(multigraph=False)
    graph.add_nodes_from([None] * vertices)
    graph.add_edges_from(list(edges))
    try:
        found = rustworkx.max_weight_matching(graph, max_cardinality=True, weight_fn=neg)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust; no Exception, so nobody catches it
            raise
        raise MatchingError(f"the matching panicked: {error}") from None
    if len(found) != pairs:
        raise MatchingError(f"{len(found)} pairs of {pairs} were found")
    return sorted((min(pair), max(pair)) for pair in found)
