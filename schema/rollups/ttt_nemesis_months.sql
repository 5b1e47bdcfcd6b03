-- rollup: ttt.nemesis_months   version: 1
-- A row is one person's kills of another one on one server in one month; no bots.
-- source: ttt.rounds(at)   bucket: month, 1 month   read by: day
-- index: killer, month
-- index: victim, month
select time_bucket('1 month', day) as month, killer, victim, server, sum(kills)::integer as kills,
  sum(headshots)::integer as headshots
from ttt.nemesis_days
group by month, killer, victim, server
