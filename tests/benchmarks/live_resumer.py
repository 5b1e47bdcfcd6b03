"""The live function, warm: answers the gateway's events, and counts its round trips."""

from __future__ import annotations

from typing import Any

from functions.live import handlers
from functions.shared import db
from tests.benchmarks import callee

# The socket; all that it missed; the budget; that it has got them; and that there are no others.
ROUND_TRIPS = 5


class Counting(db.Connection):
    """A connection that counts how often it waits for the server."""

    waits = 0

    def wait(self, *args: Any, **named: Any) -> Any:
        Counting.waits += 1
        return super().wait(*args, **named)


def resume(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One message; however many events were missed, one round trip reads them."""
    before = Counting.waits
    answer = handlers.sockets(event, context)
    assert Counting.waits - before == ROUND_TRIPS, Counting.waits - before
    return answer


if __name__ == "__main__":
    db.Connection = Counting  # type: ignore[misc]
    db.query("select")
    db.query("select")
    callee.serve(resume)
