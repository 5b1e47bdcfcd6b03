"""Analysts: what they run for too long is ended, whatever time-out they set for themselves."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared import db

SECONDS = 60  # for a statement, and for a transaction that does nothing


@dataclass
class Report:
    """How many statements were cancelled, how many sessions ended, and how many jobs deleted.

    `unseen`: sessions of logins that this one may not end; a migration lets it.
    """

    cancelled: int = 0
    ended: int = 0
    jobs: int = 0
    unseen: int = 0


def run(connection: db.Connection, seconds: float = 0.0) -> Report:
    """Cancels statements of over a minute. Ends sessions that do not heed that within another, that
    are idle within a transaction, or that hold an advisory lock, which a refresh or a migration may
    need. Deletes jobs, which TimescaleDB would run for them. One round trip."""
    row = connection.execute(_END, {"seconds": SECONDS}).fetchone()
    assert row
    return Report(**row)


_END = """
    with session as (
      select a.pid, a.state, a.query_start, a.state_change,
        pg_has_role(a.usesysid, 'usage') as is_seen,
        exists (
          select
          from pg_locks l
          where l.pid = a.pid
            and l.locktype = 'advisory'
            and l.granted
        ) as has_lock,
        make_interval(secs => %(seconds)s) as allowed
      from pg_stat_activity a
      join pg_roles r on r.oid = a.usesysid
      where a.datname = current_database()
        and a.backend_type = 'client backend'
        and not r.rolsuper
        and pg_has_role(r.oid, 'tiltyard_analyst', 'usage')
        and not pg_has_role(r.oid, 'tiltyard_app', 'usage')
    ), late as materialized (
      select pid, is_seen,
        state = 'active' and not has_lock and clock_timestamp() - query_start < 2 * allowed
          as is_cancelled
      from session
      where not is_seen
        or has_lock
        or state = 'active' and clock_timestamp() - query_start > allowed
        or state like 'idle in transaction%%' and clock_timestamp() - state_change > allowed
    ), done as materialized (
      select is_seen, is_cancelled,
        case
          when not is_seen then false
          when is_cancelled then pg_cancel_backend(pid)
          else pg_terminate_backend(pid)
        end as is_done
      from late
    ), job as materialized (
      select delete_job(j.job_id)
      from timescaledb_information.jobs j
      join pg_roles r on r.rolname = j.owner::text
      where not r.rolsuper
        and pg_has_role(r.oid, 'tiltyard_analyst', 'usage')
        and not pg_has_role(r.oid, 'tiltyard_app', 'usage')
        and pg_has_role(r.oid, 'usage')
    )
    select count(*) filter (where is_done and is_cancelled) as cancelled,
      count(*) filter (where is_done and not is_cancelled) as ended,
      (select count(*) from job) as jobs, count(*) filter (where not is_seen) as unseen
    from done
"""
