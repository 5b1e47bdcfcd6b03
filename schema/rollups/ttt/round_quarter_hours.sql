-- rollup: ttt.round_quarter_hours   version: 1
-- A row is the rounds of one map and server in a quarter of an hour.
-- source: ttt.rounds(occurred_at)   bucket: quarter_hour, 15 minutes
-- index: map_name, quarter_hour
-- column: map_name  Map; unknown: none was sent
-- column: server  Name of the API key that sent the round; null: sent without a key
-- column: rounds  Rounds that ended [rounds]
select time_bucket('15 minutes', occurred_at) as quarter_hour,
  coalesce(nullif(map_name, ''), 'unknown') as map_name, server, count(*)::integer as rounds
from ttt.rounds
group by quarter_hour, coalesce(nullif(map_name, ''), 'unknown'), server
