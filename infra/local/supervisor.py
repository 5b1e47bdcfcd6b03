"""Starts the local database again when it dies under the running stack."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local import server_user, timescale
from infra.local.timescale import HOME, Server, TimescaleError

_PAUSE = 1.0
_LONGEST_PAUSE = 30.0


@contextmanager
def supervise(server: Server, say: Callable[[str], None], home: Path = HOME) -> Iterator[None]:
    """While the block runs, a server that ends by itself is started again, and a line says so.

    One that was stopped on purpose stays down.
    """
    ended = threading.Event()

    def follow() -> None:
        pause = _PAUSE
        while not ended.wait(pause):
            pause = min(2 * pause, _LONGEST_PAUSE) if _revive(server, say, home) else _PAUSE

    thread = threading.Thread(target=follow, name="database", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _revive(server: Server, say: Callable[[str], None], home: Path) -> bool:
    """Start the server if it died; True when it cannot be started now."""
    if not timescale.has_died(home):
        return False
    log = server_user.make_reachable(home) / "server.log"
    say(f"The database ended by itself: starting it again. {log} may say why.")
    begun = time.monotonic()
    try:
        again = timescale.start(home)
    except TimescaleError as error:
        say(f"The database does not start: {error}")
        return True
    if again.app_url != server.app_url:
        say("The database's port was taken, it has another: `make stop`, then `make run`.")
    else:
        say(f"The database is up again ({time.monotonic() - begun:.1f} s).")
    return False
