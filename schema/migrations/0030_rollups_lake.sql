-- What the lake (functions/lake/README.md) has of rollups and raw rows, and which days changed since.

create sequence rollups.day_mark;

comment on sequence rollups.day_mark is 'Tells a day''s mark from the one before it.';

create table rollups.changed_days (
  name text not null,
  day timestamptz not null,
  mark bigint not null default nextval('rollups.day_mark'),
  primary key (name, day)
);

comment on table rollups.changed_days is
  'A day of a rollup, or of the raw rows of a source, that changed since the lake wrote it.';
comment on column rollups.changed_days.name is 'rollups.catalog.name or rollups.sources.name';
comment on column rollups.changed_days.day is
  'Start of the day, by UTC; of a rollup the day in which a bucket begins';
comment on column rollups.changed_days.mark is
  'Another one each time that it changes: what is marked while the lake writes stays marked';

create table rollups.lake_files (
  name text not null,
  day timestamptz not null,
  hour smallint not null check (hour between 0 and 23),
  hours smallint not null check (hours in (1, 24)),
  row_count bigint not null check (row_count >= 0),
  size bigint not null,
  sha256 text not null,
  mark bigint not null,
  is_whole boolean not null default false,
  written_at timestamptz not null default now(),
  primary key (name, day, hour)
);

comment on table rollups.lake_files is
  'A Parquet file of the lake: a day of a rollup or raw table, or an hour of a large day.';
comment on column rollups.lake_files.name is 'schema.table as the lake calls it';
comment on column rollups.lake_files.day is 'Start of the day, by UTC';
comment on column rollups.lake_files.hour is 'Hour of the day with which it begins, by UTC';
comment on column rollups.lake_files.hours is 'How many hours it holds: 24, or 1 of a large day';
comment on column rollups.lake_files.row_count is 'Rows in it; 0: there is no such object';
comment on column rollups.lake_files.size is 'Bytes';
comment on column rollups.lake_files.sha256 is 'SHA-256 of its bytes, as hexadecimal digits';
comment on column rollups.lake_files.mark is
  'The mark of the day for which it was written: an interrupted day goes on with the next file';
comment on column rollups.lake_files.is_whole is
  'Whether all files of its day were written once, so that the manifest lists it';
comment on column rollups.lake_files.written_at is 'When it was last written, or found unchanged';

alter table rollups.catalog add column is_in_lake boolean not null default false;

comment on column rollups.catalog.is_in_lake is
  'Whether all of its days were marked once for the lake, which follows changes from then on';

-- Whatever deletes the mark of a bucket that was written again leaves the mark of its days. So writers
-- of raw rows pay nothing for the lake.
create function rollups.mark_written_days() returns trigger
language plpgsql
as $$
begin
  perform rollups.mark_days(w.rollup, array_agg(distinct w.bucket))
  from written as w
  group by w.rollup;
  return null;
end
$$;

comment on function rollups.mark_written_days() is 'Marks the days of buckets that were refreshed.';

create trigger mark_days after delete on rollups.dirty_buckets
referencing old table as written for each statement execute function rollups.mark_written_days();
