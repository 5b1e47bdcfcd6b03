-- rollup: tilt.user_days   version: 1
-- A row is one user's tilt on one UTC day.
-- source: tilt.events(occurred_at)   bucket: day, 1 day
-- index: user_id, day include events, score_sum, score_max, last_at
-- column: user_id  Discord id of the user
-- column: events  Events that were measured [events]
-- column: score_sum  Sum of the tilt scores, each 0 to 100; divided by events their mean [score]
-- column: score_max  Highest tilt score, 0 to 100 [score]
-- column: last_at  When the last one was measured
select time_bucket('1 day', occurred_at) as day, user_id, count(*) as events,
  sum(tilt_score) as score_sum, max(tilt_score) as score_max, max(occurred_at) as last_at
from tilt.events
group by day, user_id
