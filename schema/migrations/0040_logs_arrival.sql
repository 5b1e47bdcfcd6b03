-- The order in which events came: a second holds many, and who spoke or shot first must be told.
-- Microseconds since 1970 at the receipt of their request, times 2,048, plus the place in the request.
-- What was stored before this column has none, and is in the order of its ids.
alter table logs.events add column arrival bigint not null default 0;

-- By transaction first: the live feed never reads past one that may still write.
drop index logs.events_by_arrival;
create index events_by_arrival on logs.events (written, arrival);
