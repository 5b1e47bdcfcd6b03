-- Schema logs: game servers, their events and heartbeats, what is derived from these (sessions and
-- totals), what staff note about players, and the inverted index of compressed events.
--
-- Functions are here if an index, a trigger or a rollup needs them; all others are in
-- schema/functions/logs_*.sql. Over 300 lines, for every table and column has its comment.

comment on schema logs is 'Events that game servers log.';

-- Events ------------------------------------------------------------------------------------------

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
  last_seen_at timestamptz,
  players integer not null default 0,
  map text
);

comment on table logs.servers is 'A game server that sends logs.';
comment on column logs.servers.id is 'srv_ and 12 hexadecimal digits; the owner of its API keys';
comment on column logs.servers.name is 'As staff call it';
comment on column logs.servers.ip is 'Address that players connect to, or a host name';
comment on column logs.servers.port is 'UDP port that players connect to';
comment on column logs.servers.mode is 'Game mode: TTT, Sandbox or Murder';
comment on column logs.servers.max_players is 'Slots';
comment on column logs.servers.maintenance is 'Whether staff declared maintenance';
comment on column logs.servers.created_at is 'When it was registered';
comment on column logs.servers.deleted_at is 'When it was removed; its events stay';
comment on column logs.servers.last_seen_at is 'Last heartbeat or live event';
comment on column logs.servers.players is 'Players on it by last_seen_at';
comment on column logs.servers.map is 'Map on it by last_seen_at';

create table logs.events (
  id uuid not null,
  sent_at timestamptz not null,
  occurred_at timestamptz not null,
  server_id text collate "C" not null,
  mode text collate "C" not null,
  type text collate "C" not null,
  steam_id text collate "C",
  player_name text,
  raw_text text not null,
  involved_steam_ids text[],
  map text collate "C",
  player_count integer,
  session_id text collate "C",
  metadata jsonb not null,
  inserted_xid xid8 not null default pg_current_xact_id(),
  arrival bigint not null default 0,
  primary key (id, sent_at)
);

comment on table logs.events is 'An event of a game server: a chat line, a kill, a connection ...';
comment on column logs.events.id is
  'UUIDv8 of sent_at and the content: the same event has the same id, however often it is sent';
comment on column logs.events.sent_at is
  'The time it was sent with, cut to the second, or the begin of a window of ten minutes where '
  'none was sent; the partitioning column';
comment on column logs.events.occurred_at is
  'When it counts as having happened: at most ten minutes after sent_at, and before it only where '
  'a clock is ahead';
comment on column logs.events.server_id is 'logs.servers.id';
comment on column logs.events.mode is 'Game mode of the server when it was sent';
comment on column logs.events.type is 'CHAT, KILL, CONNECT, DISCONNECT, ROUND_END, GAME_EVENT ...';
comment on column logs.events.steam_id is
  'Whose event it is, as STEAM_x:y:z; null for one of nobody';
comment on column logs.events.player_name is 'Their name at that time';
comment on column logs.events.raw_text is 'The line of the log; may be empty';
comment on column logs.events.involved_steam_ids is 'SteamIDs of attacker, victim and target';
comment on column logs.events.map is 'Map at that time';
comment on column logs.events.player_count is 'Players on the server at that time';
comment on column logs.events.session_id is 'The server''s own id of the player''s session';
comment on column logs.events.metadata is 'All that was sent beside the columns above';
comment on column logs.events.inserted_xid is
  'Transaction that stored it: who has read all of the transactions before some one misses none '
  'later';
comment on column logs.events.arrival is
  'Order of arrival: microseconds since 1970 at the receipt of the request, times 2,048, plus the '
  'place in the request';

select create_hypertable(
  'logs.events', by_range('sent_at', interval '7 days'), create_default_indexes => false
);

-- What a search looks through, in lower case; the parts are separated so that nothing matches
-- across. The SteamID's own collation knows the case of ASCII letters only.
create function logs.search_text(name text, content text, steam_id text) returns text
language sql
immutable
parallel safe
as $$
  select lower(
    coalesce(name, '') || e'\x1f' || content || e'\x1f'
      || coalesce(steam_id, '') collate "default"
  )
$$;

create index events_by_text on logs.events
  using gin (logs.search_text(player_name, raw_text, steam_id) gin_trgm_ops);
