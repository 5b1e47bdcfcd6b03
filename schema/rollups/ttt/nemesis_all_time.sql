-- rollup: ttt.nemesis_all_time   version: 1
-- A row is one person's kills of another one on all servers in closed months; no bots.
-- source: ttt.rounds(occurred_at)   bucket: all_time, 1000 years   read by: day   all-time
-- index: killer
-- index: victim
select time_bucket('1000 years', day) as all_time, killer, victim, sum(kills)::integer as kills,
  sum(headshots)::integer as headshots
from ttt.nemesis_days
group by all_time, killer, victim
