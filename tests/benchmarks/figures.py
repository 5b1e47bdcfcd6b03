"""Figures: what was measured, what it is held against, and whether that is good enough."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """`ratio` is `value` over `versus`, or the other way round where the goal is to be faster."""

    name: str
    value: float
    unit: str
    versus: float | None
    ratio: float | None
    goal: str
    ok: bool


def at_most(name: str, value: float, versus: float, times: float, unit: str = "ms") -> Figure:
    """Goal: no more than `times` the floor."""
    ratio = value / versus
    return Figure(name, value, unit, versus, ratio, f"<= {times:g} x", ratio <= times)


def faster(name: str, value: float, versus: float, times: float, unit: str = "ms") -> Figure:
    """Goal: `times` faster than the peer."""
    ratio = versus / value
    return Figure(name, value, unit, versus, ratio, f">= {times:g} x faster", ratio >= times)


def below(name: str, value: float, most: float, unit: str = "ms") -> Figure:
    """Goal: no more than a number."""
    return Figure(name, value, unit, None, None, f"<= {most:g} {unit}", value <= most)


def at_least(name: str, value: float, least: float, unit: str) -> Figure:
    """Goal: no less than a number."""
    return Figure(name, value, unit, None, None, f">= {least:,g} {unit}", value >= least)


def share(name: str, value: float, versus: float, least: float, unit: str) -> Figure:
    """Goal: no less than a share of what the floor does."""
    ratio = value / versus
    return Figure(name, value, unit, versus, ratio, f">= {least:g} x", ratio >= least)


def stated(name: str, value: float, unit: str = "ms") -> Figure:
    """No goal: it is good to know."""
    return Figure(name, value, unit, None, None, "", True)


def percentile(numbers: Sequence[float], share: float) -> float:
    """What that share of them is not above."""
    return sorted(numbers)[math.ceil(len(numbers) * share) - 1]


def p95(seconds: Sequence[float]) -> float:
    """What 95 % of them are not above."""
    return percentile(seconds, 0.95)


def rounds(
    count: int,
    within: Callable[[Sequence[float]], float] = median,
    **sides: Callable[[int], Sequence[float]],
) -> dict[str, float]:
    """The median, over the rounds, of each side's median in ms; every round asks all sides.

    A side gets the number of the round and returns seconds, of which the round takes what is
    `within` them. Round 0 warms up and is not counted; who begins changes from round to round, so
    that nobody always runs behind the same neighbour.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for number in range(count + 1):
        for name in order:
            seconds = sides[name](number)
            if number:
                found[name].append(within(seconds) * 1000)
        order.append(order.pop(0))
    return {name: median(medians) for name, medians in found.items()}


def table(figures: Iterable[Figure]) -> str:
    """The figures as text, a line each."""
    line = "{:28} {:>10} {:>10} {:>8}  {:15} {}".format
    lines = [line("figure", "value", "versus", "ratio", "goal", "")]
    for one in figures:
        versus = "" if one.versus is None else f"{one.versus:.2f} {one.unit}"
        ratio = "" if one.ratio is None else f"{one.ratio:.3f}"
        value = f"{one.value:.2f} {one.unit}"
        lines.append(line(one.name, value, versus, ratio, one.goal, "ok" if one.ok else "MISSED"))
    return "\n".join(lines)


def save(figures: Iterable[Figure], path: Path) -> None:
    """Writes them as a JSON list."""
    path.write_text(json.dumps([asdict(one) for one in figures], indent=2) + "\n")
