-- rollup: ttt.deed_days   version: 1
-- A row is what one person did in one role on one map and server on one UTC day.
-- source: ttt.rounds(at)   bucket: day, 1 day
-- index: steam_id, day
-- index: map_name, day
select time_bucket('1 day', at) as day, steam_id, role, map_name, server,
  sum(rounds)::bigint as rounds, sum(innocent_wins)::bigint as innocent_wins,
  sum(traitor_wins)::bigint as traitor_wins, sum(timelimits)::bigint as timelimits,
  sum(seconds)::bigint as seconds, sum(karma_diff)::bigint as karma_total,
  count(karma_diff) as karma_rounds, min(karma_diff) as worst_round,
  sum(points_diff)::bigint as points_total,
  sum(kills)::bigint as kills, sum(headshots)::bigint as headshots,
  sum(team_kills)::bigint as team_kills, sum(kills_on_bots)::bigint as kills_on_bots,
  sum(deaths)::bigint as deaths, sum(suicides)::bigint as suicides,
  sum(world_deaths)::bigint as world_deaths, sum(items)::bigint as items,
  min(at) as first_at, max(at) as last_at
from ttt.deeds
group by day, steam_id, role, map_name, server
