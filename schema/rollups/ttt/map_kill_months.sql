-- rollup: ttt.map_kill_months   version: 1
-- A row is the kills on one map and server in one UTC month, by people or by bots.
-- source: ttt.rounds(occurred_at)   bucket: month, 1 month   read by: day
-- index: map_name, month
select time_bucket('1 month', day) as month, map_name, server, by_bot, sum(kills)::integer as kills
from ttt.map_kill_days
group by month, map_name, server, by_bot
