"""Gauges: metrics of what a moment is like, for alarms and the dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from functions.health import health
from functions.shared import db, log, stores
from functions.shared.settings import settings

_HOUR = 3600.0
# After how many seconds without success a scheduled job is overdue: two firings and a bit, for what
# template.yaml fires, but this one, of which nobody hears then.
OVERDUE_AFTER = {
    f"{domain}.{job}": seconds
    for domain, jobs in {
        "rollups": {
            "refresh": _HOUR,
            "catch_up": _HOUR,
            "audit": 26 * _HOUR,
            "retention": 26 * _HOUR,
            "maintenance": 26 * _HOUR,
            "analysts": _HOUR / 4,
            "frozen": _HOUR / 4,
        },
        "lake": {"write": 26 * _HOUR, "erasure": 5 * _HOUR},
        "logs": {"privacy": 3 * _HOUR},
        "game": {"pool": _HOUR / 2},
        "live": {"sweep": _HOUR / 4},
    }.items()
    for job, seconds in jobs.items()
}


@dataclass
class Report:
    """What was measured; null: it could not be read. `budget_use`: percent of FANOUT_RATE."""

    lag_seconds: float | None = None
    quarantined: int | None = None
    sockets: int | None = None
    budget_use: float | None = None
    overdue_jobs: int = 0


def measure() -> Report:
    """Writes every gauge that can be read as a metric. Two round trips a store."""
    parts, report = health.fetch_parts(), Report()
    report.overdue_jobs = count_overdue_jobs()
    log.metric("JobsOverdue", report.overdue_jobs)
    if (rollups := parts["rollups"]) is not None:
        report.lag_seconds = max((one["lag_seconds"] for one in rollups), default=0)
        log.metric("RollupLag", report.lag_seconds, "Seconds")
    if (quarantine := parts["quarantine"]) is not None:
        report.quarantined = quarantine["bodies"]
        log.metric("RoundsQuarantined", report.quarantined)
    if (live := parts["live"]) is not None:
        report.sockets = live["sockets"]
        report.budget_use = 100 * live["budget"]["posts_per_second"] / settings().fanout_rate
        log.metric("SocketsOpen", report.sockets)
        log.metric("FanoutBudgetUse", report.budget_use, "Percent")
    return report


def count_overdue_jobs() -> int:
    """How many scheduled jobs did not succeed for too long, or never since the last migration; all
    of a store that cannot be asked."""
    count = 0
    for store in stores.list_stores():
        with stores.on(store):
            jobs = {
                job: seconds
                for job, seconds in OVERDUE_AFTER.items()
                if job.startswith("rollups.") or stores.is_here(job.partition(".")[0])
            }
            try:
                count += _count_overdue(jobs)
            except db.DatabaseUnavailable:
                count += len(jobs)
    return count


def _count_overdue(jobs: dict[str, float]) -> int:
    count: int = db.fetch_value(
        """
        select count(*)
        from unnest(%s::text[], %s::double precision[]) as job (name, seconds)
        left join shared.job_runs as r using (name)
        where coalesce(r.succeeded_at, (select max(applied_at) from shared.migrations))
          < clock_timestamp() - make_interval(secs => job.seconds)
        """,
        (list(jobs), list(jobs.values())),
    )
    return count
