-- rollup: ttt.round_quarters   version: 1
-- A row is the rounds of one map and server in a quarter of an hour.
-- source: ttt.rounds(at)   bucket: quarter, 15 minutes
-- index: map_name, quarter
select time_bucket('15 minutes', at) as quarter,
  coalesce(nullif(map_name, ''), 'unknown') as map_name, server, count(*)::integer as rounds
from ttt.rounds
group by quarter, coalesce(nullif(map_name, ''), 'unknown'), server
