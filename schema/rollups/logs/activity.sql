-- rollup: logs.activity   version: 1
-- A row is a server's events of one type and mode in an hour, and the most players one of them told.
-- source: logs.hours(hour)   bucket: hour, 1 hour   read by: at
-- index: server_id, hour
select time_bucket('1 hour', at) as hour, server_id, mode, type, count(*) as events,
  max(player_count) as peak
from logs.events
group by hour, server_id, mode, type
