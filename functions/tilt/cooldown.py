"""Whether a user should take a break: the last 24 h against their own 30 days before.

The rule, in words for a player:
- *more often*: at least 3 events in the last 24 h, and more than twice the daily average before
  (the average counts all 30 days, also those without events);
- *worse*: at least 2 events in the last 24 h, their average more than 25 % above the one before;
- *just now*: the newest event is less than 15 minutes old. It lengthens a break, but calls for
  none. Someone with fewer than 3 events in the 30 days before has no baseline: 5 events in 24 h
  call for a break. Each reason adds minutes: more often 30, worse 30, just now 15.
"""

from __future__ import annotations

from typing import Any

from functions.shared import db, fields

_MINUTES = {"more-often": 30, "worse": 30, "just-now": 15}


class Cooldown(fields.ResponseModel):
    """A recommendation; `reasons` are more-often, worse, just-now."""

    recommended: bool
    minutes: int
    reasons: list[str]


def recommend(user_id: str) -> dict[str, Any]:
    """A Cooldown for a user. One round trip."""
    reasons: list[str] = db.fetch_value(
        """
        with numbers as (
          select recent.events, recent.score_sum / nullif(recent.events, 0) as average,
            recent.last_at as newest, month.events - recent.events as events_before,
            (month.score_sum - recent.score_sum) / nullif(month.events - recent.events, 0)
              as average_before
          from tilt.sum_since(%(user_id)s, now() - interval '24 hours') as recent
          cross join tilt.sum_since(%(user_id)s, now() - interval '744 hours') as month
        ), reason as (
          select case
              when events_before < 3 then events >= 5
              else events >= 3 and events > 2 * events_before / 30.0
            end as more_often,
            events_before >= 3 and events >= 2 and average > 1.25 * average_before as worse,
            newest > now() - interval '15 minutes' as just_now
          from numbers
        )
        select array_remove(array[
            case when more_often then 'more-often' end,
            case when worse then 'worse' end,
            case when just_now and (more_often or worse) then 'just-now' end
          ], null) as reasons
        from reason
        """,
        {"user_id": user_id},
    )
    return {
        "recommended": bool(reasons),
        "minutes": sum(_MINUTES[reason] for reason in reasons),
        "reasons": reasons,
    }
