"""`make audit`: known vulnerabilities of all that is pinned, asked of the Python Advisory Database.

No part of `make test`: the answer is another one every day, and needs a service of others. Whoever
releases runs it. An advisory that does not concern us stands in infra/advisories.toml, with why.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from infra.local.environments import ENVIRONMENTS, ROOT
from infra.local.locks import list_locks

ADVISORIES = ROOT / "infra/advisories.toml"
WORDS = ("--format=json", "--progress-spinner=off", "--disable-pip", "--require-hashes")


class AuditError(RuntimeError):
    """Why nothing is known of some package: that is not the same as no vulnerability."""


class Accepted(NamedTuple):
    """An advisory that does not concern Tiltyard."""

    id: str
    package: str
    because: str
    until: date


class Finding(NamedTuple):
    """An advisory that a pinned version is affected by."""

    package: str
    version: str
    ids: tuple[str, ...]  # of the same advisory
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        fixed = f"fixed in {' and '.join(self.fixed_in)}" if self.fixed_in else "not fixed yet"
        return f"{self.package} {self.version}: {', '.join(self.ids)} ({fixed})"


def read_accepted(file: Path = ADVISORIES) -> list[Accepted]:
    """The advisories that are passed over."""
    entries = tomllib.loads(file.read_text()).get("accepted", [])
    return [Accepted(**entry) for entry in entries]


def read_findings(report: dict[str, Any]) -> list[Finding]:
    """What pip-audit found; AuditError when it could not learn something."""
    unknown = [one["name"] for one in report["dependencies"] if "skip_reason" in one]
    if unknown:
        raise AuditError(f"Nothing is known of {', '.join(unknown)}; is the service reached?")
    return [
        Finding(
            one["name"],
            one["version"],
            (found["id"], *found.get("aliases", [])),
            tuple(found.get("fix_versions", [])),
        )
        for one in report["dependencies"]
        for found in one["vulns"]
    ]


def judge(findings: Iterable[Finding], accepted: Iterable[Accepted], today: date) -> list[str]:
    """A sentence for each finding that nobody accepted, and each acceptance that is over."""
    findings, accepted = set(findings), list(accepted)
    alive = {(one.package, one.id) for one in accepted if today <= one.until}
    open_ = [one for one in findings if not alive & {(one.package, id_) for id_ in one.ids}]
    told = [f"{one.id} was accepted until {one.until}." for one in accepted if one.until < today]
    known = {(one.package, id_) for one in findings for id_ in one.ids}
    told += [
        f"{one.id} is no longer found in {one.package}: delete it."
        for one in accepted
        if (one.package, one.id) not in known
    ]
    return sorted(str(one) for one in open_) + told


def _ask(lock: Path) -> dict[str, Any]:
    program = ENVIRONMENTS["audit"].folder() / "bin/pip-audit"
    done = subprocess.run(
        [program, *WORDS, "--requirement", lock], capture_output=True, text=True, check=False
    )
    try:  # it exits with 1 also for what it found
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise AuditError(f"{lock.relative_to(ROOT)} cannot be audited: {reason}") from None
    return report


def main() -> int:
    """Audit every lock; exit 1 when anything is found, or cannot be learnt."""
    try:
        findings = [one for lock in list_locks() for one in read_findings(_ask(lock))]
    except AuditError as error:
        print(error, file=sys.stderr)
        return 1
    told = judge(findings, read_accepted(), datetime.now(UTC).date())
    print("\n".join(told) or f"{len(list_locks())} locks, no vulnerability that is known.")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
