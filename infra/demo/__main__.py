"""Plays an evening of Trouble in Terrorist Town against the running stack, then reads it back.

Two servers, about twenty players and a tilt bot, over HTTP, and a sandbox server that sends its
logs; the same --seed is the same evening until the next is over. At last six players of the web
game fight a dragon, another one each time, and twelve players of the 40K tracker play a tournament.
Goes to URL with API_KEY, STAFF_KEY, ADMIN_TOKEN and ORGANIZER_TOKEN, else to the checkout's own
stack.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from datetime import UTC, datetime

from infra.demo import cup, raid, tables
from infra.demo.evening import SERVERS, Evening, get_last_evening
from infra.demo.freebuild import Freebuild
from infra.demo.progress import Progress
from infra.demo.service import DemoError, find_service, find_staff_service


def main() -> None:
    """Prints how far it is, what became of it, and the statistics."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another number, another evening")
    parser.add_argument("--rounds", type=_count, default=100, help="of all servers (100)")
    arguments = parser.parse_args()
    evening = Evening(arguments.seed, arguments.rounds, get_last_evening(datetime.now(UTC)))
    try:
        with closing(find_service()) as service:
            print(f"{evening.end:%A, %d %B %Y}, until {evening.end:%H:%M} UTC on {service.url}")
            evening.play(service, Progress(sys.stdout, f"rounds on {SERVERS} servers"))
            print(evening.describe())
            for text in tables.build_tables(service, evening.window, evening.users):
                print(f"\n{text}")
        _build(Freebuild(arguments.seed, evening.end))
        _raid()
        _cup(arguments.seed)
    except DemoError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped; run it again to play the rest.")


def _build(evening: Freebuild) -> None:
    """The sandbox server's evening, for stacks whose staff we are."""
    if os.environ.get("URL") and not os.environ.get("STAFF_KEY"):
        print("\nThe sandbox server stays out: set STAFF_KEY to a key of scope admin for it.")
        return
    with closing(find_staff_service()) as panel:
        print()
        evening.play(panel, Progress(sys.stdout, "log events of a sandbox server"))
        print(evening.describe())
        for text in evening.build_tables(panel):
            print(f"\n{text}")


def _raid() -> None:
    """The raid of the web game, for stacks that we run."""
    if os.environ.get("URL") and not os.environ.get("ADMIN_TOKEN"):
        print("\nThe raid stays out: set ADMIN_TOKEN to what an admin's login answered for it.")
        return
    with closing(find_service()) as service:
        print()
        raid.main(service.url, service.key)


def _cup(seed: int) -> None:
    """The tournament of the tracker, for stacks on which we may organise one."""
    if os.environ.get("URL") and not os.environ.get("ORGANIZER_TOKEN"):
        print(
            "\nThe tournament stays out: set ORGANIZER_TOKEN to the access token of an organiser "
            "or admin for it."
        )
        return
    with closing(find_service()) as service:
        print()
        cup.main(service.url, service.key, seed)


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 1000:
        raise argparse.ArgumentTypeError("must be from 1 to 1000")
    return count


if __name__ == "__main__":
    main()
