-- rollup: tilt.signal_days   version: 1
-- A row is one type of signal of one user on one UTC day; `events` is how many events carried it.
-- source: tilt.signals(occurred_at)   bucket: day, 1 day
-- index: user_id, day
select time_bucket('1 day', occurred_at) as day, user_id, type, count(distinct event_id) as events,
  sum(severity) as severity_sum, count(severity) as severities,
  sum(confidence) as confidence_sum, count(confidence) as confidences, max(occurred_at) as last_at
from tilt.signals
group by day, user_id, type
