"""When which fault is had: two lanes, drawn from a seed, until there were enough kills."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.fire.faults import Faults
from tests.fire.ground import Ground

_CALM = (0.5, 2.5)  # seconds between two faults of a lane


@dataclass(frozen=True)
class Plan:
    """How long a fire lasts: `seconds` at least, and until there were so many `kills`.

    `pace`: how long what is broken stays so, and how long it is calm in between; 1 as in life.
    """

    seed: int
    seconds: float
    kills: int
    pace: float = 1.0

    @property
    def longest(self) -> float:
        """When it ends at the latest, however few kills there were."""
        return 2 * self.seconds + 120


def burn(ground: Ground, plan: Plan, tell: Callable[[str], None]) -> tuple[Faults, Faults]:
    """Has faults as planned; those of the database, and those of functions.

    Each lane has all its faults once, in an order of its own, before it has one again.
    """
    ended = threading.Event()
    lanes = tuple(
        Faults(ground, random.Random(f"{plan.seed} {lane}"), ended.wait, plan.pace)
        for lane in ("database", "functions")
    )
    rounds = (lanes[0].of_the_database, lanes[1].of_functions)
    threads = [
        threading.Thread(target=_burn_lane, args=(faults, kinds, ended, plan, number), daemon=True)
        for number, (faults, kinds) in enumerate(zip(lanes, rounds, strict=True))
    ]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    while not _is_over(time.monotonic() - begun, plan, lanes):
        time.sleep(5)
        kills = sum(sum(one.kills.values()) for one in lanes)
        faults = sum(sum(one.had.values()) for one in lanes)
        tell(f"{time.monotonic() - begun:4.0f} s: {faults} faults, {kills} kills")
    ended.set()
    for thread in threads:
        thread.join()
    return lanes[0], lanes[1]


def _is_over(seconds: float, plan: Plan, lanes: tuple[Faults, ...]) -> bool:
    kills = sum(sum(one.kills.values()) for one in lanes)
    had_all = all(
        len(one.had) >= len(kinds)
        for one, kinds in zip(lanes, (lanes[0].of_the_database, lanes[1].of_functions), strict=True)
    )
    return seconds > plan.longest or (seconds > plan.seconds and kills >= plan.kills and had_all)


def _burn_lane(
    faults: Faults, kinds: list[Callable[[], None]], ended: threading.Event, plan: Plan, lane: int
) -> None:
    while not ended.is_set():
        drawn = list(kinds)
        if lane:  # functions die between all that happens to them
            drawn += [faults.kill_functions] * len(kinds)
        faults.rng.shuffle(drawn)
        for fault in drawn:
            ended.wait(plan.pace * faults.rng.uniform(*_CALM))
            if ended.is_set():
                return
            faults.have(fault)
