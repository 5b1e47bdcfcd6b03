"""A user's tilt in numbers: totals, trend, signals, and where they stand among others."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from functions.shared import db, fields

FEWEST_USERS = 20  # to compare with: among fewer, a percentile would point at people


class User(BaseModel):
    """Whom a path is about."""

    user_id: fields.Name64


class TrendQuery(User):
    """How finely, and how far back: that many whole UTC days, and the current one."""

    bucket: Literal["hour", "day"] = "day"
    days: Annotated[int, fields.clamped_int(default=7, most=30)] = 7


class SignalsQuery(User):
    """How far back: whole UTC days, today on top of them."""

    days: Annotated[int, fields.clamped_int(default=7, most=30)] = 7


class Stats(fields.CamelResponse):
    """A user's tilt over all time; zeros for a user without events."""

    success: Literal[True]
    user_id: str
    total_events: int
    average_tilt_score: float
    max_tilt_score: float
    last_event_at: datetime | None
    events_last_24h: int = Field(alias="eventsLast24h")
    events_last_7d: int = Field(alias="eventsLast7d")


class TrendBucket(fields.ResponseModel):
    """One UTC hour or day; zeros for one without events."""

    bucket: datetime
    events: int
    average: float
    max: float


class Trend(RootModel[list[TrendBucket]]):
    """Buckets from the oldest to the current one: the answer is the bare list."""

    model_config = ConfigDict(defer_build=True)


class SignalStats(fields.CamelResponse):
    """One type of signal; an average is null when no signal of the type carried the number."""

    type: str
    events: int
    average_severity: float | None
    average_confidence: float | None
    last_seen: datetime


class Signals(fields.CamelResponse):
    """Types of signals, the most frequent first."""

    success: Literal[True]
    user_id: str
    days: int
    signals: list[SignalStats]


class Comparison(fields.CamelResponse):
    """Percentiles among all users with events in the last 30 UTC days, today included: the share
    of the others who are below, 0 to 100. Only `insufficient` when there are too few of them."""

    insufficient: bool
    days: int | None = None
    users: int | None = None
    events: int | None = None
    average: float | None = None
    events_percentile: float | None = None
    average_percentile: float | None = None


def get_stats(user_id: str) -> dict[str, Any]:
    """A user's Stats. One round trip."""
    [numbers] = db.query(
        """
        with edge as (  -- the hours that the two windows begin in, from raw rows
          select count(*) as week, 0 as day
          from tilt.events
          where user_id = %(user_id)s
            and occurred_at >= now() - interval '168 hours'
            and occurred_at
              < time_bucket('1 hour', now() - interval '168 hours') + interval '1 hour'
          union all
          select 0, count(*)
          from tilt.events
          where user_id = %(user_id)s
            and occurred_at >= now() - interval '24 hours'
            and occurred_at < time_bucket('1 hour', now() - interval '24 hours') + interval '1 hour'
        ), recent as materialized (
          select hour, events, score_sum, score_max, last_at
          from tilt.user_hours
          where user_id = %(user_id)s
            and hour > now() - interval '168 hours'
        ), whole as (  -- today by its hours, of which few are dirty
          select events, score_sum, score_max, last_at
          from tilt.user_days
          where user_id = %(user_id)s
            and day < date_trunc('day', now(), 'UTC')
          union all
          select events, score_sum, score_max, last_at
          from recent
          where hour >= date_trunc('day', now(), 'UTC')
        )
        select coalesce(sum(events), 0)::bigint as "totalEvents",
          coalesce(round(sum(score_sum) / sum(events), 2), 0) as "averageTiltScore",
          coalesce(round(max(score_max), 2), 0) as "maxTiltScore",
          max(last_at) as "lastEventAt",
          (
            (select sum(day) from edge) + (
              select coalesce(sum(events), 0)
              from recent
              where hour > now() - interval '24 hours'
            )
          )::bigint as "eventsLast24h",
          (
            (select sum(week) from edge) + (select coalesce(sum(events), 0) from recent)
          )::bigint as "eventsLast7d"
        from whole
        """,
        {"user_id": user_id},
    )
    return {"success": True, "userId": user_id, **numbers}


def get_trend(query: TrendQuery) -> list[dict[str, Any]]:
    """The last `days` bucket by bucket, oldest first, empty buckets included. One round trip."""
    return db.query(
        """
        with bucket as (
          select generate_series(
            date_trunc(%(bucket)s, now() - make_interval(hours => 24 * %(days)s), 'UTC'),
            date_trunc(%(bucket)s, now(), 'UTC'),
            ('1 ' || %(bucket)s)::interval,
            'UTC'
          ) as start
        ), filled as (
          select day as start, events, score_sum, score_max
          from tilt.user_days
          where %(bucket)s = 'day'
            and user_id = %(user_id)s
            and day >= (select min(start) from bucket)
          union all
          select hour, events, score_sum, score_max
          from tilt.user_hours
          where %(bucket)s = 'hour'
            and user_id = %(user_id)s
            and hour >= (select min(start) from bucket)
        )
        select b.start as bucket, coalesce(f.events, 0) as events,
          coalesce(round(f.score_sum / f.events, 2), 0) as average,
          coalesce(round(f.score_max, 2), 0) as max
        from bucket b
        left join filled f using (start)
        order by b.start
        """,
        query.model_dump(),
    )


def get_signals(query: SignalsQuery) -> dict[str, Any]:
    """What a user's signals of the last `days` were, as Signals. One round trip."""
    found = db.query(
        """
        select type, sum(events)::bigint as events,
          round(sum(severity_sum) / nullif(sum(severities), 0), 2) as "averageSeverity",
          round(sum(confidence_sum) / nullif(sum(confidences), 0), 2) as "averageConfidence",
          max(last_at) as "lastSeen"
        from tilt.signal_days
        where user_id = %(user_id)s
          and day >= date_trunc('day', now() - make_interval(hours => 24 * %(days)s), 'UTC')
        group by type
        order by events desc, type
        """,
        query.model_dump(),
    )
    return {"success": True, "userId": query.user_id, "days": query.days, "signals": found}


def compare(user_id: str) -> dict[str, Any]:
    """Where a user stands among all, as Comparison. One round trip."""
    numbers = db.fetch_one(
        """
        with everyone as (
          select user_id, sum(events)::bigint as events, sum(score_sum) / sum(events) as average
          from tilt.user_days
          where day > date_trunc('day', now() - interval '720 hours', 'UTC')
          group by user_id
        )
        select 30 as days, count(*) as users, me.events, round(me.average, 2) as average,
          round(100.0 * count(*) filter (where other.events < me.events)
            / nullif(count(*) - 1, 0), 1) as "eventsPercentile",
          round(100.0 * count(*) filter (where other.average < me.average)
            / nullif(count(*) - 1, 0), 1) as "averagePercentile"
        from everyone me
        cross join everyone other
        where me.user_id = %s
        group by me.events, me.average
        """,
        (user_id,),
    )
    if numbers is None or numbers["users"] < FEWEST_USERS:
        return {"insufficient": True}
    return {"insufficient": False, **numbers}
