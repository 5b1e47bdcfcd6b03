-- rollup: logs.connection_days   version: 1
-- A row is how often one person connected to one server in one mode on one UTC day. A CONNECT
-- after a change of the map is no connection, so that these are fewer than logs.player_days has of
-- them.
-- source: logs.connects(occurred_at)   bucket: day, 1 day
-- index: steam_id, day
select time_bucket('1 day', occurred_at) as day, server_id, mode, steam_id, count(*) as connections
from logs.connects
where is_counted
group by day, server_id, mode, steam_id