-- Few events share a moment: no index needs the id to have them in order.
create index events_by_time on logs.events (occurred_at desc);
create index events_by_server on logs.events (server_id, occurred_at desc);
create index events_by_type on logs.events (type, occurred_at desc);
create index events_by_person on logs.events (steam_id, occurred_at desc)
where steam_id is not null;
create index events_by_involved on logs.events using gin (involved_steam_ids)
where involved_steam_ids is not null;
-- By the time written in another way: a map is played for some hours and then not for days, so the
-- index of time must not look as good to the planner as the one of maps.
create index events_by_map on logs.events (map, (occurred_at at time zone 'UTC') desc)
where map is not null;
-- By transaction first: the live feed never reads past one that may still write.
create index events_by_arrival on logs.events (inserted_xid, arrival);

-- Old events go into the columnstore where the edition has one, kept apart by server and type: what
-- is to be erased later is then found, and decompressed, without the rest. Not so the hours that
-- mark rollups: it takes no table whose deletes are marked. The nightly job compresses them.
do $$
begin
  if current_setting('timescaledb.license') = 'timescale' then
    alter table logs.events set (
      timescaledb.enable_columnstore,
      timescaledb.segmentby = 'server_id, type',
      timescaledb.orderby = 'sent_at desc'
    );
  end if;
end
$$;

create table logs.heartbeats (
  occurred_at timestamptz not null,
  server_id text collate "C" not null,
  players integer,
  map text collate "C",
  primary key (server_id, occurred_at)
);

comment on table logs.heartbeats is 'A heartbeat of a game server.';
comment on column logs.heartbeats.occurred_at is 'Its receipt';
comment on column logs.heartbeats.server_id is 'logs.servers.id';
comment on column logs.heartbeats.players is 'Players on the server; null where none was reported';
comment on column logs.heartbeats.map is 'Map; null where none was reported';

select create_hypertable(
  'logs.heartbeats', by_range('occurred_at', interval '7 days'), create_default_indexes => false
);

create index heartbeats_empty on logs.heartbeats (server_id, occurred_at) where players = 0;

create table logs.ingest_counts (
  server_id text collate "C" not null,
  hour timestamptz not null,
  outcome text collate "C" not null,
  detail text collate "C" not null,
  events bigint not null,
  primary key (hour, server_id, outcome, detail)
);

comment on table logs.ingest_counts is
  'What became of the events that a server sent in an hour, by outcome. Kept for 31 days.';
comment on column logs.ingest_counts.server_id is 'logs.servers.id';
comment on column logs.ingest_counts.hour is 'Hour of the receipt';
comment on column logs.ingest_counts.outcome is
  'stored, duplicate, ignored, rejected, unknown or clock';
comment on column logs.ingest_counts.detail is
  'The ignore rule with its kind, the reason, the type or the warning; may be empty';
comment on column logs.ingest_counts.events is 'Events';

create table logs.event_hours (
  server_id text collate "C" not null,
  hour timestamptz not null,
  events bigint not null,
  primary key (hour, server_id)
);

comment on table logs.event_hours is
  'The events of a server in an hour. Written with every event, so that the rollups of logs are '
  'marked by this table: the columnstore takes no table that marks its own deletes.';
comment on column logs.event_hours.server_id is 'logs.servers.id';
comment on column logs.event_hours.hour is 'Hour of events.occurred_at or of a heartbeat';
comment on column logs.event_hours.events is 'Events; 0 for heartbeats alone';

-- A heartbeat touches its hour, which marks rollups, though the hour has no event more.
create function logs.mark_heartbeat_hours() returns trigger
language plpgsql
as $$
begin
  insert into logs.event_hours as h (server_id, hour, events)
  select distinct server_id, date_trunc('hour', occurred_at, 'UTC'), 0
  from changed
  order by 1, 2
  on conflict on constraint event_hours_pkey do update
  set events = h.events;
  return null;
end
$$;

create trigger mark_hours_insert after insert on logs.heartbeats
referencing new table as changed for each statement execute function logs.mark_heartbeat_hours();
create trigger mark_hours_update after update on logs.heartbeats
referencing new table as changed for each statement execute function logs.mark_heartbeat_hours();
create trigger mark_hours_delete after delete on logs.heartbeats
referencing old table as changed for each statement execute function logs.mark_heartbeat_hours();

create table logs.clock_skews (
  server_id text collate "C" primary key,
  milliseconds bigint[] not null
);

comment on table logs.clock_skews is 'The clock skew of a server by its last live events.';
comment on column logs.clock_skews.server_id is 'logs.servers.id';
comment on column logs.clock_skews.milliseconds is
  'Milliseconds from the sent time to the receipt, of up to 100 events, the newest last';

-- Staff -------------------------------------------------------------------------------------------

create table logs.notes (
  id uuid primary key default gen_random_uuid(),
  steam_id text collate "C" not null,
  content text not null check (length(content) between 1 and 4096),
  author text not null,
  created_at timestamptz not null default now(),
  changed_at timestamptz
);

