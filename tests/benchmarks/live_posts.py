"""Posting alone, warm: a frame to each of some sockets, at once or one by one."""

from __future__ import annotations

import json
import math
from typing import Any

from functions.live import management
from functions.live.management import Outcome
from tests.benchmarks import callee

_FRAME = json.dumps({"type": "attack", "player_name": "Player 1", "filler": "x" * 400}).encode()


def post(event: dict[str, Any], _: Any) -> dict[str, int]:
    """As the sender of a room does, without its room."""
    frames = {f"posts-{n}": [_FRAME] for n in range(event["sockets"])}
    if event["at_once"]:
        done = management.post_all(frames, 60)
    else:
        done = {name: management.post(name, own, math.inf) for name, own in frames.items()}
    assert {one.outcome for one in done.values()} == {Outcome.POSTED}
    return {"statusCode": 200}


if __name__ == "__main__":
    callee.serve(post)
