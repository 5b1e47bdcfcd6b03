"""Sockets as operators see them: rooms, who is in them, and what their posts cost."""

from __future__ import annotations

from datetime import datetime

from functions.shared import db
from functions.shared.fields import ResponseModel
from functions.shared.response import Response
from functions.shared.settings import settings

_SHOWN = 100  # rooms


class Kind(ResponseModel):
    """Sockets of rooms of one kind; `waiting` ones are still being brought up to date."""

    kind: str
    rooms: int
    sockets: int
    waiting: int
    users: int


class Room(ResponseModel):
    """A room to which somebody is connected; `last_seq` is the number of its last event."""

    room: str
    sockets: int
    waiting: int
    users: int
    last_seq: int


class Budget(ResponseModel):
    """Posts a second that are allowed, how many may be sent now, and how many a second there were.

    `posts_per_second` is of the last minute; answers to what clients send are not counted.
    """

    rate: int
    left: int
    posts_per_second: float


class Opened(ResponseModel):
    """Sockets that were opened to rooms of one kind in one hour, by UTC."""

    hour: datetime
    kind: str
    sockets: int


class Overview(ResponseModel):
    """Open sockets by kind of room, the 100 largest rooms, the budget, and a day of openings."""

    kinds: list[Kind]
    rooms: list[Room]
    budget: Budget
    opened: list[Opened]


def get_overview() -> Response:
    """All that there is now. One round trip."""
    row = db.fetch_one(_OVERVIEW, {"shown": _SHOWN, "rate": settings().fanout_rate})
    assert row
    budget = {
        "rate": settings().fanout_rate,
        "left": row["posts_left"],
        "posts_per_second": round(row["posts_per_second"], 2),
    }
    answer = Overview.model_validate({**row, "budget": budget})
    return Response(answer.model_dump(mode="json"))


_OVERVIEW = """
    select
      b.posts_left,
      b.posts_per_second,
      (
        select coalesce(jsonb_agg(k order by k.kind), '[]')
        from (
          select
            split_part(c.room, ':', 1) as kind,
            count(distinct c.room) as rooms,
            count(*) as sockets,
            count(*) filter (where not c.is_live) as waiting,
            count(distinct c.user_id) as users
          from live.connections as c
          group by kind
        ) as k
      ) as kinds,
      (
        select coalesce(jsonb_agg(largest order by largest.sockets desc, largest.room), '[]')
        from (
          select
            c.room,
            count(*) as sockets,
            count(*) filter (where not c.is_live) as waiting,
            count(distinct c.user_id) as users,
            max(r.head_seq) as last_seq
          from live.connections as c
          join live.rooms as r using (room)
          group by c.room
          order by sockets desc, c.room
          limit %(shown)s
        ) as largest
      ) as rooms,
      (
        select coalesce(jsonb_agg(o order by o.hour, o.kind), '[]')
        from live.opening_hours as o
        where o.hour > clock_timestamp() - interval '24 hours'
      ) as opened
    from live.read_budget(%(rate)s) as b
"""
