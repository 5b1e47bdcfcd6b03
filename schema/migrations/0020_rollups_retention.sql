-- An event and its parts are kept for the same time: parts follow the source that they name. So a late
-- event is refused for both or for neither, and no part is counted anew without its event.
alter table rollups.sources add column part_of text references rollups.sources (name);

insert into rollups.sources (name, time_column, part_of)
values ('tilt.events', 'occurred_at', null),
  ('tilt.signals', 'occurred_at', 'tilt.events'),
  ('logs.heartbeats', 'occurred_at', 'logs.event_hours'),
  ('logs.connects', 'occurred_at', 'logs.event_hours'),
  ('logs.session_hours', 'hour', 'logs.event_hours')
on conflict (name) do update
set part_of = excluded.part_of;

-- Where they were set apart, what is gone of one stays gone, and the event's own setting holds.
update rollups.sources as s
set keep = w.keep, horizon = w.horizon
from (
  select coalesce(part_of, name) as whole, max(horizon) as horizon,
    (array_agg(keep order by part_of is not null))[1] as keep
  from rollups.sources
  group by coalesce(part_of, name)
) as w
where coalesce(s.part_of, s.name) = w.whole;
