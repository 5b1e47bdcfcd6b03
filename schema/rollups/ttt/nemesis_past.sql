-- rollup: ttt.nemesis_past   version: 2
-- A row is one person's kills of another one on all servers in closed months; no bots.
-- source: ttt.rounds(at)   bucket: past, 1000 years   read by: day   closing
-- index: killer
-- index: victim
select time_bucket('1000 years', day) as past, killer, victim, sum(kills)::integer as kills,
  sum(headshots)::integer as headshots
from ttt.nemesis_days
group by past, killer, victim