create index notes_by_person on logs.notes (steam_id, created_at desc);

comment on table logs.notes is 'A note of staff about a player.';
comment on column logs.notes.id is 'UUID';
comment on column logs.notes.steam_id is 'The player';
comment on column logs.notes.content is 'Text';
comment on column logs.notes.author is 'Who wrote it';
comment on column logs.notes.created_at is 'When';
comment on column logs.notes.changed_at is 'Last change; null for none';

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

comment on table logs.punishments is 'A punishment of a player, as staff recorded it.';
comment on column logs.punishments.id is 'UUID';
comment on column logs.punishments.steam_id is 'The player';
comment on column logs.punishments.type is 'BAN, MUTE, GAG, KICK or WARN';
comment on column logs.punishments.reason is 'Text';
comment on column logs.punishments.duration is 'Free text, for example 3 days; null for none';
comment on column logs.punishments.active is 'Whether it is in force';
comment on column logs.punishments.author is 'Who recorded it';
comment on column logs.punishments.created_at is 'When';

create table logs.site_config (
  is_only boolean primary key default true check (is_only),
  config jsonb not null,
  changed_at timestamptz not null default now()
);

comment on table logs.site_config is 'The only row: what staff configured.';
comment on column logs.site_config.is_only is 'Always true';
comment on column logs.site_config.config is 'The configuration as the panel sends it';
comment on column logs.site_config.changed_at is 'Last change';

-- Alternative accounts and privacy ----------------------------------------------------------------

create table logs.sightings (
  ip_hash bytea not null,
  steam_id text collate "C" not null,
  day date not null,
  subnet_hash bytea not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  events integer not null,
  address text collate "C",
  geo jsonb,
  geo_at timestamptz,
  primary key (ip_hash, steam_id, day)
);

create index sightings_by_person on logs.sightings (steam_id, last_at desc);
create index sightings_by_time on logs.sightings (last_at);
create index sightings_to_erase on logs.sightings (last_at) where address is not null;

comment on table logs.sightings is
  'An account on an IP address on a UTC day. Alternative accounts are matched by the keyed hashes '
  'alone, so that erasing the address changes no result.';
comment on column logs.sightings.ip_hash is 'Keyed hash of the IPv4 address or the IPv6 /64';
comment on column logs.sightings.steam_id is 'The account';
comment on column logs.sightings.day is 'UTC day';
comment on column logs.sightings.subnet_hash is 'Keyed hash of the IPv4 /24 or the IPv6 /48';
comment on column logs.sightings.first_at is 'First event of the day';
comment on column logs.sightings.last_at is 'Last event of the day';
comment on column logs.sightings.events is 'Events with the address';
comment on column logs.sightings.address is 'The newest plain address; null once it is erased';
comment on column logs.sightings.geo is
  'The newest location: country, city, state, and lat and lng until these are erased';
comment on column logs.sightings.geo_at is 'When geo was sent; null without one';

create table logs.redaction_queue (
  id uuid primary key,
  sent_at timestamptz not null,
  occurred_at timestamptz not null,
  server_id text collate "C" not null,
  type text collate "C" not null
);

create index redaction_queue_by_time on logs.redaction_queue (occurred_at);

comment on table logs.redaction_queue is
  'An event that holds an IP address or a position in plain text until it is redacted. Without '
  'this list, finding them would mean reading every event, and decompressing the columnstore.';
comment on column logs.redaction_queue.id is 'logs.events.id';
comment on column logs.redaction_queue.sent_at is 'logs.events.sent_at';
comment on column logs.redaction_queue.occurred_at is 'logs.events.occurred_at';
comment on column logs.redaction_queue.server_id is 'logs.events.server_id';
comment on column logs.redaction_queue.type is 'logs.events.type';

create table logs.alt_allowlist (
  id uuid primary key default gen_random_uuid(),
  steam_ids text[] collate "C",
  subnet_hash bytea,
  network text,
  reason text not null check (length(reason) between 1 and 1024),
  author text not null,
  created_at timestamptz not null default now(),
  unique nulls not distinct (steam_ids, subnet_hash),
  check ((steam_ids is null) <> (subnet_hash is null)),
  check ((network is null) = (subnet_hash is null))
);

comment on table logs.alt_allowlist is
  'What is no evidence of an alternative account: a household, of which every pair is allowed, or '
  'a network that many share.';
comment on column logs.alt_allowlist.id is 'UUID';
comment on column logs.alt_allowlist.steam_ids is 'Accounts of the household; null for a network';
comment on column logs.alt_allowlist.subnet_hash is
  'Keyed hash of the network; null for a household';
