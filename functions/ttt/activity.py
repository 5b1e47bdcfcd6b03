"""Activity: on which weekdays and at what hours people play."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any

from pydantic import Field

from functions.shared import db, fields
from functions.shared.errors import Invalid
from functions.ttt.filters import Counted, Period, to_page

Zone = Annotated[str, Field(max_length=64)]


class ActivityQuery(Period):
    """Which rounds to count, and whose clock to count them by."""

    tz: Zone = Field("UTC", description="an IANA time zone")


class Week(fields.ResponseModel):
    """Rounds by local time: weekdays from Sunday, hours from midnight."""

    tz: str
    weekday: list[int]
    hour: list[int]
    matrix: list[list[int]]


class Activity(Counted, Week):
    """Rounds of a period by local time."""


def get_activity(query: ActivityQuery) -> dict[str, Any]:
    """The Activity of a period. One round trip; raises Invalid for an unknown zone."""
    rows = db.query(
        """
        with slot as (
          select extract(dow from local)::integer as day,
            extract(hour from local)::integer as hour, sum(rounds)::bigint as rounds
          from (
            select quarter_hour at time zone %(tz)s as local, sum(rounds) as rounds
            from ttt.round_quarter_hours
            where quarter_hour >= %(from_day)s
              and quarter_hour < %(to_day)s
              and (%(server)s::text is null or server = %(server)s)
              and (%(map)s::text is null or map_name = %(map)s)
            group by quarter_hour
          ) as quarter
          group by 1, 2
        )
        select f.as_of, f.raw_tail, s.day, s.hour, s.rounds
        from ttt.freshness(%(from_day)s, %(to_day)s) f
        left join slot s on true
        """,
        {**query.window, "tz": parse_zone(query.tz)},
    )
    slots = [(row["day"], row["hour"], row["rounds"]) for row in rows if row["day"] is not None]
    head = {name: rows[0][name] for name in ("as_of", "raw_tail")}
    return {**to_week(query.tz, slots), **to_page(query), **head}


@cache
def _zones() -> frozenset[str]:
    """The names of all time zones: PostgreSQL itself would take almost any text for one, and lists
    some files that are no zones."""
    return frozenset(row["name"] for row in db.query("select name from pg_timezone_names"))


# `at time zone` looks for an abbreviation before it looks for a zone, and abbreviations know no
# summer time: 12:00 in July was 13:00 in CET. The same zones under names that are none.
_ZONE_OF_ABBREVIATION = {
    "CET": "Europe/Brussels",
    "EET": "Europe/Athens",
    "EST": "America/Panama",
    "GMT": "Etc/GMT",
    "HST": "Pacific/Honolulu",
    "MET": "Europe/Brussels",
    "MST": "America/Phoenix",
    "UCT": "Etc/UTC",
    "WET": "Europe/Lisbon",
    "Zulu": "Etc/UTC",
}


def parse_zone(tz: str) -> str:
    """What `at time zone` is to be given for a zone; raises Invalid for a name that no zone has.

    One round trip a process.
    """
    if tz != "UTC" and (tz not in _zones() or tz.startswith(("posix", "right", "localtime"))):
        problem = "must be a time zone such as Europe/Berlin"
        raise Invalid("Invalid tz", [{"field": "tz", "problem": problem}])
    return _ZONE_OF_ABBREVIATION.get(tz, tz)


def to_week(tz: str, slots: Iterable[tuple[int, int, int]]) -> dict[str, Any]:
    """A Week from (weekday, hour, rounds)."""
    matrix = [[0] * 24 for _ in range(7)]
    for day, hour, rounds in slots:
        matrix[day][hour] += rounds
    return {
        "tz": tz,
        "weekday": [sum(day) for day in matrix],
        "hour": [sum(day[hour] for day in matrix) for hour in range(24)],
        "matrix": matrix,
    }
