-- rollup: logs.activity_slots   version: 1
-- A row is a server's events in five minutes: its signs of life, apart from heartbeats.
-- source: logs.event_hours(hour)   bucket: hour, 1 hour   read by: occurred_at
-- index: server_id, hour
-- column: slot  Start of the five minutes
-- column: server_id  Id of the game server, srv_…
-- column: events  Events in the five minutes [events]
-- column: first_at  Time of the first of them
-- column: last_at  Time of the last of them
select time_bucket('1 hour', occurred_at) as hour, time_bucket('5 minutes', occurred_at) as slot,
  server_id, count(*) as events, min(occurred_at) as first_at, max(occurred_at) as last_at
from logs.events
group by hour, slot, server_id
