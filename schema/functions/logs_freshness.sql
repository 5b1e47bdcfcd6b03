-- How fresh the rollups of a period are that began at `since`: they are complete up to `as_of`, and
-- with `raw_tail` newer rows are counted one by one.
create or replace function logs.freshness(since timestamptz)
returns table (as_of timestamptz, raw_tail boolean)
language sql
stable
as $$
  select coalesce(min(d.bucket), now()),
    count(d.bucket) > 0 or exists (select from logs.change_queue)
  from rollups.dirty_buckets d
  join rollups.catalog c on c.id = d.rollup
  where c.name in ('logs.activity', 'logs.play_hours', 'logs.player_counts')
    and c.is_current
    and d.bucket >= since
$$;


-- What is derived from events is written when they are folded, and an open session at the refresh.
update rollups.sources as s
set lag = known.lag
from (
  values ('logs.session_hours', 'Who plays now counts up to the last refresh'),
    ('logs.connects', 'What happened since the last refresh may be missing')
) as known (name, lag)
where s.name = known.name
  and s.lag is distinct from known.lag;
