-- Rollups: which there are, which of their buckets are dirty, and how far their raw rows reach back.
-- schema/README.md says how these tables work together.

comment on schema rollups is 'The rollup engine: sources, the catalog, dirty buckets, and materializations.';

create table rollups.sources (
  name text primary key,
  time_column text not null,
  retention interval,
  retained_from timestamptz not null default '-infinity',
  grace interval not null default '0',
  watermark timestamptz not null default '-infinity',
  part_of text references rollups.sources (name),
  chunk_table text,
  dependent_tables text[] not null default '{}'
);

comment on table rollups.sources is 'A table of raw rows that rollups are counted from.';
comment on column rollups.sources.name is 'schema.table of the raw rows';
comment on column rollups.sources.time_column is 'The column by which rows fall into buckets';
comment on column rollups.sources.retention is
  'For how long raw rows are kept; null: permanently';
comment on column rollups.sources.retained_from is
  'Raw rows before this moment are dropped, or about to be; later writers are refused';
comment on column rollups.sources.grace is
  'For how long before retained_from rows stay, to derive again what goes on after it';
comment on column rollups.sources.watermark is
  'The first of the month up to which rollups of all time are counted';
comment on column rollups.sources.part_of is
  'The source whose retention and retained_from hold for this one too; null: its own';
comment on column rollups.sources.chunk_table is
  'The hypertable whose chunks retention drops; null: the source itself';
comment on column rollups.sources.dependent_tables is
  'Hypertables written only together with the source, an ordinary table: their chunks go first';

create table rollups.catalog (
  id smallint generated always as identity primary key,
  name text not null,
  version integer not null,
  checksum text not null,
  comment text not null,
  source text not null references rollups.sources (name),
  bucket_column text not null,
  width interval not null,
  materialization text not null,
  is_aggregate boolean not null,
  is_all_time boolean not null default false,
  is_current boolean not null default false,
  private_columns text[],
  fill_generation bigint,
  recompute_sql text not null,
  view_sql text not null,
  audited_at timestamptz,
  wrong_rows bigint,
  unique (name, version)
);

comment on table rollups.catalog is 'A version of a rollup, built from a file of schema/rollups.';
comment on column rollups.catalog.id is 'By which its dirty buckets name it';
comment on column rollups.catalog.name is 'schema.view that readers use';
comment on column rollups.catalog.version is 'The version in its file, from 1';
comment on column rollups.catalog.checksum is 'SHA-256 of its file, as hexadecimal digits';
comment on column rollups.catalog.comment is 'What a row of it is, as its file says';
comment on column rollups.catalog.source is 'The table whose writes make its buckets dirty';
comment on column rollups.catalog.bucket_column is 'Its column that holds the start of a bucket';
comment on column rollups.catalog.width is 'The length of a bucket, by UTC';
comment on column rollups.catalog.materialization is
  'schema.table of its stored rows, or schema.view of its continuous aggregate';
comment on column rollups.catalog.is_aggregate is
  'Whether its stored rows are a continuous aggregate (Community) and no table';
comment on column rollups.catalog.is_all_time is
  'Whether it holds all of the past in one bucket, up to its source''s watermark';
comment on column rollups.catalog.is_current is 'Whether the view reads this version';
comment on column rollups.catalog.private_columns is
  'Columns that analysts may not read: they hold names of players; '
  '{*}: none of them; null: they may read all';
comment on column rollups.catalog.fill_generation is
  'Generation of the dirty buckets that fill it first; null until these are marked';
comment on column rollups.catalog.recompute_sql is 'Its SELECT over raw rows from $1 until $2';
comment on column rollups.catalog.view_sql is 'The SELECT of its view';
comment on column rollups.catalog.audited_at is 'Its last audit; null: none yet';
comment on column rollups.catalog.wrong_rows is
  'Rows that the last audit found wrong and repaired; null: no audit yet';

create table rollups.dirty_buckets (
  rollup smallint not null,
  bucket timestamptz not null,
  generation bigint not null,
  primary key (rollup, bucket, generation)
);

comment on table rollups.dirty_buckets is
  'A bucket whose raw rows changed in one generation since its stored rows were written.';
comment on column rollups.dirty_buckets.rollup is 'rollups.catalog.id';
comment on column rollups.dirty_buckets.bucket is 'Start of the bucket';
comment on column rollups.dirty_buckets.generation is 'The generation in which it was marked';

-- A dirty bucket carries the generation in which it was marked. A refresh closes the current one, waits
-- until every transaction that may still mark in it has ended, and retires its rows: no writer ever
-- waits for a refresh, and no write is missed. It is a sequence because a writer must read its value
-- of this very moment, whatever its snapshot.
create sequence rollups.generation;
select setval('rollups.generation', 1);

comment on sequence rollups.generation is 'The generation in which buckets are marked dirty now.';

create table rollups.generations (
  generation bigint primary key,
  settles_at xid8 not null
);

comment on table rollups.generations is 'A generation that was closed.';
comment on column rollups.generations.generation is 'Its value of the sequence rollups.generation';
comment on column rollups.generations.settles_at is
  'Transaction id at its closing: once none below is running, nobody can mark in it any more';

-- A last thing to group by, always the same, which can be hashed but not sorted: it lets PostgreSQL group by
-- hashing. Left to choose it sorts, for whoever reads today's rounds: it counts the rows of all chunks,
-- though all but one are excluded when the day is known, and finds no difference between the two.
create function rollups.by_hash() returns xid
language sql
immutable
as $$
  select nullif(xid '0', xid '0')
$$;

comment on function rollups.by_hash() is 'The last expression to group by where hashing is wanted.';
