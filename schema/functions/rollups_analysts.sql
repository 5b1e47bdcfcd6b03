-- What analysts may read: every rollup without the columns that hold players' names, as
-- `rollups.publish` says (functions/rollups_engine.sql), and no table of raw rows, which hold people's words.
grant usage on schema tilt, ttt, logs, game, tracker, live to tiltyard_analyst;

select rollups.publish(name)
from rollups.catalog
where is_current;

-- What analysts may read, with all that its comments say: by name, with `bucket` and `width` of a rollup.
create or replace function rollups.list_published()
returns table (
  name text, comment text, bucket text, width interval, freshness text, columns jsonb
)
language sql
stable
as $$
  select format('%s.%s', n.nspname, v.relname), obj_description(v.oid, 'pg_class'),
    c.bucket_column, c.width,
    case
      when c.is_all_time then 'Months that are closed, three days after their end'
      else coalesce(s.lag, 'Exact at every moment')
    end,
    (
      select jsonb_agg(
        jsonb_build_object(
          'name', a.attname,
          'type', format_type(a.atttypid, a.atttypmod),
          'unit', substring(d.comment from '\[([^]]+)\]$'),
          'comment', regexp_replace(d.comment, ' \[[^]]+\]$', '')
        )
        order by a.attnum
      )
      from pg_attribute a
      cross join lateral (select col_description(a.attrelid, a.attnum) as comment) as d
      where a.attrelid = v.oid
        and a.attnum > 0
    )
  from pg_class v
  join pg_namespace n on n.oid = v.relnamespace
  left join rollups.catalog c on c.is_current
    and format('%s.%s', n.nspname, v.relname) in (c.name, c.name || '_nameless')
  left join rollups.sources s on s.name = c.source
  where v.relkind = 'v'
    and exists (
      select
      from aclexplode(v.relacl) as granted
      where granted.grantee = 'tiltyard_analyst'::regrole
        and granted.privilege_type = 'SELECT'
    )
  order by 1
$$;

comment on function rollups.list_published() is
  'What analysts may read: views, their columns with types and units, bucket and freshness.';
