-- rollup: ttt.weapon_days   version: 1
-- A row is the kills with one weapon on one server on one UTC day.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: weapon, day
-- column: by_bot  Whether a bot, or somebody without a SteamID of their own, killed
-- column: of_bot  Whether a bot, or somebody without a SteamID of their own, died
-- column: kill_rows  Deaths of any cause [deaths]
-- column: headshot_rows  Deaths of any cause by a hit on the head [deaths]
-- column: kills  Deaths that are a kill of somebody else [kills]
-- column: headshots  Kills by a hit on the head [kills]
-- column: team_kills  Kills of somebody of the own side [kills]
-- column: suicides  Deaths by the own hand [deaths]
-- column: world_deaths  Deaths without an attacker, such as falls [deaths]
select time_bucket('1 day', occurred_at) as day, server, weapon,
  ttt.is_pseudo(attacker_steamid) as by_bot, ttt.is_pseudo(victim_steamid) as of_bot,
  count(*)::integer as kill_rows,
  count(*) filter (where headshot)::integer as headshot_rows,
  count(*) filter (where is_kill)::integer as kills,
  count(*) filter (where is_kill and headshot)::integer as headshots,
  count(*) filter (where is_team_kill)::integer as team_kills,
  count(*) filter (where is_suicide)::integer as suicides,
  count(*) filter (where is_world)::integer as world_deaths
from ttt.classed_kills
group by day, server, weapon, ttt.is_pseudo(attacker_steamid), ttt.is_pseudo(victim_steamid),
  rollups.by_hash()
