"""For functions under libfaketime: it spoils the sleep of Python 3.11, which asks for a moment of
the monotonic clock; this one asks for a while."""

import select
import time


def sleep(seconds: float) -> None:
    """As time.sleep."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = sleep
