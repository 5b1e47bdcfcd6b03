-- rollup: logs.activity_days   version: 1
-- A row is a server's events of one type and mode on one UTC day.
-- source: logs.event_hours(hour)   bucket: day, 1 day   read by: hour
-- index: type, day
select time_bucket('1 day', hour) as day, server_id, mode, type, sum(events)::bigint as events,
  max(peak) as peak
from logs.activity
group by day, server_id, mode, type
