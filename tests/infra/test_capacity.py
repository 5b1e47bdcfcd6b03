"""The capacity model: its document is fresh, and it answers as arithmetic by hand does."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from infra import capacity
from infra.capacity import Assumption, Model

MODEL = capacity.read_model()
EASY = Model(
    {"single_ms": 2.0, "batch_ms": 100.0, "events_per_core": 10_000}
    | {"bytes_raw": 1_000, "bytes_packed": 100},
    MODEL.assumptions
    | {
        name: Assumption(value, "")
        for name, value in {
            "batch": 100,
            "single": 0,
            "reads": 0,
            "network_ms": 8,
            "peak": 2,
        }.items()
    },
    MODEL.prices,
)


def test_the_document_is_what_the_script_writes() -> None:
    assert capacity.DOCUMENT.read_text() == capacity.write(MODEL)


def test_a_rate_by_hand() -> None:
    """10,000 events/s in batches of 100: 100 requests of 2 + 8 + 10 ms each."""
    need = capacity.compute(10_000, EASY, is_buffered=False)
    assert need.requests == 100
    assert need.seconds == pytest.approx(100 * 0.020)
    assert need.concurrency == 4  # twice that at the peak
    assert need.connections == math.ceil(4 / 0.6)
    assert need.cores == math.ceil((1 + 100 * 0.002) * 2 / 0.6)
    assert need.size == pytest.approx(10_000 * 86_400 * (1_000 + 89 * 100) * 1.1 / 1e9)
    assert need.queue == 36
    assert need.messages == 0


def test_buffered_holds_fewer_connections_and_pays_for_a_queue() -> None:
    direct, buffered = (capacity.compute(100_000, MODEL, mode) for mode in (False, True))
    assert buffered.connections < direct.connections
    assert buffered.cores <= direct.cores
    assert capacity.price(buffered, MODEL)["queue"] > 0 == capacity.price(direct, MODEL)["queue"]


@pytest.mark.parametrize("is_buffered", [False, True])
def test_more_events_never_ask_for_less(is_buffered: bool) -> None:
    needs = [vars(capacity.compute(rate, MODEL, is_buffered)) for rate in capacity.RATES]
    for less, more in pairwise(needs):
        assert all(less[name] <= more[name] for name in less)


def test_a_gateway_is_paid_by_tiers() -> None:
    need = replace(capacity.compute(1, EASY, is_buffered=False), requests=400e6 / (730 * 3600))
    cost = capacity.price(need, EASY)
    assert cost["rest"] == pytest.approx(333 * 3.5 + 67 * 2.8)
    assert cost["http"] == pytest.approx(300 * 1.0 + 100 * 0.9)


def test_every_lever_is_pulled_at_some_rate() -> None:
    """And names something that the model knows."""
    for lever in capacity.LEVERS:
        rates = [capacity._find_rate(lever, MODEL, mode) for mode in (False, True)]
        assert rates != ["–", "–"], lever


def test_the_tiers_begin_with_the_prices_that_are_listed() -> None:
    for kind, tiers in capacity._TIERS.items():
        assert tiers[0][1] == MODEL.prices[kind].value
