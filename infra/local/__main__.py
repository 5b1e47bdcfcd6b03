"""The local stack from the command line: `python -m infra.local run|deploy|stop|reset`."""

import signal
import sys
from types import FrameType

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _end(_number: int, _frame: FrameType | None) -> None:
    """Unwind, once: a second Ctrl-C must not cut the tidying short."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(0)


def main() -> int:
    """0 when it was done or ended by a signal, 1 with a sentence when it could not be done."""
    for ending in ENDINGS:
        signal.signal(ending, _end)
    # Imported here, because Ctrl-C may come during the second that it takes.
    from infra.local import program

    return program.main()


if __name__ == "__main__":
    sys.exit(main())
