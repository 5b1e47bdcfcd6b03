-- Parts of a period, for whoever adds them up: whole months from `first_month` until `end_month`, and
-- single days before and after them, from `from_day` until `to_day`. With `map`, only what happened on
-- that map. A `from_day` of -infinity asks for all time on all servers: then what people did before the
-- watermark is read from one row, whose server is empty.
-- These are functions because PostgreSQL puts such a function's body in its caller's place, with all
-- the caller's conditions; a person's part of a period is found by its index. One stands for each rollup
-- of a period, hence more than 300 lines.

-- Where the months end that are read as one row of all time; -infinity where each is read for itself: when
-- not all time is asked for, or when that row's bucket is dirty and would be counted again for everybody.
-- In PL/pgSQL, which plans its statement once a session and not at each call.
create or replace function ttt.all_time_end(from_day timestamptz, end_month timestamptz) returns timestamptz
language plpgsql
stable
as $$
begin
  if from_day > '-infinity' then
    return '-infinity';
  end if;
  return coalesce((
    select s.watermark
    from rollups.sources s
    where s.name = 'ttt.rounds'
      and s.watermark <= end_month
      and not exists (
        select
        from rollups.dirty_buckets d
        join rollups.catalog c on c.id = d.rollup
        where c.source = s.name
          and c.is_all_time
      )
  ), '-infinity');
end
$$;

-- Rounds by map, server and winner.
create or replace function ttt.round_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz,
  map text
)
returns table (
  map_name text, server text, winner text, rounds integer, seconds integer,
  timed integer
)
language sql
stable
as $$
  select w.map_name, w.server, w.winner, w.rounds, w.seconds, w.timed
  from ttt.round_months w
  where w.month >= first_month
    and w.month < end_month
    and (map is null or w.map_name = map)
  union all
  select w.map_name, w.server, w.winner, w.rounds, w.seconds, w.timed
  from ttt.round_days w
  where (w.day >= from_day and w.day < first_month or w.day >= end_month and w.day < to_day)
    and (map is null or w.map_name = map)
$$;

-- What people did, by person and server.
create or replace function ttt.player_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz,
  map text
)
returns table (
  steam_id text, server text, rounds integer, innocent_wins integer,
  traitor_wins integer, timelimits integer, seconds integer, karma_total bigint,
  karma_rounds integer, worst_round integer, points_total bigint, kills integer, headshots integer,
  team_kills integer, kills_on_bots integer, deaths integer, suicides integer, world_deaths integer,
  items integer, first_at timestamptz, last_at timestamptz
)
language sql
stable
as $$
  select w.steam_id, '', w.rounds, w.innocent_wins, w.traitor_wins, w.timelimits,
    w.seconds, w.karma_total, w.karma_rounds, w.worst_round, w.points_total, w.kills,
    w.headshots, w.team_kills, w.kills_on_bots, w.deaths, w.suicides, w.world_deaths, w.items,
    w.first_at, w.last_at
  from ttt.player_all_time w
  where (select ttt.all_time_end(from_day, end_month)) > '-infinity'
    and map is null
  union all
  select w.steam_id, w.server, w.rounds, w.innocent_wins, w.traitor_wins, w.timelimits,
    w.seconds, w.karma_total, w.karma_rounds, w.worst_round, w.points_total, w.kills,
    w.headshots, w.team_kills, w.kills_on_bots, w.deaths, w.suicides, w.world_deaths, w.items,
    w.first_at, w.last_at
  from ttt.player_months w
  where w.month >= first_month
    and w.month < end_month
    and map is null
    and w.month >= (select ttt.all_time_end(from_day, end_month))
  union all
  select w.steam_id, w.server, w.rounds, w.innocent_wins, w.traitor_wins, w.timelimits,
    w.seconds, w.karma_total, w.karma_rounds, w.worst_round, w.points_total, w.kills,
    w.headshots, w.team_kills, w.kills_on_bots, w.deaths, w.suicides, w.world_deaths, w.items,
    w.first_at, w.last_at
  from ttt.player_days w
  where (w.day >= from_day and w.day < first_month or w.day >= end_month and w.day < to_day)
    and map is null
  union all
  select w.steam_id, w.server, w.rounds, w.innocent_wins, w.traitor_wins, w.timelimits,
    w.seconds, w.karma_total, w.karma_rounds, w.worst_round, w.points_total, w.kills,
    w.headshots, w.team_kills, w.kills_on_bots, w.deaths, w.suicides, w.world_deaths, w.items,
    w.first_at, w.last_at
  from ttt.player_fact_days w
  where map is not null
    and w.day >= from_day
    and w.day < to_day
    and w.map_name = map