comment on column logs.alt_allowlist.network is 'IPv4 /24 or IPv6 /48; null for a household';
comment on column logs.alt_allowlist.reason is 'Text';
comment on column logs.alt_allowlist.author is 'Who allowed it';
comment on column logs.alt_allowlist.created_at is 'When';

-- Inverted index of compressed events -------------------------------------------------------------

create table logs.indexed_chunks (
  chunk timestamptz primary key,
  until timestamptz not null,
  is_complete boolean not null default false
);

comment on table logs.indexed_chunks is
  'A compressed chunk of logs.events in the inverted index. Whoever changes compressed events '
  'deletes the row, and the index of the chunk goes with it.';
comment on column logs.indexed_chunks.chunk is 'Begin of the chunk, of sent_at';
comment on column logs.indexed_chunks.until is 'End of the chunk, exclusive';
comment on column logs.indexed_chunks.is_complete is
  'False while it is being indexed: searches read all of the chunk';

create table logs.compressed_batches (
  chunk timestamptz not null references logs.indexed_chunks on delete cascade,
  number integer not null,
  server_id text collate "C" not null,
  type text collate "C" not null,
  first_sent_at timestamptz not null,
  last_sent_at timestamptz not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (chunk, number)
);

comment on table logs.compressed_batches is
  'About a thousand events of one server and type, as the columnstore keeps them together.';
comment on column logs.compressed_batches.chunk is 'logs.indexed_chunks.chunk';
comment on column logs.compressed_batches.number is 'Number in the chunk, from 1';
comment on column logs.compressed_batches.server_id is 'logs.events.server_id';
comment on column logs.compressed_batches.type is 'logs.events.type';
comment on column logs.compressed_batches.first_sent_at is 'First sent_at of its events';
comment on column logs.compressed_batches.last_sent_at is 'Last sent_at of its events, inclusive';
comment on column logs.compressed_batches.first_at is 'First occurred_at of its events';
comment on column logs.compressed_batches.last_at is 'Last occurred_at of its events, inclusive';

create table logs.term_pages (
  chunk timestamptz not null references logs.indexed_chunks on delete cascade,
  page integer not null,
  bloom bit(2048) storage plain not null,
  terms text not null,
  postings text not null,
  primary key (chunk, page)
) with (toast_tuple_target = 128);

comment on table logs.term_pages is
  'Up to 128 terms of a chunk in byte order, and the batches that contain each.';
comment on column logs.term_pages.chunk is 'logs.indexed_chunks.chunk';
comment on column logs.term_pages.page is 'Number in the chunk, from 0';
comment on column logs.term_pages.bloom is
  'Bloom filter of the bigrams and trigrams of the terms: excludes most pages without a term, at '
  'a fraction of the size of a trigram index';
comment on column logs.term_pages.terms is 'Terms as logs.encode_term writes them, one a line';
comment on column logs.term_pages.postings is
  'For each term, separated by U+0001, the numbers of its batches, delta-coded: a character is '
  'the distance to the one before plus one';

-- Change queue ------------------------------------------------------------------------------------

create table logs.change_queue (
  number bigint generated always as identity primary key,
  server_id text collate "C" not null,
  occurred_at timestamptz not null,
  id uuid,
  mode text collate "C",
  type text collate "C",
  steam_id text collate "C",
  player_name text,
  session_id text collate "C",
  started_at timestamptz,
  map text collate "C",
  players integer,
  is_map_change boolean not null,
  is_ambiguous boolean not null,
  round_id text,
  role text,
  attacker_id text collate "C",
  attacker_role text,
  victim_id text collate "C",
  victim_role text,
  winner text
);

comment on table logs.change_queue is
  'An event or heartbeat that is not yet part of sessions and totals. logs.fold deletes it in the '
  'transaction that writes the result, so every snapshot sees it either here or there, and a '
  'reader adds the two.';
comment on column logs.change_queue.number is 'Order in the queue';
comment on column logs.change_queue.server_id is 'logs.servers.id';
comment on column logs.change_queue.occurred_at is 'Of the event or heartbeat';
comment on column logs.change_queue.id is 'logs.events.id; null for a heartbeat';
comment on column logs.change_queue.mode is 'Game mode; null for a heartbeat';
comment on column logs.change_queue.type is 'logs.events.type; null for a heartbeat';
comment on column logs.change_queue.steam_id is 'Whose event it is';
comment on column logs.change_queue.player_name is 'Their name at that time';
comment on column logs.change_queue.session_id is 'The server''s own id of the session';
comment on column logs.change_queue.started_at is
  'When that session began, where the server sent it';
