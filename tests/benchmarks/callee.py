"""The inner half of a measured process: answers Lambda events, says how long each took.

`tests/benchmarks/caller.py` is the outer half. What the handler prints goes to /dev/null: it is
paid for, but not read.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any


def serve(handler: Callable[[Any, Any], Any], prepare: Callable[[Any], Any] | None = None) -> None:
    """Reads a JSON list a line, calls the handler, writes a line of seconds; until end of input.

    `prepare` makes of an event what the handler takes, outside the timing: it says when it is
    ready, and begins when it is told.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin:
        seconds = []
        events = json.loads(line)
        prepared = [prepare(event) for event in events] if prepare else events
        print("ready", file=answers, flush=True)
        sys.stdin.readline()
        for given in prepared:
            began = time.perf_counter()
            answer = handler(given, None)
            seconds.append(time.perf_counter() - began)
            assert answer["statusCode"] in (200, 201), answer
        print(json.dumps(seconds), file=answers, flush=True)