$$;

-- What people did in a role, by person, role and server. Without months: a person's days are few, and a
-- list asks for the people of a page.
create or replace function ttt.player_role_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz,
  map text
)
returns table (
  steam_id text, role text, server text, rounds integer, innocent_wins integer,
  traitor_wins integer, timelimits integer, kills integer, deaths integer, team_kills integer
)
language sql
stable
as $$
  select w.steam_id, w.role, '', w.rounds, w.innocent_wins, w.traitor_wins, w.timelimits,
    w.kills, w.deaths, w.team_kills
  from ttt.player_role_all_time w
  where (select ttt.all_time_end(from_day, end_month)) > '-infinity'
    and map is null
  union all
  select w.steam_id, w.role, w.server, w.rounds, w.innocent_wins, w.traitor_wins, w.timelimits,
    w.kills, w.deaths, w.team_kills
  from ttt.player_fact_days w
  where w.day >= from_day
    and w.day < to_day
    and w.day >= (select ttt.all_time_end(from_day, end_month))
    and (map is null or w.map_name = map)
$$;

-- What was done in a role, by role and server.
create or replace function ttt.role_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz,
  map text
)
returns table (
  role text, server text, is_bot boolean, rounds integer, innocent_wins integer,
  traitor_wins integer, timelimits integer, kills integer, deaths integer, team_kills integer
)
language sql
stable
as $$
  select w.role, w.server, w.is_bot, w.rounds, w.innocent_wins, w.traitor_wins, w.timelimits,
    w.kills, w.deaths, w.team_kills
  from ttt.role_months w
  where w.month >= first_month
    and w.month < end_month
    and map is null
  union all
  select w.role, w.server, w.is_bot, w.rounds, w.innocent_wins, w.traitor_wins, w.timelimits,
    w.kills, w.deaths, w.team_kills
  from ttt.role_days w
  where (w.day >= from_day and w.day < first_month or w.day >= end_month and w.day < to_day)
    and map is null
  union all
  select w.role, w.server, w.is_bot, w.rounds, w.innocent_wins, w.traitor_wins, w.timelimits,
    w.kills, w.deaths, w.team_kills
  from ttt.role_map_days w
  where map is not null
    and w.day >= from_day
    and w.day < to_day
    and w.map_name = map
$$;

-- Changes of role, by both roles and server.
create or replace function ttt.role_change_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz,
  map text
)
returns table (
  role_start text, role_end text, server text, is_bot boolean, changes integer
)
language sql
stable
as $$
  select w.role_start, w.role_end, w.server, w.is_bot, w.changes
  from ttt.role_change_months w
  where w.month >= first_month
    and w.month < end_month
    and map is null
  union all
  select w.role_start, w.role_end, w.server, w.is_bot, w.changes
  from ttt.role_change_days w
  where (w.day >= from_day and w.day < first_month or w.day >= end_month and w.day < to_day)
    and map is null
  union all
  select w.role_start, w.role_end, w.server, w.is_bot, w.changes
  from ttt.role_change_days w
  where map is not null
    and w.day >= from_day
    and w.day < to_day
    and w.map_name = map
$$;

