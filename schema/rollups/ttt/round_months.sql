-- rollup: ttt.round_months   version: 1
-- A row is the rounds of one map and server that one side won in one UTC month.
-- source: ttt.rounds(occurred_at)   bucket: month, 1 month   read by: day
-- index: map_name, month
select time_bucket('1 month', day) as month, map_name, server, winner, sum(rounds)::integer as rounds,
  sum(seconds)::integer as seconds, sum(timed)::integer as timed
from ttt.round_days
group by month, map_name, server, winner
