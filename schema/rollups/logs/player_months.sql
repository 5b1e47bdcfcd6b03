-- rollup: logs.player_months   version: 1
-- A row is what one person did on one server in one mode in one UTC month.
-- source: logs.event_hours(hour)   bucket: month, 1 month   read by: day
-- private: name, named_at, named_by
-- index: steam_id, month
-- index: server_id, month
select time_bucket('1 month', day) as month, steam_id, server_id, mode,
  sum(events)::integer as events, sum(connections)::integer as connections,
  sum(props)::integer as props, min(first_at) as first_at, max(last_at) as last_at,
  max(named_at) as named_at,
  (array_agg(named_by order by named_at desc, named_by desc) filter (where name is not null))[1]
    as named_by,
  (array_agg(name order by named_at desc, named_by desc) filter (where name is not null))[1]
    as name
from logs.player_days
group by month, steam_id, server_id, mode
