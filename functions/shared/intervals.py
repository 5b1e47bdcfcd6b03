"""How sure a rate is that was counted: its interval."""

from __future__ import annotations

import math

_Z = 1.959963984540054  # of a 95 % interval


def find_interval(wins: int, sample: int) -> tuple[float, float]:
    """Between which shares the true one lies, by 95 %: Wilson's score interval.

    https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval; `sample` is not 0.
    """
    share, z2 = wins / sample, _Z * _Z
    middle = share + z2 / (2 * sample)
    spread = _Z * math.sqrt(share * (1 - share) / sample + z2 / (4 * sample * sample))
    low, high = (edge / (1 + z2 / sample) for edge in (middle - spread, middle + spread))
    return max(0.0, low), min(1.0, high)
