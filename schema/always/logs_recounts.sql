-- Totals as the rollups have them, which are held against raw rows.

create or replace view logs.player_recount as
select steam_id, server_id, mode, sum(events)::bigint as events,
  sum(connections)::bigint as connections, sum(props)::bigint as props, min(first_at) as first_at,
  max(last_at) as last_at, max(named_at) as named_at,
  (array_agg(named_by order by named_at desc, named_by desc) filter (where name is not null))[1]
    as named_by,
  (array_agg(name order by named_at desc, named_by desc) filter (where name is not null))[1] as name
from (
  select steam_id, server_id, mode, events, 0 as connections, props, first_at, last_at, named_at,
    named_by, name
  from logs.player_months
  union all
  select steam_id, server_id, mode, 0, connections, 0, null, null, null, null, null
  from logs.connection_days
) as counted
group by steam_id, server_id, mode;

create or replace view logs.name_recount as
select steam_id, name collate "C" as name, min(first_at) as first_at, max(last_at) as last_at
from logs.name_days
group by 1, 2;

create or replace view logs.active_day_recount as
select distinct (day at time zone 'UTC')::date as day, steam_id
from logs.player_days;

create or replace view logs.play_recount as
select steam_id, server_id, is_exact, sum(seconds)::bigint as seconds,
  sum(sessions)::bigint as sessions
from logs.play_months
group by steam_id, server_id, is_exact;

create or replace view logs.person_recount as
select steam_id, sum(seconds)::bigint as seconds
from logs.person_days
group by steam_id;

-- Connections of who was erased are in the days, but not in the rollup: they are not counted here.
create or replace view logs.type_day_recount as
select server_id, (day at time zone 'UTC')::date as day, mode, type, sum(events)::bigint as events
from logs.activity_days
group by 1, 2, 3, 4;

create or replace view logs.peak_recount as
select server_id, hour, max(peak) as players
from logs.activity
where peak is not null
group by server_id, hour;

create or replace view logs.player_round_recount as
select steam_id, server_id, mode, round_id, bool_or(is_traitor) as is_traitor,
  bool_or(is_detective) as is_detective, bool_or(is_innocent) as is_innocent,
  bool_or(is_murderer) as is_murderer, sum(kills)::bigint as kills, sum(deaths)::bigint as deaths
from logs.round_people
group by steam_id, server_id, mode, round_id;

create or replace view logs.round_winner_recount as
select distinct on (server_id, round_id) server_id, round_id, ended_at, winner
from logs.round_ends
order by server_id, round_id, ended_at desc;

-- Of the days whose raw rows are kept.
create or replace view logs.life_sign_recount as
select server_id, slot, min(first_at) as first_at, max(last_at) as last_at
from (
  select server_id, slot, first_at, last_at
  from logs.signs
  where hour >= rollups.horizon('logs.hours')
  union all
  select server_id, time_bucket('5 minutes', at), at, at
  from logs.heartbeats
  where at >= rollups.horizon('logs.hours')
) as sign
group by server_id, slot;
