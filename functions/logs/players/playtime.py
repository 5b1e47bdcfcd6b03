"""Playtime: seconds of sessions as the panel shows them."""

from __future__ import annotations

from typing import Literal

Method = Literal["exact", "inferred", "mixed", "none"]


def to_hours(seconds: int) -> float:
    """Seconds as hours with one decimal, half up."""
    return (seconds * 10 + 1800) // 3600 / 10


def to_mean(total: int, count: int) -> float:
    """total / count with one decimal, half up; 0 for a count of 0."""
    return (total * 20 + count) // (count * 2) / 10 if count else 0.0


def get_method(exact: bool | None, inferred: bool | None) -> Method:
    """How what was counted is known: by sessions whose end was sent, by others, or by both."""
    if exact:
        return "mixed" if inferred else "exact"
    return "inferred" if inferred else "none"
