-- TTT rounds, and what happened in them. The round is the gate: its id is there once, it fixes the time
-- once, and its rows in the hypertables are written, changed and removed only together with it. So
-- writes to ttt.rounds alone mark the buckets of the rollups of ttt.

comment on schema ttt is 'Rounds of Trouble in Terrorist Town.';

create table ttt.rounds (
  id text primary key check (length(id) between 1 and 36),
  occurred_at timestamptz not null,
  ended_at timestamptz,
  server text,
  map_name text check (length(map_name) <= 128),
  winner text not null,
  winner_raw text,
  duration integer check (duration between 0 and 86400),
  players text not null,
  kills text not null,
  buys text not null,
  received_at timestamptz not null default now()
);

create index rounds_by_time on ttt.rounds (occurred_at desc, id desc);

comment on table ttt.rounds is 'A round of Trouble in Terrorist Town that has ended.';
comment on column ttt.rounds.id is 'The round_id that the game server sent';
comment on column ttt.rounds.occurred_at is
  'When it ended, else when it was first received; to the millisecond';
comment on column ttt.rounds.ended_at is 'When it ended, as sent; null: not sent';
comment on column ttt.rounds.server is 'Name of the API key that sent it; null: sent without a key';
comment on column ttt.rounds.map_name is 'As sent';
comment on column ttt.rounds.winner is
  'innocents, traitors, timelimit, none, unknown, or what else was sent, in lower case';
comment on column ttt.rounds.winner_raw is 'The winner as sent';
comment on column ttt.rounds.duration is 'Seconds';
comment on column ttt.rounds.players is
  'Its players as JSON text, which answers repeat, and which is compared when it is sent again';
comment on column ttt.rounds.kills is 'Its kills, likewise';
comment on column ttt.rounds.buys is 'Its purchases, likewise';
comment on column ttt.rounds.received_at is 'When it was first received';

-- In the rows that are counted roles are lower case, and what is empty is null.
create table ttt.players (
  occurred_at timestamptz not null,
  round_id text not null,
  steam_id text not null,
  role_start text,
  role_end text,
  karma_diff integer,
  points_diff integer,
  map_name text,
  server text,
  winner text not null,
  duration integer,
  primary key (occurred_at, round_id, steam_id)
);

comment on table ttt.players is 'A player of a round, written together with it.';
comment on column ttt.players.occurred_at is 'That of the round';
comment on column ttt.players.round_id is 'ttt.rounds.id';
comment on column ttt.players.steam_id is 'SteamID2 such as STEAM_0:1:2, or one of ttt.is_pseudo';
comment on column ttt.players.role_start is 'Role at the start, lower case; null: not there';
comment on column ttt.players.role_end is 'Role at the end, lower case; null: not there';
comment on column ttt.players.karma_diff is 'Karma at the end less karma at the start';
comment on column ttt.players.points_diff is 'Points at the end less points at the start';
comment on column ttt.players.map_name is 'That of the round; null: none';
comment on column ttt.players.server is 'That of the round';
comment on column ttt.players.winner is 'That of the round';
comment on column ttt.players.duration is 'Seconds of the round';

create table ttt.kills (
  occurred_at timestamptz not null,
  round_id text not null,
  ordinal smallint not null,
  attacker_steamid text,
  attacker_role text,
  victim_steamid text not null,
  victim_role text,
  weapon text,
  headshot boolean not null,
  map_name text,
  server text,
  primary key (occurred_at, round_id, ordinal)
);

comment on table ttt.kills is 'A death in a round, written together with it.';
comment on column ttt.kills.occurred_at is 'That of the round';
comment on column ttt.kills.round_id is 'ttt.rounds.id';
comment on column ttt.kills.ordinal is 'Its place among the round''s deaths, from 0';
comment on column ttt.kills.attacker_steamid is 'Who killed; null: the world';
comment on column ttt.kills.attacker_role is 'Their role, lower case';
comment on column ttt.kills.victim_steamid is 'Who died';
comment on column ttt.kills.victim_role is 'Their role, lower case';
comment on column ttt.kills.weapon is 'Class of the weapon, as sent; null: none';
comment on column ttt.kills.headshot is 'Whether the head was hit';
comment on column ttt.kills.map_name is 'That of the round; null: none';
comment on column ttt.kills.server is 'That of the round';

