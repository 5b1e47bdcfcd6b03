-- rollup: logs.play_months   version: 1
-- A row is how long one person played on one server in one UTC month.
-- source: logs.session_hours(hour)   bucket: month, 1 month   read by: day
-- index: steam_id, month
select time_bucket('1 month', day) as month, server_id, steam_id, is_exact,
  sum(seconds)::bigint as seconds, sum(sessions)::bigint as sessions
from logs.play_days
group by month, server_id, steam_id, is_exact
