-- How far each rollup is behind its raw rows, and what its last audit found. A rollup lags since the
-- first change that its stored rows lack; its view counts that from raw rows.
create or replace function rollups.describe_lag() returns jsonb
language sql
stable
as $$
  select coalesce(jsonb_agg(to_jsonb(r) order by r.name), '[]')
  from (
    select c.name, coalesce(d.buckets, 0) as dirty_buckets,
      coalesce(
        greatest(0, floor(extract(epoch from clock_timestamp() - d.marked_at)))::bigint, 0
      ) as lag_seconds,
      shared.iso_time(d.oldest) as oldest_dirty, shared.iso_time(c.audited_at) as audited_at,
      c.wrong_rows
    from rollups.catalog as c
    left join (
      select rollup, count(distinct bucket) as buckets, min(bucket) as oldest,
        min(marked_at) as marked_at
      from rollups.dirty_buckets
      group by rollup
    ) as d on d.rollup = c.id
    where c.is_current
  ) as r
$$;
