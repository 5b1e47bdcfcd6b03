-- Totals as the rollups have them, which are held against raw rows.

create or replace function logs.recount_players()
returns table (
  steam_id text, server_id text, mode text, events bigint, connections bigint, props bigint,
  first_at timestamptz, last_at timestamptz, named_at timestamptz, named_by uuid, name text
)
language sql
stable
as $$
  select steam_id, server_id, mode, sum(events)::bigint as events,
    sum(connections)::bigint as connections, sum(props)::bigint as props, min(first_at) as first_at,
    max(last_at) as last_at, max(named_at) as named_at,
    (array_agg(named_by order by named_at desc, named_by desc) filter (where name is not null))[1]
      as named_by,
    (array_agg(name order by named_at desc, named_by desc) filter (where name is not null))[1]
      as name
  from (
    select steam_id, server_id, mode, events, 0 as connections, props, first_at, last_at, named_at,
      named_by, name
    from logs.player_months
    union all
    select steam_id, server_id, mode, 0, connections, 0, null, null, null, null, null
    from logs.connection_days
  ) as counted
  group by steam_id, server_id, mode
$$;

create or replace function logs.recount_names()
returns table (
  steam_id text, name text, first_at timestamptz, last_at timestamptz
)
language sql
stable
as $$
  select steam_id, name collate "C" as name, min(first_at) as first_at, max(last_at) as last_at
  from logs.name_days
  group by 1, 2
$$;

create or replace function logs.recount_active_days()
returns table (
  day date, steam_id text
)
language sql
stable
as $$
  select distinct date(day at time zone 'UTC') as day, steam_id
  from logs.player_days
$$;

create or replace function logs.recount_play()
returns table (
  steam_id text, server_id text, is_exact boolean, seconds bigint, sessions bigint
)
language sql
stable
as $$
  select steam_id, server_id, is_exact, sum(seconds)::bigint as seconds,
    sum(sessions)::bigint as sessions
  from logs.play_months
  group by steam_id, server_id, is_exact
$$;

create or replace function logs.recount_persons()
returns table (
  steam_id text, seconds bigint
)
language sql
stable
as $$
  select steam_id, sum(seconds)::bigint as seconds
  from logs.person_days
  group by steam_id
$$;

-- Connections of who was erased are in the days, but not in the rollup: they are not counted here.
create or replace function logs.recount_type_days()
returns table (
  server_id text, day date, mode text, type text, events bigint
)
language sql
stable
as $$
  select server_id, date(day at time zone 'UTC') as day, mode, type, sum(events)::bigint as events
  from logs.activity_days
  group by 1, 2, 3, 4
$$;

create or replace function logs.recount_peaks()
returns table (
  server_id text, hour timestamptz, players integer
)
language sql
stable
as $$
  select server_id, hour, max(peak) as players
  from logs.activity
  where peak is not null
  group by server_id, hour
$$;

create or replace function logs.recount_player_rounds()
returns table (
  steam_id text, server_id text, mode text, round_id text, is_traitor boolean,
  is_detective boolean, is_innocent boolean, is_murderer boolean, kills bigint, deaths bigint
)
language sql
stable
as $$
  select steam_id, server_id, mode, round_id, bool_or(is_traitor) as is_traitor,
    bool_or(is_detective) as is_detective, bool_or(is_innocent) as is_innocent,
    bool_or(is_murderer) as is_murderer, sum(kills)::bigint as kills, sum(deaths)::bigint as deaths
  from logs.round_players
  group by steam_id, server_id, mode, round_id
$$;

create or replace function logs.recount_round_winners()
returns table (
  server_id text, round_id text, ended_at timestamptz, winner text
)
language sql
stable
as $$
  select distinct on (server_id, round_id) server_id, round_id, ended_at, winner
  from logs.round_ends
  order by server_id, round_id, ended_at desc
$$;

-- Of the days whose raw rows are kept.
create or replace function logs.recount_life_signs()
returns table (
  server_id text, slot timestamptz, first_at timestamptz, last_at timestamptz
)
language sql
stable
as $$
  select server_id, slot, min(first_at) as first_at, max(last_at) as last_at
  from (
    select server_id, slot, first_at, last_at
    from logs.activity_slots
    where hour >= rollups.retained_from('logs.event_hours')
    union all
    select server_id, time_bucket('5 minutes', occurred_at), occurred_at, occurred_at
    from logs.heartbeats
    where occurred_at >= rollups.retained_from('logs.event_hours')
  ) as sign
  group by server_id, slot
$$;
