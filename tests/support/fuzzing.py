"""How much is made up, and from which seed: little and the same each time, or as is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings

SEED = os.environ.get("FUZZ_SEED", "")


def made_up(examples: int, *, most: int | None = None) -> Callable[[Any], Any]:
    """Runs a test of hypothesis with `examples`, the same each time; with FUZZ_SEED with
    FUZZ_EXAMPLES of that seed, but at most `most` where each takes long.
    """
    count = examples
    if SEED:
        count = max(examples, int(os.environ.get("FUZZ_EXAMPLES", "100")))
        count = min(count, most) if most else count
    chosen = settings(
        max_examples=count,
        derandomize=not SEED,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )

    def decorate(test: Any) -> Any:
        return chosen(seed(int(SEED))(test) if SEED else test)

    return decorate
