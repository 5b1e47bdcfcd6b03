-- rollup: ttt.pair_months   version: 1
-- A row is the rounds of two people, player1 < player2, on one server in one month; no bots.
-- source: ttt.rounds(at)   bucket: month, 1 month   read by: day
-- index: player1, month
select time_bucket('1 month', day) as month, player1, player2, server, sum(rounds)::integer as rounds,
  sum(rounds_together)::integer as rounds_together, sum(wins)::integer as wins,
  sum(timelimits)::integer as timelimits
from ttt.pair_days
group by month, player1, player2, server
