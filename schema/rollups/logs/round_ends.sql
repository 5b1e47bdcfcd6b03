-- rollup: logs.round_ends   version: 1
-- A row is a round that ended in an hour, and who won it as the last one told who did.
-- source: logs.hours(hour)   bucket: hour, 1 hour   read by: at
-- index: server_id, round_id
select time_bucket('1 hour', at) as hour, server_id, round_id,
  max(at) as ended_at, (array_agg(winner order by at desc, id desc))[1] as winner
from (
  select at, id, server_id, metadata ->> 'roundId' as round_id, logs.winner(metadata) as winner
  from logs.events
  where type = 'ROUND_END'
) as ends
where round_id is not null
  and winner is not null
group by hour, server_id, round_id
