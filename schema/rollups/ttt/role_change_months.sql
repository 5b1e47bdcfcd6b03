-- rollup: ttt.role_change_months   version: 1
-- A row is how often one role became another on one server in one UTC month.
-- source: ttt.rounds(occurred_at)   bucket: month, 1 month   read by: day
-- index: role_start, month
select time_bucket('1 month', day) as month, role_start, role_end, server, is_bot,
  sum(changes)::integer as changes
from ttt.role_change_days
group by month, role_start, role_end, server, is_bot