create table ttt.buys (
  occurred_at timestamptz not null,
  round_id text not null,
  ordinal smallint not null,
  steam_id text not null,
  role text,
  item text not null,
  map_name text,
  server text,
  primary key (occurred_at, round_id, ordinal)
);

comment on table ttt.buys is 'A purchase of equipment in a round, written together with it.';
comment on column ttt.buys.occurred_at is 'That of the round';
comment on column ttt.buys.round_id is 'ttt.rounds.id';
comment on column ttt.buys.ordinal is 'Its place among the round''s purchases, from 0';
comment on column ttt.buys.steam_id is 'Who bought';
comment on column ttt.buys.role is 'Their role at that moment, lower case';
comment on column ttt.buys.item is 'What was bought, as sent';
comment on column ttt.buys.map_name is 'That of the round; null: none';
comment on column ttt.buys.server is 'That of the round';

select create_hypertable(
  'ttt.' || name, by_range('occurred_at', interval '90 days'), create_default_indexes => false
)
from unnest(array['players', 'kills', 'buys']) as name;

-- What one person did today is counted from these. When a person played, for their week's activity, is
-- read from the index alone: the rounds of a busy person lie on as many pages.
create index players_by_person on ttt.players (steam_id, occurred_at desc) include (server);
create index kills_by_attacker on ttt.kills (attacker_steamid, occurred_at desc);
create index kills_by_victim on ttt.kills (victim_steamid, occurred_at desc);
create index buys_by_person on ttt.buys (steam_id, occurred_at desc);

insert into rollups.sources (name, time_column, dependent_tables)
values ('ttt.rounds', 'occurred_at', '{ttt.players, ttt.kills, ttt.buys}');

create table ttt.names (
  steam_id text not null,
  valid_from timestamptz not null,
  valid_to timestamptz,
  display_name text not null check (length(display_name) between 1 and 128),
  last_seen timestamptz not null,
  primary key (steam_id, valid_from)
);

create unique index names_current on ttt.names (steam_id) include (display_name)
  where valid_to is null;

comment on table ttt.names is 'A name of a player, from its receipt until another one was received.';
comment on column ttt.names.steam_id is 'SteamID2 of the player';
comment on column ttt.names.valid_from is 'When it was first received';
comment on column ttt.names.valid_to is 'When the next name was received; null: the current name';
comment on column ttt.names.display_name is 'The name, cut after 128 characters';
comment on column ttt.names.last_seen is 'When it was last received';

create table ttt.quarantine (
  id uuid primary key,
  received_at timestamptz not null default now(),
  server text,
  reason text not null,
  body text not null
);

create index quarantine_by_time on ttt.quarantine (received_at);

comment on table ttt.quarantine is
  'A request body that was refused, for 30 days: the game server does not send it again.';
comment on column ttt.quarantine.id is 'UUID of server and body: the same body is kept once';
comment on column ttt.quarantine.received_at is 'When it was first received';
comment on column ttt.quarantine.server is 'Name of the API key that sent it';
comment on column ttt.quarantine.reason is 'Why it was refused, as answered';
comment on column ttt.quarantine.body is 'The body as sent, NUL characters escaped';

create function ttt.role(sent text) returns text
language sql
immutable
as $$
  select nullif(lower(btrim(sent, e' \t\n\r\f\u000b\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005'
    '\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000')), '')
$$;

comment on function ttt.role(text) is
  'A role as statistics count it: trimmed, lower case, null for none.';

-- Whoever adds a role to it also gives the rollups that use it a new version.
create function ttt.team(role text) returns text
language sql
immutable
as $$
  select case
    when role in ('innocent', 'detective', 'deputy', 'mercenary', 'glitch', 'phantom') then 'innocent'
    when role in ('traitor', 'hypnotist', 'impersonator', 'assassin', 'vampire', 'zombie', 'detraitor')
      then 'traitor'
    when role in ('jester', 'swapper', 'clown', 'beggar') then 'jester'
    when role in ('killer', 'oldman', 'drunk', 'revenger') then 'independent'
    when role in ('jackal', 'sidekick') then 'jackal'
    else 'unknown'
  end
