-- rollup: ttt.player_role_months   version: 1
-- A row is what one person did in one role on one server in one UTC month.
-- source: ttt.rounds(at)   bucket: month, 1 month   read by: day
-- index: steam_id, month
select time_bucket('1 month', day) as month, steam_id, role, server, sum(rounds)::bigint as rounds,
  sum(innocent_wins)::bigint as innocent_wins, sum(traitor_wins)::bigint as traitor_wins,
  sum(timelimits)::bigint as timelimits, sum(kills)::bigint as kills, sum(deaths)::bigint as deaths,
  sum(team_kills)::bigint as team_kills
from ttt.deed_days
group by month, steam_id, role, server
