"""How the recount rounds and writes numbers and times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor

Z = Fraction("1.959963984540054")


def r(x: Fraction | int, digits: int) -> int | float:
    """`x` rounded half up, also below zero: -0.5 becomes 0."""
    rounded = Fraction(floor(x * 10**digits + Fraction(1, 2)), 10**digits)
    return int(rounded) if rounded.denominator == 1 else float(rounded)


def ratio(part: int, whole: int, digits: int, per: int = 1) -> int | float:
    """`per` times the ratio, 0 if there is nothing to divide by."""
    return r(Fraction(per * part, whole), digits) if whole else 0


def percent(part: int, whole: int) -> int | float:
    """With one digit."""
    return ratio(part, whole, 1, per=100)


def kd(kills: int, deaths: int) -> int | float:
    """Kills per death; the kills themselves of somebody who never died."""
    return ratio(kills, deaths, 2) if deaths else kills


def mean(values: Sequence[int], digits: int) -> int | float | None:
    """None if there are no values."""
    return ratio(sum(values), len(values), digits) if values else None


def iso(at: datetime) -> str:
    """The time as answers show it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wilson(wins: int, n: int) -> list[int | float]:
    """The 95 % score interval of a rate, in percent."""
    rate = Fraction(wins, n)
    under = rate * (1 - rate) / n + Z**2 / (4 * n**2)
    with localcontext() as context:
        context.prec = 60
        root = Fraction((Decimal(under.numerator) / Decimal(under.denominator)).sqrt())
    middle, half, scale = rate + Z**2 / (2 * n), Z * root, 1 + Z**2 / n
    return [r(100 * (middle - half) / scale, 1), r(100 * (middle + half) / scale, 1)]
