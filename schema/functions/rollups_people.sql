-- Puts something else in a person's place in stored rows whose raw rows are gone; the others follow
-- their raw rows. Two columns that are `ordered` stay in the order of their bytes.
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
  total bigint := 0;
begin
  for r in
    select c.bucket_column, s.retained_from, rollups.storage_table(c.id) as kept,
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
        'update %s set %I = $2 where %I = $1 and %I < $3',
        r.kept, person_column, person_column, r.bucket_column
      ) using person, instead, r.retained_from;
      get diagnostics changed = row_count;
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

-- Removes a person's stored rows whose raw rows are gone; the others follow their raw rows.
create or replace function rollups.erase_person(source text, person_column text, person text)
returns bigint
language plpgsql
as $$
declare
  r record;
  removed bigint;
  total bigint := 0;
begin
  for r in
    select c.bucket_column, s.retained_from, rollups.storage_table(c.id) as kept
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
      'delete from %s where %I = $1 and %I < $2', r.kept, person_column, r.bucket_column
    ) using person, r.retained_from;
    get diagnostics removed = row_count;
    total := total + removed;
  end loop;
  return total;
end
$$;
