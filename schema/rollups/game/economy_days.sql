-- rollup: game.economy_days   version: 1
-- A row is the gold or gems that one cause made and destroyed on one UTC day; `movements` is how often.
-- source: game.ledger(occurred_at)   bucket: day, 1 day
-- index: day, kind, cause
-- column: kind  gold or gem
-- column: cause  Why balances changed: start, purchase, egg, claim, grant
-- column: movements  Changes of balances [changes]
-- column: made  What came into being [gold or gems]
-- column: destroyed  What was spent, as a positive number [gold or gems]
select time_bucket('1 day', occurred_at) as day, kind, cause, count(*) as movements,
  least(coalesce(sum(amount) filter (where amount > 0), 0), 9223372036854775807)::bigint as made,
  least(coalesce(-sum(amount) filter (where amount < 0), 0), 9223372036854775807)::bigint
    as destroyed
from game.ledger
group by day, kind, cause
