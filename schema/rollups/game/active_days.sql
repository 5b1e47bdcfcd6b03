-- rollup: game.active_days   version: 1
-- A row is the players who first came in one week, played on one UTC day, and had then first come `age`
-- days before.
-- source: game.visits(visited_at)   bucket: day, 1 day
-- index: cohort_week, age include players
-- column: cohort_week  Start of the week, Monday by UTC, in which the players first came
-- column: age  Days from the day on which they first came [days]
-- column: players  Players who were active [players]
select time_bucket('1 day', visited_at) as day,
  -- By date_bin, since a continuous aggregate takes one time_bucket.
  date_bin('7 days', joined_at, timestamptz '2000-01-03 00:00:00+00') as cohort_week,
  (
    extract(epoch from date_bin('1 day', visited_at, timestamptz '2000-01-03 00:00:00+00')
      - date_bin('1 day', joined_at, timestamptz '2000-01-03 00:00:00+00')) / 86400
  )::integer as age,
  count(distinct player_id) as players
from game.visits
group by day, cohort_week, age
