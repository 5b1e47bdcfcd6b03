-- Marks for the lake the days of a rollup's buckets, and those of its source's raw rows; of several rollups of
-- a source the narrowest speak for the raw rows, since a month says little about which of its days changed.
create or replace function rollups.mark_days(rollup smallint, buckets timestamptz[]) returns void
language sql
as $$
  insert into rollups.changed_days (name, day)
  select c.name, date_trunc('day', bucket, 'UTC')
  from rollups.catalog as c
  cross join unnest(buckets) as bucket
  where c.id = rollup
  union
  select c.source, day
  from rollups.catalog as c
  cross join unnest(buckets) as bucket
  cross join generate_series(
    date_trunc('day', bucket, 'UTC'), date_add(bucket, c.width, 'UTC') - interval '1 us',
    interval '1 day', 'UTC'
  ) as day
  where c.id = rollup
    and c.width = (select min(o.width) from rollups.catalog as o where o.source = c.source)
  order by 1, 2
  on conflict (name, day) do update
  set mark = excluded.mark
$$;

comment on function rollups.mark_days(smallint, timestamptz[]) is
  'Marks for the lake the days of buckets of a rollup, and those of its source.';

-- Marks all days of which a rollup has rows: it is new to the lake, has another version, or the lake is lost.
create or replace function rollups.mark_all_days(rollup smallint) returns void
language plpgsql
as $$
declare
  r rollups.catalog;
  buckets timestamptz[];
begin
  select * into strict r from rollups.catalog where id = rollup;
  execute format('select array_agg(distinct %I) from %s', r.bucket_column, r.materialization)
    into buckets;
  perform rollups.mark_days(rollup, buckets);
  update rollups.catalog set is_in_lake = true where id = rollup;
end
$$;

comment on function rollups.mark_all_days(smallint) is
  'Marks for the lake all days of a rollup, and those of its source.';
