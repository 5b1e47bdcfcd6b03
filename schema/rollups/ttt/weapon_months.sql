-- rollup: ttt.weapon_months   version: 1
-- A row is the kills with one weapon on one server in one UTC month.
-- source: ttt.rounds(occurred_at)   bucket: month, 1 month   read by: day
-- index: weapon, month
select time_bucket('1 month', day) as month, server, weapon, by_bot, of_bot,
  sum(kill_rows)::integer as kill_rows, sum(headshot_rows)::integer as headshot_rows,
  sum(kills)::integer as kills, sum(headshots)::integer as headshots,
  sum(team_kills)::integer as team_kills, sum(suicides)::integer as suicides,
  sum(world_deaths)::integer as world_deaths
from ttt.weapon_days
group by month, server, weapon, by_bot, of_bot
