-- rollup: logs.population   version: 1
-- A row is what a server's heartbeats of five minutes said of its players; `told` of them did.
-- source: logs.heartbeats(at)   bucket: slot, 5 minutes
-- index: server_id, slot
select time_bucket('5 minutes', at) as slot, server_id, count(*) as beats,
  count(players) as told, sum(players) as players, min(players) as low, max(players) as peak
from logs.heartbeats
group by slot, server_id
