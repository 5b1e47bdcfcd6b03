-- rollup: ttt.role_months   version: 1
-- A row is what people, or bots, did in one role on one server in one UTC month.
-- source: ttt.rounds(occurred_at)   bucket: month, 1 month   read by: day
-- index: role, month
select time_bucket('1 month', day) as month, role, server, is_bot,
  sum(rounds)::integer as rounds, sum(innocent_wins)::integer as innocent_wins,
  sum(traitor_wins)::integer as traitor_wins, sum(timelimits)::integer as timelimits,
  sum(kills)::integer as kills, sum(deaths)::integer as deaths,
  sum(team_kills)::integer as team_kills
from ttt.role_days
group by month, role, server, is_bot
