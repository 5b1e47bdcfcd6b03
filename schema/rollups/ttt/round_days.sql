-- rollup: ttt.round_days   version: 1
-- A row is the rounds of one map and server that one side won on one UTC day.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: map_name, day
select time_bucket('1 day', occurred_at) as day,
  coalesce(nullif(map_name, ''), 'unknown') as map_name, server, winner,
  count(*)::integer as rounds, sum(duration)::integer as seconds, count(duration)::integer as timed
from ttt.rounds
group by day, coalesce(nullif(map_name, ''), 'unknown'), server, winner
