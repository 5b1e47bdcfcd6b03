-- What exports and analysts may ask of the rollup engine, whose own schema is closed to analysts: with the
-- rights of the functions' owner.
comment on schema analysts is 'What analysts may ask of the rollup engine.';
grant usage on schema analysts to tiltyard_analyst;

-- The rollups that analysts may read: what each is, and how many of its buckets are dirty. The width of a
-- bucket is an ISO 8601 duration, such as P1D.
create or replace function analysts.list_rollups()
returns table (
  name text, comment text, bucket text, width text, freshness text, columns jsonb,
  dirty_buckets bigint, oldest_dirty timestamptz
)
language sql
stable
security definer
set search_path = public, pg_temp
set intervalstyle = 'iso_8601'
as $$
  select p.name, p.comment, p.bucket, p.width::text, p.freshness, p.columns, d.dirty, d.oldest
  from rollups.list_published() as p
  join rollups.catalog as c on c.is_current
    and p.name in (c.name, c.name || '_nameless')
  cross join lateral (
    select count(distinct bucket) as dirty, min(bucket) as oldest
    from rollups.dirty_buckets
    where rollup = c.id
  ) as d
  order by p.name
$$;

comment on function analysts.list_rollups() is
  'The rollups that analysts may read, with columns, types, units, freshness and dirty buckets.';

-- The buckets of a rollup that are dirty at this moment, by the name of the view that analysts read.
create or replace function analysts.list_dirty_buckets(rollup text) returns setof timestamptz
language sql
stable
security definer
set search_path = public, pg_temp
as $$
  select distinct d.bucket
  from rollups.dirty_buckets as d
  join rollups.catalog as c on c.id = d.rollup
  where c.is_current
    and list_dirty_buckets.rollup in (c.name, c.name || '_nameless')
$$;

comment on function analysts.list_dirty_buckets(text) is
  'The starts of the buckets of a rollup that changed since its last refresh.';
