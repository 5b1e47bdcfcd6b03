"""The local stack from the command line: `python -m infra.local run|deploy|stop|reset`."""

import signal
import sys
import time
from types import FrameType


class _End:
    """Unwinds at a signal, but lets no second Ctrl-C cut the tidying short.

    One that comes much later counts again: Python drops an exception that meets a finalizer.
    """

    def __init__(self) -> None:
        self._heard = -10.0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if time.monotonic() > self._heard + 5:
            self._heard = time.monotonic()
            sys.exit(0)


def main() -> int:
    """0 when it was done or ended by a signal, 1 with a sentence when it could not be done."""
    _heed(_End())
    try:
        # Imported here, because Ctrl-C may come during the second that it takes.
        from infra.local import commands

        return commands.main()
    finally:
        _heed(signal.SIG_IGN)  # one that comes while Python says goodbye is late


def _heed(handler: _End | signal.Handlers) -> None:
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, handler)


if __name__ == "__main__":
    sys.exit(main())