-- Kills by weapon and server.
create or replace function ttt.weapon_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz,
  map text
)
returns table (
  server text, weapon text, by_bot boolean, of_bot boolean, kill_rows integer,
  headshot_rows integer, kills integer, headshots integer, team_kills integer, suicides integer,
  world_deaths integer
)
language sql
stable
as $$
  select w.server, w.weapon, w.by_bot, w.of_bot, w.kill_rows, w.headshot_rows, w.kills,
    w.headshots, w.team_kills, w.suicides, w.world_deaths
  from ttt.weapon_months w
  where w.month >= first_month
    and w.month < end_month
    and map is null
  union all
  select w.server, w.weapon, w.by_bot, w.of_bot, w.kill_rows, w.headshot_rows, w.kills,
    w.headshots, w.team_kills, w.suicides, w.world_deaths
  from ttt.weapon_days w
  where (w.day >= from_day and w.day < first_month or w.day >= end_month and w.day < to_day)
    and map is null
  union all
  select w.server, w.weapon, w.by_bot, w.of_bot, w.kill_rows, w.headshot_rows, w.kills,
    w.headshots, w.team_kills, w.suicides, w.world_deaths
  from ttt.kill_days w
  where map is not null
    and w.day >= from_day
    and w.day < to_day
    and w.map_name = map
$$;

-- Kills by map and server.
create or replace function ttt.map_kill_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz
)
returns table (
  map_name text, server text, by_bot boolean, kills integer
)
language sql
stable
as $$
  select w.map_name, w.server, w.by_bot, w.kills
  from ttt.map_kill_months w
  where w.month >= first_month
    and w.month < end_month
  union all
  select w.map_name, w.server, w.by_bot, w.kills
  from ttt.map_kill_days w
  where (w.day >= from_day and w.day < first_month or w.day >= end_month and w.day < to_day)
$$;

-- Kills by person, weapon and server.
create or replace function ttt.player_weapon_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz,
  map text
)
returns table (
  steam_id text, weapon text, server text, kills integer, headshots integer
)
language sql
stable
as $$
  select w.steam_id, w.weapon, '', w.kills, w.headshots
  from ttt.player_weapon_all_time w
  where (select ttt.all_time_end(from_day, end_month)) > '-infinity'
    and map is null
  union all
  select w.steam_id, w.weapon, w.server, w.kills, w.headshots
  from ttt.player_weapon_days w
  where w.day >= from_day
    and w.day < to_day
    and w.day >= (select ttt.all_time_end(from_day, end_month))
    and (map is null or w.map_name = map)
$$;

-- Kills by killer, victim and server.
create or replace function ttt.nemesis_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz
)
returns table (
  killer text, victim text, server text, kills integer, headshots integer
)
language sql
stable
as $$
  select w.killer, w.victim, '', w.kills, w.headshots
  from ttt.nemesis_all_time w
  where (select ttt.all_time_end(from_day, end_month)) > '-infinity'
  union all
  select w.killer, w.victim, w.server, w.kills, w.headshots
  from ttt.nemesis_days w
  where w.day >= from_day
    and w.day < to_day
    and w.day >= (select ttt.all_time_end(from_day, end_month))
$$;

-- Rounds of two people, by duo and server.
create or replace function ttt.duo_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz
)
returns table (
  player1 text, player2 text, server text, rounds integer,
  rounds_together integer, wins integer, timelimits integer
)
language sql
stable
as $$
  select w.player1, w.player2, '', w.rounds, w.rounds_together, w.wins, w.timelimits
  from ttt.duo_all_time w
  where (select ttt.all_time_end(from_day, end_month)) > '-infinity'
  union all
  select w.player1, w.player2, w.server, w.rounds, w.rounds_together, w.wins, w.timelimits
  from ttt.duo_days w
  where w.day >= from_day
    and w.day < to_day
    and w.day >= (select ttt.all_time_end(from_day, end_month))
$$;

-- Purchases by item, the buyer's start role, map and server.
create or replace function ttt.item_window(
  from_day timestamptz, first_month timestamptz, end_month timestamptz, to_day timestamptz,
  map text
)
returns table (
  item text, role text, server text, is_bot boolean, buys integer,
  buyer_rounds integer, wins integer, timelimits integer
)
language sql
stable
as $$
  select w.item, w.role, w.server, w.is_bot, w.buys, w.buyer_rounds, w.wins, w.timelimits
  from ttt.item_months w
  where w.month >= first_month
    and w.month < end_month
    and (map is null or w.map_name = map)
  union all
  select w.item, w.role, w.server, w.is_bot, w.buys, w.buyer_rounds, w.wins, w.timelimits
  from ttt.item_days w
  where (w.day >= from_day and w.day < first_month or w.day >= end_month and w.day < to_day)
    and (map is null or w.map_name = map)
$$;
