-- rollup: ttt.map_kill_days   version: 1
-- A row is the kills on one map and server on one UTC day, by people or by bots.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: map_name, day
-- column: by_bot  Whether a bot, or somebody without a SteamID of their own, killed
-- column: kills  Deaths that are a kill of somebody else [kills]
select time_bucket('1 day', occurred_at) as day, map_name, server,
  ttt.is_pseudo(attacker_steamid) as by_bot,
  count(*) filter (where is_kill)::integer as kills
from ttt.classed_kills
group by day, map_name, server, ttt.is_pseudo(attacker_steamid), rollups.by_hash()