$$;

comment on function ttt.team(text) is 'The team of a role.';

create function ttt.winner_for(role text) returns text
language sql
immutable
as $$
  select case ttt.team(role) when 'innocent' then 'innocents' when 'traitor' then 'traitors' end
$$;

comment on function ttt.winner_for(text) is
  'The winner of a round that a role wins; null for roles of neither side, which never win.';

-- As bots share BOT: whoever is not authenticated yet, has no account, or plays on a LAN. They count as BOT
-- does everywhere. functions/ttt/erasure.py has the same list.
create function ttt.is_pseudo(steam_id text) returns boolean
language sql
immutable
as $$
  select coalesce(
    steam_id in ('BOT', 'NULL', 'STEAM_0:0:0', 'STEAM_ID_LAN', 'STEAM_ID_PENDING', 'UNKNOWN'), false
  )
$$;

comment on function ttt.is_pseudo(text) is 'Whether several people share a SteamID.';

create view ttt.classed_kills as
select occurred_at, round_id, attacker_steamid, coalesce(attacker_role, 'unknown') as attacker_role,
  victim_steamid, coalesce(victim_role, 'unknown') as victim_role,
  coalesce(weapon, 'unknown') as weapon, headshot, coalesce(map_name, 'unknown') as map_name, server,
  coalesce(attacker_steamid <> victim_steamid or ttt.is_pseudo(attacker_steamid), false) as is_kill,
  coalesce(attacker_steamid = victim_steamid and not ttt.is_pseudo(attacker_steamid), false)
    as is_suicide,
  attacker_steamid is null as is_world,
  coalesce(
    attacker_steamid <> victim_steamid
      and ttt.winner_for(attacker_role) = ttt.winner_for(victim_role)
      and not (ttt.is_pseudo(attacker_steamid) and ttt.is_pseudo(victim_steamid)),
    false
  ) as is_team_kill
from ttt.kills;

comment on view ttt.classed_kills is
  'A death and what it counts as: exactly one of a player''s kill, a suicide and the world''s doing.';

create view ttt.player_facts as
select occurred_at, steam_id, coalesce(role_start, 'unknown') as role,
  coalesce(map_name, 'unknown') as map_name, server, 1 as rounds,
  coalesce(winner = 'innocents' and ttt.winner_for(role_start) = winner, false)::integer
    as innocent_wins,
  coalesce(winner = 'traitors' and ttt.winner_for(role_start) = winner, false)::integer
    as traitor_wins,
  (winner = 'timelimit' and ttt.team(role_start) = 'innocent')::integer as timelimits,
  coalesce(duration, 0) as seconds, karma_diff, points_diff,
  0 as kills, 0 as headshots, 0 as team_kills, 0 as kills_on_bots,
  0 as deaths, 0 as suicides, 0 as world_deaths, 0 as items
from ttt.players
union all
select occurred_at, attacker_steamid, attacker_role, map_name, server, 0, 0, 0, 0, 0, null, null,
  1, headshot::integer, is_team_kill::integer, ttt.is_pseudo(victim_steamid)::integer, 0, 0, 0, 0
from ttt.classed_kills
where is_kill
union all
select occurred_at, victim_steamid, victim_role, map_name, server, 0, 0, 0, 0, 0, null, null,
  0, 0, 0, 0, 1, is_suicide::integer, is_world::integer, 0
from ttt.classed_kills
union all
select occurred_at, steam_id, coalesce(role, 'unknown'), coalesce(map_name, 'unknown'), server,
  0, 0, 0, 0, 0, null, null, 0, 0, 0, 0, 0, 0, 0, 1
from ttt.buys;

comment on view ttt.player_facts is
  'What counts for a player, a row each: a round played, a kill made, a death, a purchase.';
