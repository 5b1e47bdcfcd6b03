"""A user's tilt in numbers: totals, trend, signals, and where they stand among others."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from functions.shared import db, wire

FEWEST_USERS = 20  # to compare with: among fewer, a percentile would point at people


class User(BaseModel):
    """Whom a path is about."""

    user_id: wire.Name64


class TrendQuery(User):
    """How finely, and how far back: that many whole UTC days, and the current one."""

    bucket: Literal["hour", "day"] = "day"
    days: Annotated[int, wire.lenient(default=7, most=30)] = 7


class SignalsQuery(User):
    """How far back."""

    days: Annotated[int, wire.lenient(default=7, most=30)] = 7


class Stats(BaseModel):
    """A user's tilt over all time; zeros for a user without events."""

    success: Literal[True]
    userId: str  # noqa: N815  the wire's name
    totalEvents: int  # noqa: N815
    averageTiltScore: float  # noqa: N815
    maxTiltScore: float  # noqa: N815
    lastEventAt: datetime | None  # noqa: N815
    eventsLast24h: int  # noqa: N815
    eventsLast7d: int  # noqa: N815


class TrendBucket(BaseModel):
    """One UTC hour or day; zeros for one without events."""

    bucket: datetime
    events: int
    average: float
    max: float


class Trend(RootModel[list[TrendBucket]]):
    """Buckets from the oldest to the current one: the answer is the bare list."""


class SignalStats(BaseModel):
    """One type of signal; an average is null when no signal of the type carried the number."""

    type: str
    events: int
    averageSeverity: float | None  # noqa: N815
    averageConfidence: float | None  # noqa: N815
    lastSeen: datetime  # noqa: N815


class Signals(BaseModel):
    """Types of signals, the most frequent first."""

    success: Literal[True]
    userId: str  # noqa: N815
    days: int
    signals: list[SignalStats]


class Comparison(BaseModel):
    """Percentiles among all users with events in the last 30 days: the share of the others who
    are below, 0 to 100. Only `insufficient` when there are too few to compare with."""

    insufficient: bool
    days: int | None = None
    users: int | None = None
    events: int | None = None
    average: float | None = None
    eventsPercentile: float | None = Field(None)  # noqa: N815
    averagePercentile: float | None = Field(None)  # noqa: N815


def of(user_id: str) -> dict[str, Any]:
    """A user's Stats. One round trip."""
    numbers = db.run(
        """
        select count(*) as "totalEvents",
          coalesce(round(avg(tilt_score), 2), 0) as "averageTiltScore",
          coalesce(max(tilt_score), 0) as "maxTiltScore",
          max(occurred_at) as "lastEventAt",
          count(*) filter (where occurred_at >= now() - interval '24 hours') as "eventsLast24h",
          count(*) filter (where occurred_at >= now() - interval '7 days') as "eventsLast7d"
        from tilt.events
        where user_id = %s
        """,
        (user_id,),
    )[0]
    return {"success": True, "userId": user_id, **numbers}


def trend(ask: TrendQuery) -> list[dict[str, Any]]:
    """The last `days` bucket by bucket, oldest first, empty buckets included. One round trip."""
    return db.run(
        """
        with bucket as (
          select generate_series(
            date_trunc(%(bucket)s, now() - make_interval(days => %(days)s), 'UTC'),
            date_trunc(%(bucket)s, now(), 'UTC'),
            ('1 ' || %(bucket)s)::interval
          ) as start
        ), filled as (
          select date_trunc(%(bucket)s, occurred_at, 'UTC') as start,
            count(*) as events, avg(tilt_score) as average, max(tilt_score) as max
          from tilt.events
          where user_id = %(user_id)s
            and occurred_at >= (select min(start) from bucket)
          group by 1
        )
        select b.start as bucket, coalesce(f.events, 0) as events,
          coalesce(round(f.average, 2), 0) as average, coalesce(f.max, 0) as max
        from bucket b
        left join filled f using (start)
        order by b.start
        """,
        ask.model_dump(),
    )


def signals(ask: SignalsQuery) -> dict[str, Any]:
    """What a user's signals of the last `days` were, as Signals. One round trip."""
    found = db.run(
        """
        select type, count(distinct event_id) as events,
          round(avg(severity), 2) as "averageSeverity",
          round(avg(confidence), 2) as "averageConfidence",
          max(occurred_at) as "lastSeen"
        from tilt.signals
        where user_id = %(user_id)s
          and occurred_at >= now() - make_interval(days => %(days)s)
        group by type
        order by events desc, type
        """,
        ask.model_dump(),
    )
    return {"success": True, "userId": ask.user_id, "days": ask.days, "signals": found}


def compare(user_id: str) -> dict[str, Any]:
    """Where a user stands among all, as Comparison. One round trip."""
    found = db.run(
        """
        with everyone as (
          select user_id, count(*) as events, avg(tilt_score) as average
          from tilt.events
          where occurred_at >= now() - interval '30 days'
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
    if not found or found[0]["users"] < FEWEST_USERS:
        return {"insufficient": True}
    return {"insufficient": False, **found[0]}
