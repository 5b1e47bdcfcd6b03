-- What changes add up to, by what they count for: the fold adds it to the totals that are kept, and
-- the views beside it are the totals with what is still queued.

-- What events of a person add up to, by server and mode.
create or replace function logs.sum_players(changes logs.changes[])
returns table (
  steam_id text, server_id text, mode text, events bigint, props bigint, first_at timestamptz,
  last_at timestamptz, named_at timestamptz, named_by uuid, name text
)
language sql
stable
as $$
  select steam_id, server_id, mode, count(*), count(*) filter (where type = 'PROP_SPAWN'), min(at),
    max(at), max(at) filter (where player_name is not null),
    (array_agg(id order by at desc, id desc) filter (where player_name is not null))[1],
    (array_agg(player_name order by at desc, id desc) filter (where player_name is not null))[1]
  from unnest(changes)
  where id is not null
    and logs.is_person(steam_id)
  group by steam_id, server_id, mode
$$;

create or replace view logs.player_sums as
select steam_id, server_id, mode, events, connections, props, first_at, last_at, named_at, named_by,
  name
from logs.player_totals
union all
select steam_id, server_id, mode, events, 0, props, first_at, last_at, named_at, named_by, name
from logs.sum_players(array(select c from logs.changes c));

-- When a person had which name.
create or replace function logs.sum_names(changes logs.changes[])
returns table (steam_id text, name text, first_at timestamptz, last_at timestamptz)
language sql
stable
as $$
  select steam_id, player_name collate "C", min(at), max(at)
  from unnest(changes)
  where player_name is not null
    and id is not null
    and logs.is_person(steam_id)
  group by 1, 2
$$;

create or replace view logs.player_name_sums as
select steam_id, name, first_at, last_at
from logs.player_names
union all
select steam_id, name, first_at, last_at
from logs.sum_names(array(select c from logs.changes c));

-- UTC days on which a person has an event; a day may be there twice.
create or replace function logs.sum_active_days(changes logs.changes[])
returns table (day date, steam_id text)
language sql
stable
as $$
  select distinct (at at time zone 'UTC')::date, steam_id
  from unnest(changes)
  where id is not null
    and logs.is_person(steam_id)
$$;

create or replace view logs.active_day_sums as
select day, steam_id
from logs.active_days
union all
select day, steam_id
from logs.sum_active_days(array(select c from logs.changes c));

-- Events by server, UTC day, mode and type. Connections are counted where sessions are derived.
create or replace function logs.sum_types(changes logs.changes[])
returns table (server_id text, day date, mode text, type text, events bigint)
language sql
stable
as $$
  select server_id, (at at time zone 'UTC')::date, mode, type, count(*)
  from unnest(changes)
  where id is not null
  group by 1, 2, 3, 4
$$;

create or replace view logs.type_day_sums as
select server_id, day, mode, type, events, connections
from logs.type_days
union all
select server_id, day, mode, type, events, 0
from logs.sum_types(array(select c from logs.changes c));

-- The most players that events of an hour say; an hour may be there twice.
create or replace function logs.sum_peaks(changes logs.changes[])
returns table (server_id text, hour timestamptz, players integer)
language sql
stable
as $$
  select server_id, date_trunc('hour', at, 'UTC'), max(players)
  from unnest(changes)
  where id is not null
    and players is not null
  group by 1, 2
$$;

create or replace view logs.peak_sums as
select server_id, hour, players
from logs.peaks
union all
select server_id, hour, players
from logs.sum_peaks(array(select c from logs.changes c));

-- Persons in rounds, as the rollup logs.round_people has them by the hour.
create or replace function logs.sum_rounds(changes logs.changes[])
returns table (
  steam_id text, server_id text, mode text, round_id text, is_traitor boolean,
  is_detective boolean, is_innocent boolean, is_murderer boolean, kills bigint, deaths bigint
)
language sql
stable
as $$
  select steam_id, server_id, mode, round_id,
    bool_or(role is not distinct from 'traitor'),
    bool_or(role is not distinct from 'detective'),
    bool_or(role is not distinct from 'innocent'),
    bool_or(role is not distinct from 'murderer' or kills),
    count(*) filter (where kills and not is_own),
    count(*) filter (where dies)
  from (
    select c.server_id, c.mode, c.round_id, p.steam_id, lower(p.role) as role, p.kills, p.dies,
      c.attacker_id = coalesce(c.victim_id, c.steam_id) as is_own
    from unnest(changes) as c
    cross join lateral (
      values (c.steam_id, c.role, false, false),
        (c.attacker_id, c.attacker_role, c.type = 'KILL', false),
        (c.victim_id, c.victim_role, false, c.type = 'KILL')
    ) as p (steam_id, role, kills, dies)
    where c.id is not null
      and c.mode in ('TTT', 'Murder')
  ) as seen
  where logs.is_person(steam_id)
    and (round_id is not null or kills or dies)
  group by steam_id, server_id, mode, round_id
$$;

create or replace view logs.player_round_sums as
select steam_id, server_id, mode, round_id, is_traitor, is_detective, is_innocent, is_murderer,
  kills, deaths
from logs.player_rounds
union all
select steam_id, server_id, mode, round_id, is_traitor, is_detective, is_innocent, is_murderer,
  kills, deaths
from logs.sum_rounds(array(select c from logs.changes c));

