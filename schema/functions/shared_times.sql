-- A time as clients read it, as json_codec.iso writes it.
create or replace function shared.iso_time(moment timestamptz) returns text
language sql
stable
as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The UTC day of a time as clients read it.
create or replace function shared.iso_day(moment timestamptz) returns text
language sql
stable
as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD')
$$;
