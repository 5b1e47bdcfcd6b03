-- rollup: ttt.round_days   version: 1
-- A row is the rounds of one map and server that one side won on one UTC day.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: map_name, day
-- column: map_name  Map; unknown: none was sent
-- column: server  Name of the API key that sent the round; null: sent without a key
-- column: winner  innocents, traitors, timelimit, none, unknown, or what else was sent, lower case
-- column: rounds  Rounds that ended [rounds]
-- column: seconds  Length of the rounds with a known one; null: of none [s]
-- column: timed  Rounds with a known length [rounds]
select time_bucket('1 day', occurred_at) as day,
  coalesce(nullif(map_name, ''), 'unknown') as map_name, server, winner,
  count(*)::integer as rounds, sum(duration)::integer as seconds, count(duration)::integer as timed
from ttt.rounds
group by day, coalesce(nullif(map_name, ''), 'unknown'), server, winner