comment on column logs.change_queue.map is 'Map that the event or heartbeat reports';
comment on column logs.change_queue.players is 'Players that the event or heartbeat reports';
comment on column logs.change_queue.is_map_change is 'Whether it is a MAP_CHANGE';
comment on column logs.change_queue.is_ambiguous is
  'Whether an imported line may be of another player of the same name: no session rests on it';
comment on column logs.change_queue.round_id is 'Round, in modes with rounds';
comment on column logs.change_queue.role is 'Role of steam_id in that round';
comment on column logs.change_queue.attacker_id is 'SteamID of the attacker in that round';
comment on column logs.change_queue.attacker_role is 'Role of the attacker';
comment on column logs.change_queue.victim_id is 'SteamID of the victim in that round';
comment on column logs.change_queue.victim_role is 'Role of the victim';
comment on column logs.change_queue.winner is 'Winner of the round that ended with it';

-- Whether a SteamID names an account: bots, pending joins and placeholders do not.
create function logs.is_person(steam_id text) returns boolean
language sql
immutable
parallel safe
as $$
  select steam_id ~ '^STEAM_[0-5]:[01]:(?!0+$)[0-9]{1,10}$'
$$;

-- The winner of a round that ended: traitor, innocent or timeout, else what was sent.
create function logs.parse_winner(metadata jsonb) returns text
language sql
immutable
parallel safe
as $$
  select case
    when value in ('2', '3', '4')
      then (array['traitor', 'innocent', 'timeout'])[value::integer - 1]
    when upper(value) like '%TRAITOR%' then 'traitor'
    when upper(value) like '%INNOCENT%' then 'innocent'
    when upper(value) like '%TIME%' then 'timeout'
    else lower(value)
  end
  from (
    select coalesce(nullif(metadata ->> 'winner', ''), nullif(metadata ->> 'result', '')) as value
  ) as sent
$$;

create function logs.queue_events() returns trigger
language plpgsql
as $$
begin
  insert into logs.change_queue
    (server_id, occurred_at, id, mode, type, steam_id, player_name, session_id, started_at, map,
     players, is_map_change, is_ambiguous, round_id, role, attacker_id, attacker_role, victim_id,
     victim_role, winner)
  select server_id, occurred_at, id, mode, type, steam_id, player_name, session_id,
    case
      when metadata ? 'sessionStart'
        then logs.parse_session_start(occurred_at, session_id, metadata)
    end,
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
    case when type = 'ROUND_END' then logs.parse_winner(metadata) end
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
  insert into logs.change_queue
    (server_id, occurred_at, map, players, is_map_change, is_ambiguous)
  select server_id, occurred_at, map, players, false, false
  from changed;
  return null;
end
$$;

create trigger queue_insert after insert on logs.heartbeats
referencing new table as changed for each statement execute function logs.queue_heartbeats();

-- Sessions ----------------------------------------------------------------------------------------

create table logs.liveness_slots (
  server_id text collate "C" not null,
  slot timestamptz not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (server_id, slot)
);

comment on table logs.liveness_slots is
  'A server''s signs of life, events and heartbeats, in five minutes: two in one slot are never a '
  'silence apart.';
comment on column logs.liveness_slots.server_id is 'logs.servers.id';
comment on column logs.liveness_slots.slot is 'Begin of the five minutes';
comment on column logs.liveness_slots.first_at is 'First sign of life';
comment on column logs.liveness_slots.last_at is 'Last sign of life';

create table logs.sessions (
  id uuid primary key,
  server_id text collate "C" not null,
  steam_id text collate "C" not null,
  session_id text collate "C",
  started_at timestamptz not null,
  ended_at timestamptz not null,
  method text not null,
  reason text not null,
  opened_at timestamptz not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  last_event_at timestamptz,
  sent_start timestamptz,
  other_session_ids text[] collate "C" not null default '{}'
) with (fillfactor = 80);

create index sessions_by_person on logs.sessions (steam_id, started_at desc, id desc);
create index sessions_by_person_end on logs.sessions (steam_id, ended_at);
create index sessions_by_person_there on logs.sessions (server_id, steam_id, last_at);
create index sessions_by_session_id on logs.sessions (server_id, steam_id, session_id)
where session_id is not null;
create index sessions_by_other_session_id on logs.sessions (server_id, steam_id)
where other_session_ids <> '{}';
create index sessions_by_end on logs.sessions (server_id, last_at);
create index sessions_open on logs.sessions (server_id, steam_id) where reason = 'open';

comment on table logs.sessions is
  'A player''s session on a server, derived from events and heartbeats whatever the order of '
  'their arrival (schema/functions/logs_session_*.sql).';
