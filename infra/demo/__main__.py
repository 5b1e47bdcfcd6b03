"""Plays an evening of Trouble in Terrorist Town against the running stack, then reads it back.

Two servers, about twenty players and a tilt bot, over HTTP; the same --seed is the same evening
until the next is over. Goes to URL with API_KEY, else to the checkout's own stack.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from datetime import UTC, datetime

from infra.demo import tables
from infra.demo.evening import SERVERS, Evening, last_ended
from infra.demo.progress import Progress
from infra.demo.service import DemoError, found


def main() -> None:
    """Prints how far it is, what became of it, and the statistics."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another number, another evening")
    parser.add_argument("--rounds", type=_count, default=100, help="of all servers (100)")
    asked = parser.parse_args()
    evening = Evening(asked.seed, asked.rounds, last_ended(datetime.now(UTC)))
    try:
        with closing(found()) as service:
            print(f"{evening.end:%A, %d %B %Y}, until {evening.end:%H:%M} UTC on {service.url}")
            evening.play(service, Progress(sys.stdout, f"rounds on {SERVERS} servers"))
            print(evening.told())
            for text in tables.read(service, evening.window, evening.users):
                print(f"\n{text}")
    except DemoError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped; run it again to play the rest.")


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 1000:
        raise argparse.ArgumentTypeError("must be from 1 to 1000")
    return count


if __name__ == "__main__":
    main()
