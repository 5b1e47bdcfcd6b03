-- rollup: logs.play_days   version: 1
-- A row is how long one person played on one server on one UTC day, by sessions with a known end
-- and by others; `sessions` began that day.
-- source: logs.session_hours(hour)   bucket: day, 1 day
-- index: steam_id, day
-- index: server_id, day
-- column: server_id  Id of the game server, srv_…
-- column: steam_id  SteamID2 of the player, such as STEAM_0:1:2
-- column: is_exact  Whether the end of the sessions is known; else it is inferred
-- column: seconds  Time played [s]
-- column: sessions  Sessions that began in the bucket [sessions]
select time_bucket('1 day', hour) as day, server_id, steam_id, is_exact,
  sum(seconds) as seconds, count(*) filter (where is_start) as sessions
from logs.session_hours
group by day, server_id, steam_id, is_exact
