-- rollup: ttt.item_months   version: 1
-- A row is one item bought in one start role on one map and server in one UTC month.
-- source: ttt.rounds(occurred_at)   bucket: month, 1 month   read by: day
-- index: map_name, month
select time_bucket('1 month', day) as month, item, role, map_name, server, is_bot,
  sum(buys)::integer as buys, sum(buyer_rounds)::integer as buyer_rounds, sum(wins)::integer as wins,
  sum(timelimits)::integer as timelimits
from ttt.item_days
group by month, item, role, map_name, server, is_bot
