-- rollup: tilt.user_hours   version: 1
-- A row is one user's tilt in one UTC hour.
-- source: tilt.events(occurred_at)   bucket: hour, 1 hour
-- index: user_id, hour include events, score_sum, score_max, last_at
select time_bucket('1 hour', occurred_at) as hour, user_id, count(*) as events,
  sum(tilt_score) as score_sum, max(tilt_score) as score_max, max(occurred_at) as last_at
from tilt.events
group by hour, user_id
