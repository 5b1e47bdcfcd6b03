-- rollup: game.drop_days   version: 1
-- A row is the claims of one difficulty on one UTC day that were offered an item at one stated chance,
-- in percent, and how many of them drew one.
-- source: game.claims(claimed_at)   bucket: day, 1 day
-- index: day, difficulty
-- column: difficulty  How hard the battles were
-- column: percent  Stated chance of an item [percent]
-- column: offered  Claims that were offered an item at this chance [claims]
-- column: drawn  Those of them that drew one [claims]
select time_bucket('1 day', claimed_at) as day, difficulty, drop_percent as percent,
  count(*) as offered, count(rarity) as drawn
from game.claims
where drop_percent is not null
group by day, difficulty, drop_percent
