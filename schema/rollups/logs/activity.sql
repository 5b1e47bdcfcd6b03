-- rollup: logs.activity   version: 1
-- A row is a server's events of one type and mode in an hour, and the most players that
-- one of them reports.
-- source: logs.event_hours(hour)   bucket: hour, 1 hour   read by: occurred_at
-- index: server_id, hour
-- column: server_id  Id of the game server, srv_…
-- column: mode  Game mode of the server, such as TTT or Sandbox
-- column: type  Type of the events, such as CHAT or KILL
-- column: events  Events [events]
-- column: peak  Most players that one of these events reports; null: none does [players]
select time_bucket('1 hour', occurred_at) as hour, server_id, mode, type, count(*) as events,
  max(player_count) as peak
from logs.events
group by hour, server_id, mode, type
