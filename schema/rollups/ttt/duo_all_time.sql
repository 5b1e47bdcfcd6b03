-- rollup: ttt.duo_all_time   version: 1
-- A row is the rounds of two people, player1 < player2, on all servers in closed months; no bots.
-- source: ttt.rounds(occurred_at)   bucket: all_time, 1000 years   read by: day   all-time
select time_bucket('1000 years', day) as all_time, player1, player2, sum(rounds)::integer as rounds,
  sum(rounds_together)::integer as rounds_together, sum(wins)::integer as wins,
  sum(timelimits)::integer as timelimits
from ttt.duo_days
group by all_time, player1, player2
