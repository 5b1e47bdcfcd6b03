-- rollup: ttt.nemesis_past   version: 1
-- A row is one person's kills of another one on all servers in closed months; no bots.
-- source: ttt.rounds(at)   bucket: past, 1000 years   read by: month   closing
-- index: killer
-- index: victim
select time_bucket('1000 years', month) as past, killer, victim, sum(kills)::integer as kills,
  sum(headshots)::integer as headshots
from ttt.nemesis_months
group by past, killer, victim
