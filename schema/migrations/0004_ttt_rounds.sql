-- TTT rounds, and what happened in them. The round is the gate: its id is there once, it fixes the time
-- once, and its rows in the hypertables are written, changed and removed only together with it. So the
-- rollups of ttt are all marked by ttt.rounds alone.

create table ttt.rounds (
  id text primary key check (length(id) between 1 and 36),
  at timestamptz not null,  -- when it ended, else when it was first received; to the millisecond
  ended_at timestamptz,  -- as the server said
  server text,  -- who sent it, where a key says so
  map_name text check (length(map_name) <= 128),
  winner text not null,  -- one word for all spellings
  winner_raw text,
  duration integer check (duration between 0 and 86400),  -- seconds
  -- What was said, as JSON text that is answered as it is, and compared when the round comes again.
  players text not null,
  kills text not null,
  buys text not null,
  received_at timestamptz not null default now()
);

create index rounds_by_time on ttt.rounds (at desc, id desc);

-- In the rows that are counted roles are lower case, and what is empty is null.
create table ttt.players (
  at timestamptz not null,
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
  primary key (at, round_id, steam_id)
);

create table ttt.kills (
  at timestamptz not null,
  round_id text not null,
  ordinal smallint not null,  -- its place in the round, from 0
  attacker_steamid text,  -- null: the world
  attacker_role text,
  victim_steamid text not null,
  victim_role text,
  weapon text,
  headshot boolean not null,
  map_name text,
  server text,
  primary key (at, round_id, ordinal)
);

create table ttt.buys (
  at timestamptz not null,
  round_id text not null,
  ordinal smallint not null,
  steam_id text not null,
  role text,
  item text not null,
  map_name text,
  server text,
  primary key (at, round_id, ordinal)
);

select create_hypertable(
  'ttt.' || name, by_range('at', interval '90 days'), create_default_indexes => false
)
from unnest(array['players', 'kills', 'buys']) as name;

-- What one person did today is counted from these.
create index players_by_person on ttt.players (steam_id, at desc);
create index kills_by_attacker on ttt.kills (attacker_steamid, at desc);
create index kills_by_victim on ttt.kills (victim_steamid, at desc);
create index buys_by_person on ttt.buys (steam_id, at desc);

-- Names a player had, each from its receipt until another one was received.
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

-- Bodies that were refused, for 30 days: the game server does not send them again.
create table ttt.quarantine (
  id uuid primary key,  -- of what was said: the same body is kept once
  received_at timestamptz not null default now(),
  server text,
  reason text not null,
  body text not null
);

create index quarantine_by_time on ttt.quarantine (received_at);

-- A role as statistics count it: trimmed, lower case, null for none.
create function ttt.role(sent text) returns text
language sql
immutable
as $$
  select nullif(lower(btrim(sent, e' \t\n\r\f\u000b\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005'
    '\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000')), '')
$$;

-- The team of a role. Whoever teaches it a new role also gives the rollups that use it a new version.
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

-- The winner's word for the side a role is on; null for roles of neither side, which never win.
create function ttt.side(role text) returns text
language sql
immutable
as $$
  select case ttt.team(role) when 'innocent' then 'innocents' when 'traitor' then 'traitors' end
$$;

-- A kill and what it counts as: exactly one of a player's kill, a suicide and the world's doing.
create view ttt.classed_kills as
select at, round_id, attacker_steamid, coalesce(attacker_role, 'unknown') as attacker_role,
  victim_steamid, coalesce(victim_role, 'unknown') as victim_role,
  coalesce(weapon, 'unknown') as weapon, headshot, coalesce(map_name, 'unknown') as map_name, server,
  coalesce(attacker_steamid <> victim_steamid or attacker_steamid = 'BOT', false) as is_kill,
  coalesce(attacker_steamid = victim_steamid and attacker_steamid <> 'BOT', false) as is_suicide,
  attacker_steamid is null as is_world,
  coalesce(
    attacker_steamid <> victim_steamid and ttt.side(attacker_role) = ttt.side(victim_role), false
  ) as is_team_kill
from ttt.kills;

-- One row for each thing that counts for a person: a round played, a kill made, a death, a purchase.
create view ttt.deeds as
select at, steam_id, coalesce(role_start, 'unknown') as role,
  coalesce(map_name, 'unknown') as map_name, server, 1 as rounds,
  coalesce(winner = 'innocents' and ttt.side(role_start) = winner, false)::integer as innocent_wins,
  coalesce(winner = 'traitors' and ttt.side(role_start) = winner, false)::integer as traitor_wins,
  (winner = 'timelimit' and ttt.team(role_start) = 'innocent')::integer as timelimits,
  coalesce(duration, 0) as seconds, karma_diff, points_diff,
  0 as kills, 0 as headshots, 0 as team_kills, 0 as kills_on_bots,
  0 as deaths, 0 as suicides, 0 as world_deaths, 0 as items
from ttt.players
union all
select at, attacker_steamid, attacker_role, map_name, server, 0, 0, 0, 0, 0, null, null,
  1, headshot::integer, is_team_kill::integer, (victim_steamid = 'BOT')::integer, 0, 0, 0, 0
from ttt.classed_kills
where is_kill
union all
select at, victim_steamid, victim_role, map_name, server, 0, 0, 0, 0, 0, null, null,
  0, 0, 0, 0, 1, is_suicide::integer, is_world::integer, 0
from ttt.classed_kills
union all
select at, steam_id, coalesce(role, 'unknown'), coalesce(map_name, 'unknown'), server,
  0, 0, 0, 0, 0, null, null, 0, 0, 0, 0, 0, 0, 0, 1
from ttt.buys;