-- Who won a round, as the last event says that says who did; a round may be there twice.
create or replace function logs.sum_winners(changes logs.changes[])
returns table (
  server_id text, round_id text, ended_at timestamptz, ended_by uuid, winner text
)
language sql
stable
as $$
  select distinct on (server_id, round_id) server_id, round_id, at, id, winner
  from unnest(changes)
  where round_id is not null
    and winner is not null
  order by server_id, round_id, at desc, id desc
$$;

create or replace view logs.round_winner_sums as
select server_id, round_id, ended_at, ended_by, winner
from logs.round_winners
union all
select server_id, round_id, ended_at, ended_by, winner
from logs.sum_winners(array(select c from logs.changes c));

-- Maps of the hours that changes say something about, as they are with these. What comes in order, or
-- says nothing new, needs no look at raw rows; other hours are counted again.
create or replace function logs.changed_maps(changes logs.changes[])
returns table (
  hour timestamptz, server_id text, mode text, maps text[], last_at timestamptz, last_rank integer,
  last_id uuid
)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  none constant uuid := '00000000-0000-0000-0000-000000000000';
begin
  return query
  with said as (
    select date_trunc('hour', c.at, 'UTC') as hour, c.server_id, coalesce(c.mode, s.mode) as mode,
      c.at, (c.id is not null)::integer as rank, coalesce(c.id, none) as id, c.map
    from unnest(changes) as c
    left join logs.servers s on s.id = c.server_id and c.id is null
    where c.map is not null
      and (c.id is not null or s.id is not null)
  ), fresh as (
    select hour, server_id, mode, logs.runs(map order by at, rank, id) as maps,
      (array_agg(row(at, rank, id)::logs.map_sign order by at, rank, id))[1] as first_sign,
      (array_agg(row(at, rank, id)::logs.map_sign order by at desc, rank desc, id desc))[1]
        as last_sign
    from said
    group by hour, server_id, mode
  ), known as (
    select f.*,
      case
        when k.hour is null then f.last_sign
        else greatest(f.last_sign, row(k.last_at, k.last_rank, k.last_id)::logs.map_sign)
      end as newest_sign,
      case
        when k.hour is null then f.maps
        when f.first_sign > row(k.last_at, k.last_rank, k.last_id)::logs.map_sign
          then k.maps || case
            when k.maps[cardinality(k.maps)] = f.maps[1] then f.maps[2:]
            else f.maps
          end
        when k.maps = f.maps and cardinality(f.maps) = 1 then k.maps
      end as all_maps
    from fresh f
    left join logs.map_hours k on k.hour = f.hour
      and k.server_id = f.server_id
      and k.mode = f.mode
      and not k.is_stale
  )
  select k.hour, k.server_id, k.mode, coalesce(k.all_maps, r.maps), (k.newest_sign).at,
    (k.newest_sign).rank, (k.newest_sign).id
  from known k
  left join lateral (
    select logs.runs(map order by at, rank, id) as maps
    from (
      select e.at, 1 as rank, e.id, e.map
      from logs.events e
      where e.server_id = k.server_id
        and e.mode = k.mode
        and e.map is not null
        and e.at >= k.hour
        and e.at < k.hour + interval '1 hour'
        and e.second >= k.hour - interval '10 minutes'
        and k.all_maps is null
      union all
      select h.at, 0, none, h.map
      from logs.heartbeats h
      join logs.servers s on s.id = h.server_id and s.mode = k.mode
      where h.server_id = k.server_id
        and h.map is not null
        and h.at >= k.hour
        and h.at < k.hour + interval '1 hour'
        and k.all_maps is null
    ) as seen
  ) as r on true;
end
$$;

-- The maps of hours from one on. A server whose mode was changed is read from the rollup until the
-- refresh has written its hours again.
create or replace function logs.list_map_hours(since timestamptz)
returns table (hour timestamptz, server_id text, mode text, maps text[])
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  stale text[] := array(select distinct k.server_id from logs.map_hours k where k.is_stale);
begin
  return query
  with changed as materialized (
    select c.hour, c.server_id, c.mode, c.maps
    from logs.changed_maps(array(select c from logs.changes c)) as c
  )
  select c.hour, c.server_id, c.mode, c.maps
  from changed c
  where c.hour >= since
    and c.server_id <> all (stale)
  union all
  select k.hour, k.server_id, k.mode, k.maps
  from logs.map_hours k
  where k.hour >= since
    and k.server_id <> all (stale)
    and not exists (
      select
      from changed c
      where c.hour = k.hour
        and c.server_id = k.server_id
        and c.mode = k.mode
    );
  if stale <> '{}' then
    return query
    select m.hour, m.server_id, m.mode, m.maps
    from logs.maps m
    where m.hour >= since
      and m.server_id = any (stale);
  end if;
end
$$;

-- Writes the hours of servers whose mode was changed again; of all servers with `every`.
create or replace function logs.rebuild_map_hours(every boolean) returns void
language plpgsql
as $$
declare
  stale text[] := array(
    select distinct server_id
    from logs.map_hours
    where is_stale
      or every
  );
  since timestamptz := date_trunc('hour', now(), 'UTC') - interval '768 hours';
begin
  delete from logs.map_hours
  where server_id = any (stale)
    or every
    or hour < since;
  if stale <> '{}' or every then
    insert into logs.map_hours (hour, server_id, mode, maps, last_at, last_rank, last_id)
    select hour, server_id, mode, maps, hour + interval '1 hour', 0,
      '00000000-0000-0000-0000-000000000000'
    from logs.maps
    where hour >= since
      and (every or server_id = any (stale));
  end if;
end
$$;
