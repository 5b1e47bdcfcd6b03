-- rollup: ttt.nemesis_days   version: 1
-- A row is one person's kills of another on one server on one UTC day; no bots.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: killer, day
-- index: victim, day
-- column: killer  SteamID2 of who killed
-- column: victim  SteamID2 of who died
-- column: kills  Kills of this victim [kills]
-- column: headshots  Kills by a hit on the head [kills]
select time_bucket('1 day', occurred_at) as day, attacker_steamid as killer, victim_steamid as victim, server,
  count(*)::integer as kills, count(*) filter (where headshot)::integer as headshots
from ttt.classed_kills
where is_kill
  and not ttt.is_pseudo(attacker_steamid)
  and not ttt.is_pseudo(victim_steamid)
group by day, attacker_steamid, victim_steamid, server, rollups.by_hash()
