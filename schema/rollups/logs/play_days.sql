-- rollup: logs.play_days   version: 1
-- A row is how long one person played on one server on one UTC day, by sessions with a known end
-- and by others; `sessions` began that day.
-- source: logs.session_hours(hour)   bucket: day, 1 day
-- index: steam_id, day
-- index: server_id, day
select time_bucket('1 day', hour) as day, server_id, steam_id, is_exact,
  sum(seconds) as seconds, count(*) filter (where is_start) as sessions
from logs.session_hours
group by day, server_id, steam_id, is_exact
