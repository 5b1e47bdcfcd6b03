-- rollup: logs.connection_days   version: 1
-- A row is how often one person connected to one server in one mode on one UTC day. A CONNECT
-- after a change of the map is no connection, so that these are fewer than logs.player_days has of
-- them.
-- source: logs.connects(occurred_at)   bucket: day, 1 day
-- index: steam_id, day
-- column: server_id  Id of the game server, srv_…
-- column: mode  Game mode of the server, such as TTT or Sandbox
-- column: steam_id  SteamID2 of the player, such as STEAM_0:1:2
-- column: connections  Connections: a CONNECT after a change of the map is none [connections]
select time_bucket('1 day', occurred_at) as day, server_id, mode, steam_id, count(*) as connections
from logs.connects
where is_counted
group by day, server_id, mode, steam_id
