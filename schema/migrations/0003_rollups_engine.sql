-- Rollups: which there are, which of their buckets are dirty, and how far their raw rows reach back.

create table rollups.sources (
  name text primary key,  -- schema.table of the raw rows
  time_column text not null,
  keep interval,  -- raw rows older than this are dropped; null keeps them for good
  horizon timestamptz not null default '-infinity'  -- older events are refused, never half counted
);

create table rollups.catalog (
  id smallint generated always as identity primary key,
  name text not null,  -- schema.view
  version integer not null,
  checksum text not null,
  source text not null references rollups.sources (name),
  bucket_column text not null,
  width interval not null,
  material text not null,  -- schema.table, or schema.view of a continuous aggregate
  is_aggregate boolean not null,
  is_current boolean not null default false,  -- the view reads it
  filled_by bigint,  -- generation of the marks that fill it first; null until they are made
  live text not null,  -- its SELECT over raw rows from $1 until $2
  exact text not null,  -- the SELECT of its view
  audited_at timestamptz,
  differences bigint,  -- rows that the last audit found wrong
  unique (name, version)
);

create table rollups.dirty (
  rollup smallint not null,
  bucket timestamptz not null,
  generation bigint not null,
  primary key (rollup, bucket, generation)
);

-- A mark carries the generation in which it was made. A refresh closes the current generation, waits
-- until every transaction that may still mark in it has ended, and retires its marks: no writer ever
-- waits for a refresh, and no write is missed. It is a sequence because a writer must read its value
-- of this very moment, whatever its snapshot.
create sequence rollups.generation;
select setval('rollups.generation', 1);

create table rollups.generations (
  generation bigint primary key,  -- closed
  settles_at xid8 not null  -- settled once no older transaction is running
);
