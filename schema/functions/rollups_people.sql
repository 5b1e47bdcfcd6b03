-- Puts something else in a person's place in stored rows whose raw rows are gone, and marks their days for
-- the lake; the others follow their raw rows. Two columns that are `ordered` stay in the order of their bytes.
create or replace function rollups.rename_person(
  source text, person_columns text[], ordered text[], person text, instead text
)
returns bigint
language plpgsql
as $$
declare
  r record;
  person_column text;
  changed bigint;
  buckets timestamptz[];
  total bigint := 0;
begin
  for r in
    select c.id, c.bucket_column, s.retained_from, rollups.storage_table(c.id) as kept,
      array(
        select a.attname::text
        from pg_attribute a
        where a.attrelid = rollups.storage_table(c.id)::regclass
          and a.attname = any (person_columns)
          and not a.attisdropped
      ) as found
    from rollups.catalog c
    join rollups.sources s on s.name = c.source
    where c.source = rename_person.source
      and s.retained_from > '-infinity'
  loop
    foreach person_column in array r.found loop
      execute format(
        'with changed as (update %s set %I = $2 where %I = $1 and %I < $3 returning %I as bucket)
         select count(*), array_agg(distinct bucket) from changed',
        r.kept, person_column, person_column, r.bucket_column, r.bucket_column
      ) into changed, buckets using person, instead, r.retained_from;
      perform rollups.mark_days(r.id, buckets);
      total := total + changed;
    end loop;
    if ordered <@ r.found then
      execute format(
        'update %1$s set %2$I = %3$I, %3$I = %2$I
         where $1 in (%2$I, %3$I) and %2$I collate "C" > %3$I collate "C" and %4$I < $2',
        r.kept, ordered[1], ordered[2], r.bucket_column
      ) using instead, r.retained_from;
    end if;
  end loop;
  return total;
end
$$;

-- Removes a person's stored rows whose raw rows are gone, and marks their days for the lake; the others
-- follow their raw rows.
create or replace function rollups.erase_person(source text, person_column text, person text)
returns bigint
language plpgsql
as $$
declare
  r record;
  removed bigint;
  buckets timestamptz[];
  total bigint := 0;
begin
  for r in
    select c.id, c.bucket_column, s.retained_from, rollups.storage_table(c.id) as kept
    from rollups.catalog c
    join rollups.sources s on s.name = c.source
    where c.source = erase_person.source
      and exists (  -- others count without saying whom
        select
        from pg_attribute a
        where a.attrelid = rollups.storage_table(c.id)::regclass
          and a.attname = person_column
      )
  loop
    execute format(
      'with removed as (delete from %s where %I = $1 and %I < $2 returning %I as bucket)
       select count(*), array_agg(distinct bucket) from removed',
      r.kept, person_column, r.bucket_column, r.bucket_column
    ) into removed, buckets using person, r.retained_from;
    perform rollups.mark_days(r.id, buckets);
    total := total + removed;
  end loop;
  return total;
end
$$;
