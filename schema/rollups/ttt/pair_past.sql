-- rollup: ttt.pair_past   version: 2
-- A row is the rounds of two people, player1 < player2, on all servers in closed months; no bots.
-- source: ttt.rounds(at)   bucket: past, 1000 years   read by: day   closing
select time_bucket('1000 years', day) as past, player1, player2, sum(rounds)::integer as rounds,
  sum(rounds_together)::integer as rounds_together, sum(wins)::integer as wins,
  sum(timelimits)::integer as timelimits
from ttt.pair_days
group by past, player1, player2
