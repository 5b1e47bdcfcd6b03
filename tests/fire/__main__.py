"""`make fire`: sets a stack of its own on fire, and holds what was answered against what is stored.

Exit code 0: every account is right. 1: one is wrong. 3: all are right, but the machine did not let
us try everything; the report says what.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.fire import accountant, report, schedule
from tests.fire.client import Client, Clock
from tests.fire.ground import Ground, burning
from tests.fire.journal import Journal
from tests.fire.load.domain import Load
from tests.fire.report import Fire
from tests.fire.schedule import Plan

RIGHT, WRONG, NOT_ALL_TRIED = 0, 1, 3
_SHORT = (10.0, 5, 0.3)  # seconds, kills, pace
_JOIN_SECONDS = 400.0
_WARM_SECONDS = 60.0


def main(words: Sequence[str] | None = None) -> int:
    """Prints how far it is and what came of it; writes the report where --report says."""
    arguments = _parse(words)
    plan = Plan(arguments.seed, 60 * arguments.minutes, arguments.kills, arguments.pace)
    if arguments.short:
        plan = Plan(arguments.seed, *_SHORT)
    _tell(f"Seed {plan.seed}; at least {plan.seconds:.0f} s and {plan.kills} kills.")
    with burning() as ground, ExitStack() as ending:
        for what, why in ground.untried.items():
            _tell(f"not tried: {what} ({why})")
        fire = _burn(ground, plan, ending)
        text = report.describe(fire)
        _tell(text)
        if arguments.report:
            arguments.report.write_text(text, encoding="utf-8")
        if arguments.keep:
            _keep(ground, arguments.keep)
        _tell("Tidying up; the functions' folders take a while.")
    if not fire.is_right:
        return WRONG
    return NOT_ALL_TRIED if ground.untried else RIGHT


def _burn(ground: Ground, plan: Plan, ending: ExitStack) -> Fire:
    """The fire, and the accounts after it."""
    began, load = report.read_now(), report.read_load()
    loads = _make_loads(ground, plan, ending)
    journal, clock = Journal(), Clock()
    threads = []
    for load_ in loads:
        for number, live in enumerate(load_.list_clients()):
            seed = f"{plan.seed} {type(load_).__name__} {number}"
            client = Client(ground.stack.url, journal, clock, seed)
            threads.append(threading.Thread(target=_live, args=(live, client), daemon=True))
    for thread in threads:
        thread.start()
    _warm_up(journal, len(threads))
    begun = time.monotonic()
    try:
        lanes = schedule.burn(ground, plan, _tell)
    finally:
        clock.end()
    seconds = time.monotonic() - begun
    _tell("The fire is out.")
    until = time.monotonic() + _JOIN_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    verdicts = accountant.audit(ground, journal, loads, _tell)
    load = f"{load}, {report.read_load()}"
    return Fire(plan, began, seconds, load, ground, journal, lanes, verdicts)


def _warm_up(journal: Journal, clients: int) -> None:
    """Lets everybody be answered once, if the machine is not too slow for that."""
    until = time.monotonic() + _WARM_SECONDS
    while sum(op.is_done for op in list(journal.ops)) < clients and time.monotonic() < until:
        time.sleep(0.2)


def _live(live: Callable[[Client], None], client: Client) -> None:
    live(client)


def _make_loads(ground: Ground, plan: Plan, ending: ExitStack) -> list[Load]:
    # Imported here, where settings are there for them.
    from tests.fire.load.accounts import Accounts
    from tests.fire.load.game import Game
    from tests.fire.load.logs import Logs
    from tests.fire.load.tilt import Tilt
    from tests.fire.load.tracker import Tracker
    from tests.fire.load.ttt import Ttt

    url = ground.stack.url
    return [Tilt(), Ttt(plan.seed), Logs(), Accounts(), Game(url, ending), Tracker(url, ending)]


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fire", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--minutes", type=float, default=8.0, help="at least (8)")
    parser.add_argument("--kills", type=int, default=200, help="at least (200)")
    parser.add_argument("--pace", type=float, default=1.0, help="of pauses (1); less is quicker")
    parser.add_argument("--short", action="store_true", help="every fault once, and briefly")
    parser.add_argument("--report", type=Path, help="the file to write the report to")
    parser.add_argument("--keep", type=Path, help="a folder for the logs, to look for a cause")
    return parser.parse_args(words)


def _keep(ground: Ground, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for log in accountant.list_logs(ground):
        (folder / log.name).write_bytes(log.read_bytes())


def _tell(text: str) -> None:
    print(text, flush=True)


def _end(_number: int, _frame: object) -> None:
    sys.exit(130)


if __name__ == "__main__":
    for ending_ in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending_, _end)
    os.environ.pop("DATABASE_URL", None)
    sys.exit(main())
