"""The live function, warm: does the work of a JSON line after the other, until the end of input."""

from __future__ import annotations

import json
import sys

from functions.live import handlers


def main() -> None:
    """Ends with the first work that fails."""
    for line in sys.stdin:
        handlers.sockets(json.loads(line), None)


if __name__ == "__main__":
    main()
