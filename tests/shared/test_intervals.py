"""Wilson's interval: known values, and its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.intervals import find_interval


@pytest.mark.parametrize(
    ("wins", "sample", "low", "high"),
    [  # as R's prop.test without correction has them
        *((0, 1, 0.0, 0.79346), (1, 1, 0.20654, 1.0), (5, 10, 0.23659, 0.76341)),
        *((9, 17, 0.30964, 0.73834), (55, 100, 0.45245, 0.64386), (0, 20, 0.0, 0.16113)),
    ],
)
def test_known_intervals(wins: int, sample: int, low: float, high: float) -> None:
    assert find_interval(wins, sample) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10**12), st.floats(0, 1))
def test_the_share_is_inside(sample: int, share: float) -> None:
    wins = round(sample * share)
    low, high = find_interval(wins, sample)
    assert 0 <= low <= high <= 1
    assert low <= wins / sample + 1e-12
    assert wins / sample - 1e-12 <= high
    mirrored = find_interval(sample - wins, sample)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)
