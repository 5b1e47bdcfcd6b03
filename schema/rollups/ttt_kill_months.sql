-- rollup: ttt.kill_months   version: 1
-- A row is the kills with one weapon on one map and server in one UTC month.
-- source: ttt.rounds(at)   bucket: month, 1 month   read by: day
-- index: map_name, month
select time_bucket('1 month', day) as month, map_name, server, weapon, by_bot, of_bot,
  sum(kill_rows)::bigint as kill_rows, sum(headshot_rows)::bigint as headshot_rows,
  sum(kills)::bigint as kills, sum(headshots)::bigint as headshots,
  sum(team_kills)::bigint as team_kills, sum(suicides)::bigint as suicides,
  sum(world_deaths)::bigint as world_deaths
from ttt.kill_days
group by month, map_name, server, weapon, by_bot, of_bot
