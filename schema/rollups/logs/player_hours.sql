-- rollup: logs.player_hours   version: 1
-- A row is what one person did on one server in one mode in an hour, and what they were called
-- last.
-- source: logs.event_hours(hour)   bucket: hour, 1 hour   read by: occurred_at
-- private: name, named_at, named_by
-- index: steam_id, hour
-- column: steam_id  SteamID2 of the player, such as STEAM_0:1:2
-- column: server_id  Id of the game server, srv_…
-- column: mode  Game mode of the server, such as TTT or Sandbox
-- column: events  Events of theirs [events]
-- column: connections  CONNECT events, also those after a change of the map [events]
-- column: props  Props that they spawned [props]
-- column: first_at  Time of their first event
-- column: last_at  Time of their last event
-- column: named_at  Time of the last event with a name; null: none has one
-- column: named_by  Id of that event
-- column: name  What that event calls them
select time_bucket('1 hour', occurred_at) as hour, steam_id, server_id, mode,
  count(*)::integer as events,
  (count(*) filter (where type = 'CONNECT'))::integer as connections,
  (count(*) filter (where type = 'PROP_SPAWN'))::integer as props,
  min(occurred_at) as first_at, max(occurred_at) as last_at,
  max(occurred_at) filter (where player_name is not null) as named_at,
  (array_agg(id order by occurred_at desc, id desc) filter (where player_name is not null))[1]
    as named_by,
  (array_agg(player_name order by occurred_at desc, id desc)
    filter (where player_name is not null))[1]
    as name
from logs.events
where logs.is_person(steam_id)
group by hour, steam_id, server_id, mode
