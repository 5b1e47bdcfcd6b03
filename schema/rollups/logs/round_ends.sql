-- rollup: logs.round_ends   version: 1
-- A row is a round that ended in an hour, and its winner by the last event that names one.
-- source: logs.event_hours(hour)   bucket: hour, 1 hour   read by: occurred_at
-- index: server_id, round_id
-- column: server_id  Id of the game server, srv_…
-- column: round_id  The game server's id of the round
-- column: ended_at  When it ended
-- column: winner  traitor, innocent, timeout, or what else was sent, lower case
select time_bucket('1 hour', occurred_at) as hour, server_id, round_id,
  max(occurred_at) as ended_at, (array_agg(winner order by occurred_at desc, id desc))[1] as winner
from (
  select occurred_at, id, server_id, metadata ->> 'roundId' as round_id,
    logs.parse_winner(metadata) as winner
  from logs.events
  where type = 'ROUND_END'
) as ends
where round_id is not null
  and winner is not null
group by hour, server_id, round_id
