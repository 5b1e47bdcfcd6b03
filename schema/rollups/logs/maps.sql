-- rollup: logs.maps   version: 1
-- A row is the maps of a server and mode in an hour, one after the other.
-- source: logs.event_hours(hour)   bucket: hour, 1 hour   read by: occurred_at
-- index: hour, server_id, mode
-- column: server_id  Id of the game server, srv_…
-- column: mode  Game mode of the server, such as TTT or Sandbox
-- column: maps  Maps in the order in which they were played; one that is played again is there again
select time_bucket('1 hour', occurred_at) as hour, server_id, mode,
  logs.runs(map order by occurred_at, rank, id) as maps
from (
  select occurred_at, server_id, mode, map, 1 as rank, id
  from logs.events
  where map is not null
  union all
  select h.occurred_at, h.server_id, s.mode, h.map, 0, null
  from logs.heartbeats h
  join logs.servers s on s.id = h.server_id
  where h.map is not null
) as seen
group by hour, server_id, mode
