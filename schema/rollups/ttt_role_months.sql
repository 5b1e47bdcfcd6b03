-- rollup: ttt.role_months   version: 1
-- A row is what people, or bots, did in one role on one map and server in one month.
-- source: ttt.rounds(at)   bucket: month, 1 month   read by: day
-- index: map_name, month
select time_bucket('1 month', day) as month, role, map_name, server, is_bot,
  sum(rounds)::bigint as rounds, sum(innocent_wins)::bigint as innocent_wins,
  sum(traitor_wins)::bigint as traitor_wins,
  sum(timelimits)::bigint as timelimits, sum(kills)::bigint as kills, sum(deaths)::bigint as deaths,
  sum(team_kills)::bigint as team_kills
from ttt.role_days
group by month, role, map_name, server, is_bot
