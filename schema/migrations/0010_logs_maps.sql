-- Events of a map, by the time written in another way: a map is played for some hours and then not
-- for days, so the index of time must not look as good to the planner as the one of maps.
drop index logs.events_by_map;
create index events_by_map on logs.events (map, (at at time zone 'UTC') desc)
where map is not null;
