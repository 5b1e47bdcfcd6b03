-- rollup: logs.name_days   version: 1
-- A row is a name that a person had on one UTC day.
-- source: logs.event_hours(hour)   bucket: day, 1 day   read by: occurred_at
-- private: *
-- index: steam_id, day
-- column: steam_id  SteamID2 of the player, such as STEAM_0:1:2
-- column: name  The name
-- column: first_at  When it was first seen that day
-- column: last_at  When it was last seen that day
select time_bucket('1 day', occurred_at) as day, steam_id, player_name as name,
  min(occurred_at) as first_at, max(occurred_at) as last_at
from logs.events
where player_name is not null
  and logs.is_person(steam_id)
group by day, steam_id, name
