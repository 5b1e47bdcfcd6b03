-- rollup: logs.player_days   version: 1
-- A row is what one person did on one server in one mode on one UTC day.
-- source: logs.event_hours(hour)   bucket: day, 1 day   read by: hour
-- private: name, named_at, named_by
-- index: steam_id, day
-- index: server_id, day
select time_bucket('1 day', hour) as day, steam_id, server_id, mode,
  sum(events)::integer as events, sum(connections)::integer as connections,
  sum(props)::integer as props, min(first_at) as first_at, max(last_at) as last_at,
  max(named_at) as named_at,
  (array_agg(named_by order by named_at desc, named_by desc) filter (where name is not null))[1]
    as named_by,
  (array_agg(name order by named_at desc, named_by desc) filter (where name is not null))[1]
    as name
from logs.player_hours
group by day, steam_id, server_id, mode
