-- What came in and is not yet part of sessions and totals: a queue of changes, which whoever folds
-- takes from, in the transaction that writes the result. So every snapshot sees a change either here
-- or in what is kept, and a reader adds the two (always/logs_pending.sql, always/logs_fold.sql).

create table logs.changes (
  number bigint generated always as identity primary key,
  server_id text collate "C" not null,
  at timestamptz not null,
  id uuid,  -- of the event; null for a heartbeat
  mode text collate "C",
  type text collate "C",
  steam_id text collate "C",
  player_name text,
  session_id text collate "C",
  started_at timestamptz,  -- when its session began, as its server says
  map text collate "C",
  players integer,  -- as the event or heartbeat says
  is_map_change boolean not null,
  is_ambiguous boolean not null,
  -- Of modes with rounds: which one, and in which roles.
  round_id text,
  role text,
  attacker_id text collate "C",
  attacker_role text,
  victim_id text collate "C",
  victim_role text,
  winner text
);

create function logs.queue_events() returns trigger
language plpgsql
as $$
begin
  insert into logs.changes
    (server_id, at, id, mode, type, steam_id, player_name, session_id, started_at, map, players,
     is_map_change, is_ambiguous, round_id, role, attacker_id, attacker_role, victim_id,
     victim_role, winner)
  select server_id, at, id, mode, type, steam_id, player_name, session_id,
    case when metadata ? 'sessionStart' then logs.session_start(at, session_id, metadata) end,
    map, player_count,
    type = 'GAME_EVENT' and metadata @> '{"eventKind": "MAP_CHANGE"}',
    metadata @> '{"ambiguous": true}',
    case when has_rounds or type = 'ROUND_END' then metadata ->> 'roundId' end,
    case when has_rounds then metadata ->> 'role' end,
    case when has_rounds then metadata ->> 'attackerSteamId' end,
    case when has_rounds then metadata ->> 'attackerRole' end,
    case when has_rounds
      then coalesce(metadata ->> 'victimSteamId', case when type = 'KILL' then steam_id end)
    end,
    case when has_rounds then metadata ->> 'victimRole' end,
    case when type = 'ROUND_END' then logs.winner(metadata) end
  from changed
  cross join lateral (select mode in ('TTT', 'Murder') as has_rounds) as m;
  return null;
end
$$;

create trigger queue_insert after insert on logs.events
referencing new table as changed for each statement execute function logs.queue_events();

create function logs.queue_heartbeats() returns trigger
language plpgsql
as $$
begin
  insert into logs.changes (server_id, at, map, players, is_map_change, is_ambiguous)
  select server_id, at, map, players, false, false
  from changed;
  return null;
end
$$;

create trigger queue_insert after insert on logs.heartbeats
referencing new table as changed for each statement execute function logs.queue_heartbeats();

-- A heartbeat touches its hour, which marks rollups, though the hour has no event more.
create or replace function logs.feel() returns trigger
language plpgsql
as $$
begin
  insert into logs.hours as h (server_id, hour, events)
  select distinct server_id, date_trunc('hour', at, 'UTC'), 0
  from changed
  order by 1, 2
  on conflict on constraint hours_pkey do update
  set events = h.events;
  return null;
end
$$;

drop trigger unsettle_insert on logs.hours;
drop trigger unsettle_update on logs.hours;
drop trigger unsettle_delete on logs.hours;
drop function logs.unsettle();
drop function if exists logs.settle();
drop function if exists logs.settle(text);
drop function if exists logs.derive_sessions(text, logs.unsettled[]);
drop table logs.unsettled;

-- A server's signs of life, events and heartbeats, in five minutes: two of one slot are never a
-- silence apart.
create table logs.life_signs (
  server_id text collate "C" not null,
  slot timestamptz not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (server_id, slot)
);

alter table logs.sessions
  add column last_event_at timestamptz,  -- of an open one: the player's last event there
  add column sent_start timestamptz,  -- when it began, where that was sent with an event
  -- Other session ids that continued it after a change of the map.
  add column other_keys text[] collate "C" not null default '{}',
  set (fillfactor = 80);

drop index logs.sessions_open;
create index sessions_open on logs.sessions (server_id, steam_id) where reason = 'open';
create index sessions_by_other_key on logs.sessions (server_id, steam_id) where other_keys <> '{}';
create index sessions_by_person_end on logs.sessions (steam_id, ended_at);
create index played_by_person on logs.played (steam_id, hour);

-- Keys of which only ends are known: they belong to the session that an event with the key makes.
create table logs.stray_ends (
  id uuid primary key,
  server_id text collate "C" not null,
  steam_id text collate "C" not null,
  session_id text collate "C" not null,
  first_at timestamptz not null,
  last_at timestamptz not null
);

create index stray_ends_by_person on logs.stray_ends (server_id, steam_id, first_at);

