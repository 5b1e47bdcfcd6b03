"""What a fire came to, as Markdown."""

from __future__ import annotations

import os
import platform
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.fire.account import Verdict
from tests.fire.faults import Faults
from tests.fire.ground import Ground
from tests.fire.journal import NO_ANSWER, Journal
from tests.fire.schedule import Plan

SHOWN = 5  # problems of one account


@dataclass(frozen=True)
class Fire:
    """All that a report tells of."""

    plan: Plan
    began: datetime
    seconds: float
    load: str  # of the machine, when it began and when it was over
    ground: Ground
    journal: Journal
    lanes: Sequence[Faults]
    verdicts: Sequence[Verdict]

    @property
    def is_right(self) -> bool:
        return all(one.is_right for one in self.verdicts)

    @property
    def kills(self) -> Counter[str]:
        return sum((lane.kills for lane in self.lanes), Counter())


def describe(fire: Fire) -> str:
    """The whole report."""
    parts = [
        _head(fire),
        _verdicts(fire.verdicts),
        _faults(fire),
        _requests(fire.journal),
        _slowest(fire.journal),
    ]
    return "\n\n".join(parts) + "\n"


def _head(fire: Fire) -> str:
    requests = sum(len(op.attempts) for op in fire.journal.ops)
    wrong = sum(not one.is_right for one in fire.verdicts)
    verdict = "Every account is right." if fire.is_right else f"{wrong} accounts are wrong."
    untried = [f"not tried: {what} ({why})." for what, why in fire.ground.untried.items()]
    return "\n".join(
        [
            "# Under fire",
            "",
            "Written by `make fire`, which sets a stack of its own on fire: clients of all domains",
            "work while its database, network, disk, functions, queue, schedules and clocks fail.",
            "At the end what was answered is held against what is stored.",
            "[tests/fire](../tests/fire/README.md) says how.",
            "",
            f"**{verdict}** {' '.join(untried) if untried else 'Everything was tried.'}",
            "",
            "| | |",
            "|---|---|",
            f"| date | {fire.began:%Y-%m-%d %H:%M} UTC |",
            f"| machine | {_describe_machine()} |",
            f"| its load (1 minute), before and after | {fire.load} |",
            f"| database | {fire.ground.server.where.partition(', data')[0]} |",
            f"| seed | {fire.plan.seed} |",
            f"| under fire for | {fire.seconds:.0f} s |",
            f"| things to do, and requests for them | {len(fire.journal.ops):,}, {requests:,} |",
            f"| kills | {fire.kills.total()} |",
        ]
    )


def _describe_machine() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(errors="replace"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = model[1].strip() if model else platform.machine()
    return f"{os.cpu_count()} cores ({name}), {memory:.0f} GiB, Python {platform.python_version()}"


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    rows = ["## Accounts", "", "| of | account | counted | |", "|---|---|---|---|"]
    for one in verdicts:
        said = "right"
        if not one.is_right:
            shown = "; ".join(one.problems[:SHOWN]).replace("|", "/")
            said = f"**wrong** ({len(one.problems)}): {shown}"
        rows.append(f"| {one.domain} | {one.account} | {one.counted:,} | {said} |")
    return "\n".join(rows)


def _faults(fire: Fire) -> str:
    rows = ["## Faults", "", "| killed | times |", "|---|---|"]
    rows += [f"| {what} | {count} |" for what, count in sorted(fire.kills.items())]
    rows += ["", "| fault | times |", "|---|---|"]
    for lane in fire.lanes:
        rows += [f"| {name} | {count} |" for name, count in sorted(lane.had.items())]
    failed = [f"- {one}" for lane in fire.lanes for one in lane.failed]
    return "\n".join(
        [*rows, *(["", "Faults that could not be had:", "", *failed] if failed else [])]
    )


def _requests(journal: Journal) -> str:
    latencies = journal.list_latencies()
    rows = [
        "## Requests",
        "",
        "| domain | by status | median ms | 99 % | slowest |",
        "|---|---|---|---|---|",
    ]
    for domain, counted in sorted(journal.count_statuses().items()):
        statuses = ", ".join(f"{_status(code)}: {n:,}" for code, n in sorted(counted.items()))
        times = latencies[domain]
        at = [times[int(share * (len(times) - 1))] for share in (0.5, 0.99, 1)]
        rows.append(f"| {domain} | {statuses} | " + " | ".join(f"{ms:,.0f}" for ms in at) + " |")
    return "\n".join(rows)


def _status(code: int) -> str:
    return "no answer" if code == NO_ANSWER else str(code)


def _slowest(journal: Journal) -> str:
    rows = [
        "## The slowest answers",
        "",
        "| ms | after s | status | request |",
        "|---|---|---|---|",
    ]
    for attempt, op in journal.list_slowest():
        route = re.sub(r"/(btl_\w+|\d+)", "/…", op.route)
        rows.append(
            f"| {attempt.ms:,.0f} | {attempt.at:.0f} | {_status(attempt.status)} | `{route}` |"
        )
    return "\n".join(rows)


def read_load() -> str:
    """The machine's load of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def read_now() -> datetime:
    """Now."""
    return datetime.now(UTC)