comment on column logs.sessions.id is 'Id of the event that opened it';
comment on column logs.sessions.server_id is 'logs.servers.id';
comment on column logs.sessions.steam_id is 'The player';
comment on column logs.sessions.session_id is 'As the server sent it; null for an inferred session';
comment on column logs.sessions.started_at is 'Begin';
comment on column logs.sessions.ended_at is
  'End; of an open session the last known sign of life of its server';
comment on column logs.sessions.method is 'exact (its end was sent) or inferred';
comment on column logs.sessions.reason is
  'Why it ended: disconnect, reconnect, empty, timeout or idle; open for one that goes on';
comment on column logs.sessions.opened_at is 'Time of the event that opened it';
comment on column logs.sessions.first_at is 'Begin of all that it may depend on';
comment on column logs.sessions.last_at is
  'End of all that it may depend on: an event outside needs no second look';
comment on column logs.sessions.last_event_at is
  'The player''s last event in it; null unless it is open';
comment on column logs.sessions.sent_start is 'When it began, where that was sent with an event';
comment on column logs.sessions.other_session_ids is
  'Other session ids that continued it after a map change';

create table logs.session_hours (
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

comment on table logs.session_hours is
  'The part of a session that lies in one hour; the seconds of its parts add up to those of the '
  'session. Of an open session as of the last refresh.';
comment on column logs.session_hours.hour is 'Begin of the hour';
comment on column logs.session_hours.session is 'logs.sessions.id';
comment on column logs.session_hours.server_id is 'logs.servers.id';
comment on column logs.session_hours.steam_id is 'The player';
comment on column logs.session_hours.since is 'Begin of the part';
comment on column logs.session_hours.until is 'End of the part';
comment on column logs.session_hours.seconds is 'Whole seconds of the part';
comment on column logs.session_hours.is_start is 'Whether the session began in it';
comment on column logs.session_hours.is_exact is 'Whether the session''s method is exact';

select create_hypertable(
  'logs.session_hours', by_range('hour', interval '7 days'), create_default_indexes => false
);

create index session_hours_by_hour on logs.session_hours (hour, server_id);
create index session_hours_by_person on logs.session_hours (steam_id, hour);

create table logs.unmatched_ends (
  id uuid primary key,
  server_id text collate "C" not null,
  steam_id text collate "C" not null,
  session_id text collate "C" not null,
  first_at timestamptz not null,
  last_at timestamptz not null
);

create index unmatched_ends_by_person on logs.unmatched_ends (server_id, steam_id, first_at);

comment on table logs.unmatched_ends is
  'A session id of which only ends are known: they belong to the session that another event with '
  'the id makes.';
comment on column logs.unmatched_ends.id is 'Id of its first event';
comment on column logs.unmatched_ends.server_id is 'logs.servers.id';
comment on column logs.unmatched_ends.steam_id is 'The player';
comment on column logs.unmatched_ends.session_id is 'As the server sent it';
comment on column logs.unmatched_ends.first_at is 'Its first event';
comment on column logs.unmatched_ends.last_at is 'Its last event';

create table logs.connects (
  id uuid not null,
  occurred_at timestamptz not null,
  server_id text collate "C" not null,
  steam_id text collate "C" not null,
  mode text collate "C" not null,
  is_counted boolean not null,
  map_since timestamptz,
  primary key (id, occurred_at)
);

comment on table logs.connects is
  'A CONNECT of a person, and whether it is a connection: after a map change GMod fires the hook '
  'again for everybody.';
comment on column logs.connects.id is 'logs.events.id';
comment on column logs.connects.occurred_at is 'logs.events.occurred_at';
comment on column logs.connects.server_id is 'logs.servers.id';
comment on column logs.connects.steam_id is 'The player';
comment on column logs.connects.mode is 'Game mode';
comment on column logs.connects.is_counted is 'Whether it is a connection';
comment on column logs.connects.map_since is
  'Where the map may have changed before it: reports of a map from then on decide is_counted';

select create_hypertable(
  'logs.connects', by_range('occurred_at', interval '7 days'), create_default_indexes => false
);

create index connects_by_time on logs.connects (server_id, occurred_at desc);
create index connects_by_map on logs.connects (server_id, occurred_at)
where map_since is not null;
create index connects_by_person on logs.connects (server_id, steam_id, occurred_at desc);

create type logs.session_diff as (
  kind text,
  sign integer,
  server_id text,
  steam_id text,
  id uuid,
  session_id text,
  other_session_ids text[],
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

comment on type logs.session_diff is
  'A row of logs.sessions, logs.connects or logs.unmatched_ends as it is stored (sign -1) or as '
  'it is to be (sign 1).';
comment on column logs.session_diff.kind is 'session, connect or unmatched_end';
comment on column logs.session_diff.sign is '-1: delete it, 1: insert it';
comment on column logs.session_diff.server_id is 'logs.servers.id';
comment on column logs.session_diff.steam_id is 'The player';
comment on column logs.session_diff.id is 'Id of the row';
comment on column logs.session_diff.session_id is 'Of a session or an unmatched end';
comment on column logs.session_diff.other_session_ids is 'Of a session';
comment on column logs.session_diff.started_at is 'Of a session';
comment on column logs.session_diff.ended_at is 'Of a session';
comment on column logs.session_diff.method is 'Of a session';
comment on column logs.session_diff.reason is 'Of a session';
comment on column logs.session_diff.opened_at is 'Of a session; of a connect its occurred_at';
comment on column logs.session_diff.first_at is 'Of a session or an unmatched end';
comment on column logs.session_diff.last_at is 'Of a session or an unmatched end';
comment on column logs.session_diff.last_event_at is 'Of a session';
comment on column logs.session_diff.sent_start is 'Of a session';
comment on column logs.session_diff.mode is 'Of a connect';
comment on column logs.session_diff.is_counted is 'Of a connect';
comment on column logs.session_diff.map_since is 'Of a connect';

-- Totals of all time: written by the fold, they outlive raw rows, and equal what the rollups add up
-- to; the nightly audit compares them.

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

comment on table logs.player_totals is 'Totals of all time of a player by server and mode.';
comment on column logs.player_totals.steam_id is 'The player';
comment on column logs.player_totals.server_id is 'logs.servers.id';
comment on column logs.player_totals.mode is 'Game mode';
comment on column logs.player_totals.events is 'Events';
comment on column logs.player_totals.connections is 'CONNECT events that are connections';
comment on column logs.player_totals.props is 'PROP_SPAWN events';
comment on column logs.player_totals.first_at is 'First event';
comment on column logs.player_totals.last_at is 'Last event';
comment on column logs.player_totals.named_at is 'Last event with a name';
comment on column logs.player_totals.named_by is 'Id of the last event with a name';
comment on column logs.player_totals.name is 'Last name';

create table logs.player_names (
  steam_id text collate "C" not null,
  name text collate "C" not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (steam_id, name)
) with (fillfactor = 80);

comment on table logs.player_names is 'A name that a player had.';
comment on column logs.player_names.steam_id is 'The player';
comment on column logs.player_names.name is 'The name';
comment on column logs.player_names.first_at is 'First event with it';
comment on column logs.player_names.last_at is 'Last event with it';

create table logs.active_days (
  day date not null,
  steam_id text collate "C" not null,
  primary key (day, steam_id)
);

create index active_days_by_person on logs.active_days (steam_id);

comment on table logs.active_days is 'A UTC day on which a player has an event.';
comment on column logs.active_days.day is 'UTC day';
comment on column logs.active_days.steam_id is 'The player';

create table logs.play_totals (
  steam_id text collate "C" not null,
  server_id text collate "C" not null,
  is_exact boolean not null,
  seconds bigint not null,
  sessions bigint not null,
  primary key (steam_id, server_id, is_exact)
);

comment on table logs.play_totals is 'Playtime of all time of a player on a server.';
comment on column logs.play_totals.steam_id is 'The player';
comment on column logs.play_totals.server_id is 'logs.servers.id';
comment on column logs.play_totals.is_exact is 'Whether it is of sessions of method exact';
comment on column logs.play_totals.seconds is 'Seconds played';
comment on column logs.play_totals.sessions is 'Sessions';

create table logs.person_totals (
  steam_id text collate "C" primary key,
  seconds bigint not null
);

comment on table logs.person_totals is
  'Playtime of all time of a player on all servers: time on two servers at once counts once.';
comment on column logs.person_totals.steam_id is 'The player';
comment on column logs.person_totals.seconds is 'Seconds played';

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

comment on table logs.type_days is 'The events of a server, mode and type on a UTC day.';
comment on column logs.type_days.server_id is 'logs.servers.id';
comment on column logs.type_days.day is 'UTC day';
comment on column logs.type_days.mode is 'Game mode';
comment on column logs.type_days.type is 'logs.events.type';
comment on column logs.type_days.events is 'Events';
comment on column logs.type_days.connections is 'Those of type CONNECT that are connections';

create table logs.peaks (
  server_id text collate "C" not null,
  hour timestamptz not null,
  players integer not null,
  primary key (server_id, hour)
) with (fillfactor = 80);

comment on table logs.peaks is 'The most players that an event of a server reports in an hour.';
comment on column logs.peaks.server_id is 'logs.servers.id';
comment on column logs.peaks.hour is 'Begin of the hour';
comment on column logs.peaks.players is 'Players';

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

comment on table logs.player_rounds is 'A player in a round.';
comment on column logs.player_rounds.steam_id is 'The player';
comment on column logs.player_rounds.server_id is 'logs.servers.id';
comment on column logs.player_rounds.mode is 'Game mode, TTT or Murder';
comment on column logs.player_rounds.round_id is
  'As the server sent it; null for what happened outside of known rounds';
comment on column logs.player_rounds.is_traitor is 'Whether they were a traitor in it';
comment on column logs.player_rounds.is_detective is 'Whether they were a detective in it';
comment on column logs.player_rounds.is_innocent is 'Whether they were an innocent in it';
comment on column logs.player_rounds.is_murderer is
  'Whether they were a murderer, or killed, in it';
comment on column logs.player_rounds.kills is 'Others that they killed';
comment on column logs.player_rounds.deaths is 'How often they died';

create table logs.round_winners (
  server_id text collate "C" not null,
  round_id text not null,
  ended_at timestamptz not null,
  ended_by uuid not null,
  winner text not null,
  primary key (server_id, round_id)
);

comment on table logs.round_winners is 'The winner of a round by the last event that names one.';
comment on column logs.round_winners.server_id is 'logs.servers.id';
comment on column logs.round_winners.round_id is 'As the server sent it';
comment on column logs.round_winners.ended_at is 'Time of that event';
comment on column logs.round_winners.ended_by is 'Id of that event';
comment on column logs.round_winners.winner is 'traitor, innocent, timeout, or what was sent';

create table logs.map_hours (
  hour timestamptz not null,
  server_id text collate "C" not null,
  mode text collate "C" not null,
  maps text[] collate "C" not null,
  last_at timestamptz not null,
  last_rank integer not null,
  last_id uuid not null,
  is_stale boolean not null default false,
  primary key (hour, server_id, mode)
) with (fillfactor = 80);

comment on table logs.map_hours is
  'The maps of a server and mode in an hour. Kept for the month that the dashboard shows.';
comment on column logs.map_hours.hour is 'Begin of the hour';
comment on column logs.map_hours.server_id is 'logs.servers.id';
comment on column logs.map_hours.mode is 'Game mode; heartbeats count for their server''s mode';
comment on column logs.map_hours.maps is 'Maps, one after the other';
comment on column logs.map_hours.last_at is 'Time of the last report of a map';
comment on column logs.map_hours.last_rank is '0 if a heartbeat reported it, 1 for an event';
comment on column logs.map_hours.last_id is 'Id of that event; zeros for a heartbeat';
comment on column logs.map_hours.is_stale is
  'Whether the server''s mode was changed: the rollup logs.maps is right, and a refresh writes it '
  'here';

create type logs.map_report as (
  occurred_at timestamptz,
  rank integer,
  id uuid
);

comment on type logs.map_report is 'The order of reports of a map, as in logs.map_hours.';
comment on column logs.map_report.occurred_at is 'Time of the report';
comment on column logs.map_report.rank is '0 for a heartbeat, 1 for an event';
comment on column logs.map_report.id is 'Id of the event; zeros for a heartbeat';

-- A sequence of texts without repeats next to each other.
create function logs.append_run(runs text[], next text) returns text[]
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

create aggregate logs.runs(text) (sfunc = logs.append_run, stype = text[], initcond = '{}');

-- Heartbeats count for their server's mode.
create function logs.mark_mode_hours() returns trigger
language plpgsql
as $$
begin
  update logs.event_hours
  set events = events
  where server_id = new.id
    and hour >= rollups.retained_from('logs.event_hours');
  update logs.map_hours
  set is_stale = true
  where server_id = new.id;
  return null;
end
$$;

create trigger mark_mode_hours after update of mode on logs.servers
for each row when (old.mode <> new.mode) execute function logs.mark_mode_hours();

-- Retention ---------------------------------------------------------------------------------------

-- An event and what belongs to it are kept for the same time.
insert into rollups.sources (name, time_column, retention, chunk_table, grace, part_of)
values ('logs.event_hours', 'hour', '90 days', 'logs.events', '2 days', null),
  ('logs.heartbeats', 'occurred_at', '90 days', null, '2 days', 'logs.event_hours'),
  ('logs.connects', 'occurred_at', '90 days', null, '2 days', 'logs.event_hours'),
  ('logs.session_hours', 'hour', '90 days', null, '0', 'logs.event_hours');
