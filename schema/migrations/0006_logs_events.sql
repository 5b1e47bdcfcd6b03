-- Logs of GMod servers: the servers, what they tell, and what staff note about players.

create table logs.servers (
  id text primary key,
  name text not null check (length(name) between 1 and 128),
  ip text not null check (length(ip) between 1 and 64),
  port integer not null check (port between 1 and 65535),
  mode text not null check (mode in ('TTT', 'Sandbox', 'Murder')),
  max_players integer not null check (max_players between 1 and 1000),
  maintenance boolean not null default false,
  created_at timestamptz not null default now(),
  deleted_at timestamptz,
  -- The last sign of life, and what it said.
  last_sign_at timestamptz,
  players integer not null default 0,
  map text
);

-- An event's id carries `second`: the time it was sent with, cut to the second, or of a window of ten
-- minutes where none was sent. `at` is when it counts as having happened: never more than ten minutes
-- after `second`, and before it only where a clock is ahead.
create table logs.events (
  id uuid not null,
  second timestamptz not null,
  at timestamptz not null,
  server_id text collate "C" not null,
  mode text collate "C" not null,
  type text collate "C" not null,
  steam_id text collate "C",
  player_name text,
  raw_text text not null,
  people text[],  -- the SteamIDs of attacker, victim and target
  map text collate "C",
  player_count integer,
  session_id text collate "C",
  metadata jsonb not null,
  -- The order of arrival: who has read all of the transactions before some one misses none later.
  written xid8 not null default pg_current_xact_id(),
  primary key (id, second)
);

select create_hypertable(
  'logs.events', by_range('second', interval '7 days'), create_default_indexes => false
);

-- What a search looks through, in lower case; parts are told apart so that nothing matches across.
-- The SteamID's own collation knows the case of ASCII letters only.
create function logs.searched(name text, said text, steam_id text) returns text
language sql
immutable
parallel safe
as $$
  select lower(
    coalesce(name, '') || e'\x1f' || said || e'\x1f' || coalesce(steam_id, '') collate "default"
  )
$$;

create index events_by_words on logs.events
  using gin (logs.searched(player_name, raw_text, steam_id) gin_trgm_ops);
-- Few events share a moment: no index needs the id to have them in order.
create index events_by_time on logs.events (at desc);
create index events_by_server on logs.events (server_id, at desc);
create index events_by_type on logs.events (type, at desc);
create index events_by_person on logs.events (steam_id, at desc) where steam_id is not null;
create index events_by_map on logs.events (map, at desc) where map is not null;
create index events_by_people on logs.events using gin (people) where people is not null;
create index events_by_arrival on logs.events (written, id);

create table logs.heartbeats (
  at timestamptz not null,
  server_id text collate "C" not null,
  players integer,
  map text collate "C",
  primary key (server_id, at)
);

select create_hypertable(
  'logs.heartbeats', by_range('at', interval '7 days'), create_default_indexes => false
);

-- What became of what a server sent, by the hour of its receipt.
create table logs.receipts (
  server_id text collate "C" not null,
  hour timestamptz not null,
  outcome text collate "C" not null,  -- stored, duplicate, ignored, rejected, unknown, clock
  detail text collate "C" not null,  -- the rule with its kind, the reason, type or warning
  events bigint not null,
  primary key (hour, server_id, outcome, detail)
);

-- How many events there are of each server and hour. Written with every event, so that the rollups of
-- logs are marked by this table: the columnstore takes no table that marks its own deletes.
create table logs.hours (
  server_id text collate "C" not null,
  hour timestamptz not null,
  events bigint not null,
  primary key (hour, server_id)
);

-- Of each server the clock skew of its last live events, the newest last.
create table logs.skews (
  server_id text collate "C" primary key,
  milliseconds bigint[] not null
);

create table logs.notes (
  id uuid primary key default gen_random_uuid(),
  steam_id text collate "C" not null,
  content text not null check (length(content) between 1 and 4096),
  author text not null,
  created_at timestamptz not null default now(),
  changed_at timestamptz
);

create index notes_by_person on logs.notes (steam_id, created_at desc);

create table logs.punishments (
  id uuid primary key default gen_random_uuid(),
  steam_id text collate "C" not null,
  type text not null check (type in ('BAN', 'MUTE', 'GAG', 'KICK', 'WARN')),
  reason text not null check (length(reason) between 1 and 4096),
  duration text,
  active boolean not null,
  author text not null,
  created_at timestamptz not null default now()
);

create index punishments_by_person on logs.punishments (steam_id, created_at desc);

-- One row: what staff configured.
create table logs.site (
  is_only boolean primary key default true check (is_only),
  config jsonb not null,
  changed_at timestamptz not null default now()
);
