-- rollup: logs.signs   version: 1
-- A row is a server's events in five minutes: its signs of life, apart from heartbeats.
-- source: logs.hours(hour)   bucket: hour, 1 hour   read by: at
-- index: server_id, hour
select time_bucket('1 hour', at) as hour, time_bucket('5 minutes', at) as slot, server_id,
  count(*) as events, min(at) as first_at, max(at) as last_at
from logs.events
group by hour, slot, server_id
