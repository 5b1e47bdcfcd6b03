-- rollup: tilt.user_days   version: 1
-- A row is one user's tilt on one UTC day.
-- source: tilt.events(occurred_at)   bucket: day, 1 day
-- index: user_id, day include events, score_sum, score_max, last_at
select time_bucket('1 day', occurred_at) as day, user_id, count(*) as events,
  sum(tilt_score) as score_sum, max(tilt_score) as score_max, max(occurred_at) as last_at
from tilt.events
group by day, user_id