-- Every CONNECT of a person, and whether it is a connection: after a change of the map GMod fires
-- the hook again for everybody.
create table logs.connects (
  id uuid not null,
  at timestamptz not null,
  server_id text collate "C" not null,
  steam_id text collate "C" not null,
  mode text collate "C" not null,
  is_counted boolean not null,
  -- Where the map may have changed before it: what says a map from then on until it counts.
  map_since timestamptz,
  primary key (id, at)
);

select create_hypertable(
  'logs.connects', by_range('at', interval '7 days'), create_default_indexes => false
);

create index connects_by_time on logs.connects (server_id, at desc);
create index connects_by_map on logs.connects (server_id, at) where map_since is not null;
create index connects_by_person on logs.connects (server_id, steam_id, at desc);

insert into rollups.sources (name, time_column, retention, grace, part_of)
values ('logs.connects', 'at', '90 days', '2 days', 'logs.hours');

-- Totals of all time. They are kept by the fold, outlive raw rows, and equal what the rollups add up
-- to; the nightly audit compares them (functions/logs/totals.py).

create table logs.player_totals (
  steam_id text collate "C" not null,
  server_id text collate "C" not null,
  mode text collate "C" not null,
  events bigint not null default 0,
  connections bigint not null default 0,
  props bigint not null default 0,
  first_at timestamptz,
  last_at timestamptz,
  named_at timestamptz,
  named_by uuid,
  name text,
  primary key (steam_id, server_id, mode)
) with (fillfactor = 80);

create index player_totals_by_start on logs.player_totals (server_id, first_at);

create table logs.player_names (
  steam_id text collate "C" not null,
  name text collate "C" not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (steam_id, name)
) with (fillfactor = 80);

-- UTC days on which a person has an event.
create table logs.active_days (
  day date not null,
  steam_id text collate "C" not null,
  primary key (day, steam_id)
);

create index active_days_by_person on logs.active_days (steam_id);

create table logs.play_totals (
  steam_id text collate "C" not null,
  server_id text collate "C" not null,
  is_exact boolean not null,
  seconds bigint not null,
  sessions bigint not null,
  primary key (steam_id, server_id, is_exact)
);

-- The union of a person's sessions: an hour on two servers at once counts once.
create table logs.person_totals (
  steam_id text collate "C" primary key,
  seconds bigint not null
);

create table logs.type_days (
  server_id text collate "C" not null,
  day date not null,
  mode text collate "C" not null,
  type text collate "C" not null,
  events bigint not null default 0,
  connections bigint not null default 0,
  primary key (server_id, day, mode, type)
) with (fillfactor = 80);

create index type_days_by_type on logs.type_days (type, day);

-- The most players that an event of the hour says.
create table logs.peaks (
  server_id text collate "C" not null,
  hour timestamptz not null,
  players integer not null,
  primary key (server_id, hour)
) with (fillfactor = 80);

-- The maps of a server and mode in an hour, one after the other, and what told the last one: a
-- heartbeat (rank 0) or an event. Kept for the month that the dashboard shows.
create table logs.map_hours (
  hour timestamptz not null,
  server_id text collate "C" not null,
  mode text collate "C" not null,
  maps text[] collate "C" not null,
  last_at timestamptz not null,
  last_rank integer not null,
  last_id uuid not null,
  is_stale boolean not null default false,  -- the rollup logs.maps knows better
  primary key (hour, server_id, mode)
) with (fillfactor = 80);

create type logs.map_sign as (
  at timestamptz,
  rank integer,
  id uuid
);

-- Heartbeats count for their server's mode.
create or replace function logs.change_mode() returns trigger
language plpgsql
as $$
begin
  update logs.hours
  set events = events
  where server_id = new.id
    and hour >= rollups.retained_from('logs.hours');
  update logs.map_hours
  set is_stale = true
  where server_id = new.id;
  return null;
end
$$;

-- A person in a round; without a round id what happened outside of known rounds.
create table logs.player_rounds (
  steam_id text collate "C" not null,
  server_id text collate "C" not null,
  mode text collate "C" not null,
  round_id text,
  is_traitor boolean not null,
  is_detective boolean not null,
  is_innocent boolean not null,
  is_murderer boolean not null,
  kills bigint not null,
  deaths bigint not null,
  constraint player_rounds_key unique nulls not distinct (steam_id, server_id, mode, round_id)
);

create table logs.round_winners (
  server_id text collate "C" not null,
  round_id text not null,
  ended_at timestamptz not null,
  ended_by uuid not null,
  winner text not null,
  primary key (server_id, round_id)
);

-- A session or a CONNECT as it is kept (sign -1) and as it is to be (sign 1).
create type logs.play_change as (
  kind text,  -- session, connect, stray
  sign integer,
  server_id text,
  steam_id text,
  id uuid,
  session_id text,
  other_keys text[],
  started_at timestamptz,
  ended_at timestamptz,
  method text,
  reason text,
  opened_at timestamptz,
  first_at timestamptz,
  last_at timestamptz,
  last_event_at timestamptz,
  sent_start timestamptz,
  mode text,
  is_counted boolean,
  map_since timestamptz
);
