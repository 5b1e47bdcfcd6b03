-- rollup: ttt.player_weapon_days   version: 1
-- A row is one person's kills with one weapon on one map and server on one UTC day.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: steam_id, day
-- column: steam_id  SteamID2 of who killed
-- column: kills  Kills of others [kills]
-- column: headshots  Kills by a hit on the head [kills]
select time_bucket('1 day', occurred_at) as day, attacker_steamid as steam_id, weapon, map_name, server,
  count(*)::integer as kills, count(*) filter (where headshot)::integer as headshots
from ttt.classed_kills
where is_kill
group by day, attacker_steamid, weapon, map_name, server, rollups.by_hash()
