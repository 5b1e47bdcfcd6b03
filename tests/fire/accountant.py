"""When the fire is out: whether what was answered is what is stored."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from infra.local.stack import secret_keys
from tests.fire.account import Verdict, list_failures, list_refusals, list_unsettled
from tests.fire.ground import Ground
from tests.fire.journal import Journal
from tests.fire.load.domain import Audited, Load
from tests.support.rollups import connect, wrong

# A message that was tried through many outages waits for up to a quarter of an hour.
_DRAIN_SECONDS = 1000.0
_REFRESHES = 20
_SHORT = 12  # characters below which a text is no secret, but any word


def audit(
    ground: Ground, journal: Journal, loads: Sequence[Load], tell: Callable[[str], None]
) -> list[Verdict]:
    """Every verdict. Waits until queues are empty and rollups are refreshed."""
    verdicts = [_drain(ground, tell)]
    with ground.connect() as store:
        audited = Audited(journal, store)
        for load in loads:
            verdicts += load.account(audited)
    # After them: a load knows what only looks like a refusal.
    verdicts[1:1] = [one(journal.ops) for one in (list_unsettled, list_failures, list_refusals)]
    tell("Recounting rollups.")
    verdicts += _recount(ground)
    verdicts.append(_read_logs(ground, [one for load in loads for one in load.list_secrets()]))
    return verdicts


def _drain(ground: Ground, tell: Callable[[str], None]) -> Verdict:
    """Waits until all that was accepted has been stored; dead letters are lost."""
    until, told = time.monotonic() + _DRAIN_SECONDS, 0.0
    while (left := _count(ground, ground.stack.deployed.queue)) and time.monotonic() < until:
        if time.monotonic() > told + 10:
            told = time.monotonic()
            tell(f"{left} messages wait in the queue.")
        time.sleep(1)
    problems = [f"{left} messages are still in the queue"] if left else []
    dead = _count(ground, ground.stack.deployed.dead_letters)
    problems += [f"{dead} dead letters: {_reasons(ground)}"] if dead else []
    return Verdict("all", "queues are empty, no dead letters", 2, tuple(problems))


def _count(ground: Ground, queue: str) -> int:
    kinds = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    said = ground.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=kinds)
    return sum(int(said["Attributes"][kind]) for kind in kinds)


def _reasons(ground: Ground) -> list[str]:
    got = ground.client("sqs").receive_message(
        QueueUrl=ground.stack.deployed.dead_letters,
        VisibilityTimeout=0,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
    )
    return sorted(
        {
            str(one.get("MessageAttributes", {}).get("reason", {}).get("StringValue"))
            for one in got.get("Messages", [])
        }
    )


def _recount(ground: Ground) -> list[Verdict]:
    """Refreshes, lets the audit look at all buckets, and counts everything anew by brute force."""
    for _ in range(_REFRESHES):
        report = _call(ground, "Refresh")
        if not report.get("left") and not report.get("busy", True):
            break
        time.sleep(2)
    audited = _call(ground, "Audit")
    problems = [] if audited.get("wrong") == {} else [f"the audit says {audited}"]
    connection = connect(ground.server.app_url)
    try:
        differing = wrong(connection)
        [dirty] = connection.execute(
            "select count(*) as buckets from rollups.dirty_buckets"
        ).fetchall()
    finally:
        connection.close()
    return [
        Verdict("rollups", "the audit finds nothing", 1, tuple(problems)),
        Verdict(
            "rollups",
            "every rollup is what its raw rows come to",
            int(dirty["buckets"]),
            tuple(f"{name}: {rows} rows" for name, rows in differing.items()),
        ),
    ]


def _call(ground: Ground, name: str) -> dict[str, Any]:
    answer = ground.client("lambda").invoke(FunctionName=ground.find_function(name), Payload=b"{}")
    said: dict[str, Any] = json.loads(answer["Payload"].read()) or {}
    return said


def list_logs(ground: Ground) -> list[Path]:
    """Every file that the stack, its cloud and its database wrote their logs to."""
    return sorted([*ground.home.rglob("*.log"), *ground.data.parent.rglob("*.log")])


def _read_logs(ground: Ground, used: Sequence[str]) -> Verdict:
    """Looks for everything secret that was used in every log; names files, and no secret."""
    keys = [one for one in secret_keys().values() if isinstance(one, str)]
    token = ground.stack.cloud.token
    passwords = [
        url.split(":")[2].split("@")[0] for url in (ground.server.admin_url, ground.server.app_url)
    ]
    secrets = {one for one in (*used, *keys, token, *passwords) if len(one) >= _SHORT or "." in one}
    problems, files = [], list_logs(ground)
    for file in files:
        text = file.read_text(errors="replace")
        found = sum(secret in text for secret in secrets)
        if found:
            problems.append(f"{file.name}: {found} of them")
    return Verdict("logs of all", f"secrets in {len(files)} logs: 0", len(secrets), tuple(problems))
