-- rollup: logs.player_counts   version: 1
-- A row is the player counts in a server's heartbeats of five minutes; `reports` have one.
-- source: logs.heartbeats(occurred_at)   bucket: slot, 5 minutes
-- index: server_id, slot
-- column: server_id  Id of the game server, srv_…
-- column: beats  Heartbeats [heartbeats]
-- column: reports  Heartbeats that report how many play [heartbeats]
-- column: players  Sum of the reported players; divided by reports their mean; null: no report [players]
-- column: low  Fewest reported players; null: no report [players]
-- column: peak  Most reported players; null: no report [players]
select time_bucket('5 minutes', occurred_at) as slot, server_id, count(*) as beats,
  count(players) as reports, sum(players) as players, min(players) as low, max(players) as peak
from logs.heartbeats
group by slot, server_id
