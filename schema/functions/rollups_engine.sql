-- The parts of the rollup engine that run inside the database. `materialization`, `recompute_sql`
-- and `view_sql` are written by schema/engine/rollup.py alone, which is why they may be executed.

-- Closes the current generation; its dirty buckets may be retired once settled_generation()
-- has reached it. To be called outside a transaction: the id it takes must be younger than the closing.
create or replace function rollups.close_generation() returns bigint
language plpgsql
as $$
declare
  closed bigint := nextval('rollups.generation') - 1;
begin
  -- A writer has its transaction id before it marks, so whoever read the old value has a lower one.
  -- (A snapshot's xmax would not do: it is the newest id that ended, not the newest that began.)
  insert into rollups.generations (generation, settles_at)
  values (closed, pg_current_xact_id());
  return closed;
end
$$;

-- The newest generation in which no running transaction can still mark buckets; 0 for none.
create or replace function rollups.settled_generation() returns bigint
language sql
as $$
  select coalesce(max(generation), 0)
  from rollups.generations
  where settles_at <= pg_snapshot_xmin(pg_current_snapshot())
$$;

-- Writes the buckets of a table in a range again, from the raw rows. What a week's rows are grouped by fits
-- into this memory, which only one refresh at a time takes; on disk it costs twice the time.
create or replace function rollups.refresh_range(
  rollup smallint, from_bucket timestamptz, end_bucket timestamptz
)
returns void
language plpgsql
set work_mem = '64MB'
as $$
declare
  r rollups.catalog;
begin
  select * into strict r from rollups.catalog where id = rollup;
  execute format('delete from %s where %I >= $1 and %I < $2', r.materialization, r.bucket_column, r.bucket_column)
    using from_bucket, end_bucket;
  execute format('insert into %s %s', r.materialization, r.recompute_sql)
    using from_bucket, end_bucket;
end
$$;

-- The rows of a bucket, counted from raw rows. With the rights of its owner, as those who may read a view
-- have none to what it is counted from.
create or replace function rollups.recompute_bucket(rollup smallint, bucket timestamptz) returns setof record
language plpgsql
stable
security definer
set search_path = public, pg_temp
as $$
declare
  r rollups.catalog;
begin
  select * into strict r from rollups.catalog where id = rollup;
  return query execute r.recompute_sql using bucket, date_add(bucket, r.width, 'UTC');
end
$$;

-- How many rows of a bucket differ from the raw rows; null when it is dirty and may differ.
-- One statement, so that both sides and the dirty buckets are seen at the same moment.
create or replace function rollups.count_differences(rollup smallint, bucket timestamptz) returns bigint
language plpgsql
as $$
declare
  r rollups.catalog;
  found bigint;
begin
  select * into strict r from rollups.catalog where id = rollup;
  execute format(
    'with kept as (select * from %s where %I >= $1 and %I < $2), counted as (%s)
     select case when exists (select from rollups.dirty_buckets d where d.rollup = $3 and d.bucket = $1) then null
       else (select count(*) from (
         (select * from kept except all select * from counted)
         union all
         (select * from counted except all select * from kept)) as wrong)
       end',
    r.materialization, r.bucket_column, r.bucket_column, r.recompute_sql
  ) into found using bucket, date_add(bucket, r.width, 'UTC'), rollup;
  return found;
end
$$;

-- Marks a bucket dirty by hand.
create or replace function rollups.mark_dirty(rollup smallint, bucket timestamptz) returns void
language sql
as $$
  insert into rollups.dirty_buckets (rollup, bucket, generation)
  select rollup, bucket, last_value
  from rollups.generation
  on conflict do nothing
$$;

-- The table that holds a rollup's rows, also where a continuous aggregate is in front of it.
create or replace function rollups.storage_table(rollup smallint) returns text
language sql
stable
as $$
  select coalesce(
    a.materialization_hypertable_schema || '.' || a.materialization_hypertable_name, c.materialization
  )
  from rollups.catalog c
  left join timescaledb_information.continuous_aggregates a
    on format('%s.%s', a.view_schema, a.view_name) = c.materialization
  where c.id = rollup
$$;

-- Copies the stored rows whose raw rows are gone from one version to the next, in the columns both have.
create or replace function rollups.copy_retained(target rollups.catalog, old rollups.catalog) returns void
language plpgsql
as $$
declare
  columns text;
begin
  select string_agg(quote_ident(n.attname), ', ') into strict columns
  from pg_attribute n
  join pg_attribute o on o.attname = n.attname
  where n.attrelid = rollups.storage_table(target.id)::regclass
    and o.attrelid = rollups.storage_table(old.id)::regclass
    and n.attnum > 0
    and o.attnum > 0
    and not n.attisdropped
    and not o.attisdropped;
  execute format('insert into %s (%s) select %s from %s where date_add(%I, $2, ''UTC'') <= rollups.retained_from($1)',
    rollups.storage_table(target.id), columns, columns, rollups.storage_table(old.id), old.bucket_column)
    using old.source, old.width;
end
$$;

-- Comments columns of a table or view, by name; others, and those that say it already, are left alone.
create or replace function rollups.comment_columns(relation text, comments jsonb) returns void
language plpgsql
as $$
declare
  r record;
begin
  for r in
    select a.attname, c.value as comment
    from pg_attribute a
    join jsonb_each_text(comments) c on c.key = a.attname
    where a.attrelid = relation::regclass
      and a.attnum > 0
      and not a.attisdropped
      and c.value is distinct from col_description(a.attrelid, a.attnum)
  loop
    execute format('comment on column %s.%I is %L', relation, r.attname, r.comment);
  end loop;
end
$$;

-- Comments columns of a table or view as those of the same name are in another one.
create or replace function rollups.copy_comments(source text, target text) returns void
language sql
as $$
  select rollups.comment_columns(target, coalesce(
    jsonb_object_agg(a.attname, col_description(a.attrelid, a.attnum)), '{}'
  ))
  from pg_attribute a
  where a.attrelid = source::regclass
    and a.attnum > 0
    and not a.attisdropped
$$;

-- Lets analysts read a rollup: its view, or where that holds names a view of its other columns, which
-- is called the same with `_nameless` after it; of one that is all names nothing.
create or replace function rollups.publish(rollup text) returns void
language plpgsql
as $$
declare
  private text[];
  columns text;
begin
  select c.private_columns into strict private
  from rollups.catalog c
  where c.name = rollup
    and c.is_current;
  if private is null then
    execute format('grant select on %s to tiltyard_analyst', rollup);
    return;
  end if;
  execute format('revoke all on %s from tiltyard_analyst', rollup);
  if private <> array['*'] then
    select string_agg(quote_ident(attname), ', ' order by attnum) into strict columns
    from pg_attribute
    where attrelid = rollup::regclass
      and attnum > 0
      and attname <> all (private);
    execute format(
      'create or replace view %1$s_nameless as select %2$s from %1$s', rollup, columns
    );
    execute format(
      'comment on view %s_nameless is %L',
      rollup, format('%s without the columns that hold names of players', rollup)
    );
    perform rollups.copy_comments(rollup, rollup || '_nameless');
    execute format('grant select on %s_nameless to tiltyard_analyst', rollup);
  end if;
end
$$;

-- Lets the view of a rollup read this version from now on, and drops the version before it. The old
-- columns come first: `view_sql` names them in this order.
create or replace function rollups.promote(rollup smallint) returns void
language plpgsql
as $$
declare
  r rollups.catalog;
  old rollups.catalog;
begin
  select * into strict r from rollups.catalog where id = rollup;
  select * into old from rollups.catalog where name = r.name and is_current;
  if old.id is not null then
    perform rollups.copy_retained(r, old);
  end if;
  -- Replaced and not dropped: other views may read it.
  execute format('create or replace view %s as %s', r.name, r.view_sql);
  execute format('comment on view %s is %L', r.name, r.comment);
  perform rollups.copy_comments(r.materialization, r.name);
  update rollups.catalog set is_current = (id = rollup) where name = r.name;
  perform rollups.publish(r.name);
  if old.id is not null then
    execute format(
      'drop %s %s',
      case when old.is_aggregate then 'materialized view' else 'table' end,
      old.materialization
    );
    delete from rollups.dirty_buckets as d where d.rollup = old.id;
    delete from rollups.catalog where id = old.id;
  end if;
end
$$;

-- Before this moment the raw rows of a source are dropped, or about to be.
create or replace function rollups.retained_from(source text) returns timestamptz
language sql
stable
as $$
  select coalesce((select s.retained_from from rollups.sources s where s.name = source), '-infinity')
$$;

-- Up to this moment rollups of all time are counted: a source is complete there, but for what comes late.
create or replace function rollups.watermark(source text) returns timestamptz
language sql
stable
as $$
  select s.watermark
  from rollups.sources s
  where s.name = source
$$;

-- Random buckets that an audit can check: with raw rows or stored ones, and not before retained_from.
create or replace function rollups.sample_buckets(rollup integer, size integer)
returns table (bucket timestamptz)
language plpgsql
as $$
declare
  r rollups.catalog;
  s rollups.sources;
begin
  select * into strict r from rollups.catalog c where c.id = sample_buckets.rollup;
  select * into strict s from rollups.sources x where x.name = r.source;
  -- A stored bucket may lack its raw rows and the other way round: look from both sides.
  return query execute format(
    'select b from (
       select distinct %1$I as b from %2$s where %1$I >= $2
       union
       select distinct time_bucket($3, %3$I) from %4$s where %3$I >= $2
     ) as any_bucket
     where b >= $2
     order by random()
     limit $1',
    r.bucket_column, r.materialization, s.time_column, r.source
  ) using size, s.retained_from, r.width;
end
$$;
