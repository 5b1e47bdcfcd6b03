-- rollup: ttt.role_change_days   version: 1
-- A row is how often one role became another on one map and server on one UTC day.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: map_name, day
-- column: role_start  Role at the start of the round, lower case
-- column: role_end  Role at the end of the round, lower case
-- column: map_name  Map; unknown: none was sent
-- column: server  Name of the API key that sent the round; null: sent without a key
-- column: is_bot  Whether it is bots whose role changed, or people without a SteamID of their own
-- column: changes  Changes of role, one a player and round at most [changes]
select time_bucket('1 day', occurred_at) as day, role_start, role_end,
  coalesce(map_name, 'unknown') as map_name, server, ttt.is_pseudo(steam_id) as is_bot, count(*)::integer as changes
from ttt.players
where role_start <> role_end
group by day, role_start, role_end, coalesce(map_name, 'unknown'), server, ttt.is_pseudo(steam_id)
