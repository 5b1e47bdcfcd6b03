"""Chance: numbers that nobody can foresee. The store scales them, and keeps each that decides.

Tests put a source of their own in the place of `source`.
"""

from __future__ import annotations

from secrets import SystemRandom
from typing import Protocol

BITS = 32  # of a draw


class Source(Protocol):
    """Where bits come from."""

    def getrandbits(self, k: int, /) -> int:
        """A whole number of k random bits."""


source: Source = SystemRandom()


def draw() -> int:
    """A whole number, evenly from 0 to 2^32 - 1."""
    return source.getrandbits(BITS)


def draw_many(count: int) -> list[int]:
    """As many draws."""
    return [draw() for _ in range(count)]
