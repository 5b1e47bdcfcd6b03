-- rollup: game.active_days   version: 1
-- A row is the players who first came in one week, played on one UTC day, and had then first come `age`
-- days before.
-- source: game.visits(visited_at)   bucket: day, 1 day
-- index: cohort_week, age include players
select time_bucket('1 day', visited_at) as day, time_bucket('7 days', joined_at) as cohort_week,
  (extract(epoch from time_bucket('1 day', visited_at) - time_bucket('1 day', joined_at)) / 86400)
    ::integer as age,
  count(distinct player_id) as players
from game.visits
group by day, cohort_week, age
