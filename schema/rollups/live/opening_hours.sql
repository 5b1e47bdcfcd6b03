-- rollup: live.opening_hours   version: 1
-- A row is the sockets that were opened to rooms of one kind in one hour, by UTC.
-- source: live.openings(opened_at)   bucket: hour, 1 hour
-- index: hour, kind
-- column: kind  Kind of room, such as battle
-- column: sockets  Sockets that were opened [sockets]
select time_bucket('1 hour', opened_at) as hour, kind, count(*) as sockets
from live.openings
group by hour, kind
