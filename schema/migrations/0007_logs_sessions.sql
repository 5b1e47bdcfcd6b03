-- Sessions of players on servers: derived from events and heartbeats, and never from their order of
-- arrival. `logs.settle` keeps them (always/logs_sessions.sql).

-- Whether a SteamID names an account: bots, pending joins and placeholders do not.
create function logs.is_person(steam_id text) returns boolean
language sql
immutable
parallel safe
as $$
  select steam_id ~ '^STEAM_[0-5]:[01]:(?!0+$)[0-9]{1,10}$'
$$;

-- When a session began, as its server says with an event that has a session's key. A time that no
-- event could have is none.
create function logs.session_start(at timestamptz, session_id text, metadata jsonb)
returns timestamptz
language sql
stable
as $$
  select moment
  from (
    select (metadata ->> 'sessionStart')::timestamptz as moment
    where session_id is not null
  ) as said
  where moment >= at - interval '90 days'
$$;

-- Who won a round that ended: traitor, innocent or timeout, else what was sent.
create function logs.winner(metadata jsonb) returns text
language sql
immutable
parallel safe
as $$
  select case
    when said in ('2', '3', '4') then (array['traitor', 'innocent', 'timeout'])[said::integer - 1]
    when upper(said) like '%TRAITOR%' then 'traitor'
    when upper(said) like '%INNOCENT%' then 'innocent'
    when upper(said) like '%TIME%' then 'timeout'
    else lower(said)
  end
  from (
    select coalesce(nullif(metadata ->> 'winner', ''), nullif(metadata ->> 'result', '')) as said
  ) as sent
$$;

-- A sequence of texts without repeats next to each other.
create function logs.run_on(runs text[], next text) returns text[]
language plpgsql
immutable
parallel safe
as $$
begin
  if runs[cardinality(runs)] = next then
    return runs;
  end if;
  return runs || next;
end
$$;

create aggregate logs.runs(text) (sfunc = logs.run_on, stype = text[], initcond = '{}');

create index heartbeats_of_nobody on logs.heartbeats (server_id, at) where players = 0;

create table logs.sessions (
  id uuid primary key,  -- of the event that opened it
  server_id text collate "C" not null,
  steam_id text collate "C" not null,
  session_id text collate "C",  -- as it was sent; null for an inferred session
  started_at timestamptz not null,
  ended_at timestamptz not null,  -- of an open one the last sign of life that was known
  method text not null,  -- exact, inferred
  reason text not null,  -- disconnect, reconnect, empty, timeout, idle, open
  opened_at timestamptz not null,
  -- All that it may depend on lies between: what is outside needs no second look.
  first_at timestamptz not null,
  last_at timestamptz not null
);

create index sessions_by_person on logs.sessions (steam_id, started_at desc, id desc);
create index sessions_by_person_there on logs.sessions (server_id, steam_id, last_at);
create index sessions_by_key on logs.sessions (server_id, steam_id, session_id)
  where session_id is not null;
create index sessions_by_end on logs.sessions (server_id, last_at);
create index sessions_open on logs.sessions (server_id) where reason = 'open';

-- The part of a session that lies in one hour; the seconds of its parts are those of the session.
create table logs.played (
  hour timestamptz not null,
  session uuid not null,
  server_id text collate "C" not null,
  steam_id text collate "C" not null,
  since timestamptz not null,
  until timestamptz not null,
  seconds integer not null,
  is_start boolean not null,
  is_exact boolean not null,
  primary key (session, hour)
);

select create_hypertable(
  'logs.played', by_range('hour', interval '7 days'), create_default_indexes => false
);

create index played_by_hour on logs.played (hour, server_id);

-- Hours of a server of which sessions do not know everything yet. A writer who finds the mark raises
-- its version, so that a settling that began before does not take it away.
create table logs.unsettled (
  server_id text collate "C" not null,
  hour timestamptz not null,
  is_beat boolean not null,  -- heartbeats came or went, which count for a day
  version bigint not null default 1,
  primary key (server_id, hour)
);

create function logs.unsettle() returns trigger
language plpgsql
as $$
begin
  -- What is older than raw rows are kept stays as it is.
  insert into logs.unsettled as u (server_id, hour, is_beat)
  select server_id, hour, false
  from changed
  where hour >= rollups.retained_from('logs.hours')
  order by server_id, hour
  on conflict on constraint unsettled_pkey do update
  set version = u.version + 1;
  return null;
end
$$;

create trigger unsettle_insert after insert on logs.hours
referencing new table as changed for each statement execute function logs.unsettle();
create trigger unsettle_update after update on logs.hours
referencing new table as changed for each statement execute function logs.unsettle();
create trigger unsettle_delete after delete on logs.hours
referencing old table as changed for each statement execute function logs.unsettle();

-- A heartbeat changes an hour as an event does, though the hour has no event more.
create function logs.feel() returns trigger
language plpgsql
as $$
begin
  insert into logs.hours as h (server_id, hour, events)
  select distinct server_id, date_trunc('hour', at, 'UTC'), 0
  from changed
  order by 1, 2
  on conflict on constraint hours_pkey do update
  set events = h.events;
  update logs.unsettled u
  set is_beat = true
  from changed c
  where u.server_id = c.server_id
    and u.hour = date_trunc('hour', c.at, 'UTC');
  return null;
end
$$;

create trigger feel_insert after insert on logs.heartbeats
referencing new table as changed for each statement execute function logs.feel();
create trigger feel_update after update on logs.heartbeats
referencing new table as changed for each statement execute function logs.feel();
create trigger feel_delete after delete on logs.heartbeats
referencing old table as changed for each statement execute function logs.feel();

-- Heartbeats count for their server's mode.
create function logs.change_mode() returns trigger
language plpgsql
as $$
begin
  update logs.hours
  set events = events
  where server_id = new.id
    and hour >= rollups.retained_from('logs.hours');
  return null;
end
$$;

create trigger change_mode after update of mode on logs.servers
for each row when (old.mode <> new.mode) execute function logs.change_mode();

-- How long rows are kept, until somebody says otherwise.
insert into rollups.sources (name, time_column, retention, chunk_table, grace, part_of)
values ('logs.hours', 'hour', '90 days', 'logs.events', '2 days', null),
  ('logs.heartbeats', 'at', '90 days', null, '2 days', 'logs.hours'),
  ('logs.played', 'hour', '90 days', null, '0', 'logs.hours');
