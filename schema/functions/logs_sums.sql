-- What changes add up to, by what they count for: the fold adds it to the totals that are kept, and
-- the views beside it are the totals with what is still queued.

-- What events of a person add up to, by server and mode.
create or replace function logs.sum_players(changes logs.change_queue[])
returns table (
  steam_id text, server_id text, mode text, events bigint, props bigint, first_at timestamptz,
  last_at timestamptz, named_at timestamptz, named_by uuid, name text
)
language sql
stable
as $$
  select steam_id, server_id, mode, count(*), count(*) filter (where type = 'PROP_SPAWN'),
    min(occurred_at), max(occurred_at), max(occurred_at) filter (where player_name is not null),
    (array_agg(id order by occurred_at desc, id desc) filter (where player_name is not null))[1],
    (array_agg(player_name order by occurred_at desc, id desc)
      filter (where player_name is not null))[1]
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
from logs.sum_players(array(select c from logs.change_queue c));

comment on view logs.player_sums is
  'Totals of all time of a player by server and mode, with what is still queued: several rows a '
  'key, to be summed.';
comment on column logs.player_sums.steam_id is 'The player';
comment on column logs.player_sums.server_id is 'logs.servers.id';
comment on column logs.player_sums.mode is 'Game mode';
comment on column logs.player_sums.events is 'Events';
comment on column logs.player_sums.connections is 'Connections; 0 in a queued row';
comment on column logs.player_sums.props is 'PROP_SPAWN events';
comment on column logs.player_sums.first_at is 'First event';
comment on column logs.player_sums.last_at is 'Last event';
comment on column logs.player_sums.named_at is 'Last event with a name';
comment on column logs.player_sums.named_by is 'Id of that event';
comment on column logs.player_sums.name is 'Name in that event';

-- When a person had which name.
create or replace function logs.sum_names(changes logs.change_queue[])
returns table (steam_id text, name text, first_at timestamptz, last_at timestamptz)
language sql
stable
as $$
  select steam_id, player_name collate "C", min(occurred_at), max(occurred_at)
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
from logs.sum_names(array(select c from logs.change_queue c));

comment on view logs.player_name_sums is
  'A name that a player had, with what is still queued: a name may be there twice.';
comment on column logs.player_name_sums.steam_id is 'The player';
comment on column logs.player_name_sums.name is 'The name';
comment on column logs.player_name_sums.first_at is 'First event with it';
comment on column logs.player_name_sums.last_at is 'Last event with it';

-- UTC days on which a person has an event; a day may be there twice.
create or replace function logs.sum_active_days(changes logs.change_queue[])
returns table (day date, steam_id text)
language sql
stable
as $$
  select distinct date(occurred_at at time zone 'UTC'), steam_id
  from unnest(changes)
  where id is not null
    and logs.is_person(steam_id)
$$;

create or replace view logs.active_day_sums as
select day, steam_id
from logs.active_days
union all
select day, steam_id
from logs.sum_active_days(array(select c from logs.change_queue c));

comment on view logs.active_day_sums is
  'A UTC day on which a player has an event, queued ones too: a day may be there twice.';
comment on column logs.active_day_sums.day is 'UTC day';
comment on column logs.active_day_sums.steam_id is 'The player';

-- Events by server, UTC day, mode and type. Connections are counted where sessions are derived.
create or replace function logs.sum_types(changes logs.change_queue[])
returns table (server_id text, day date, mode text, type text, events bigint)
language sql
stable
as $$
  select server_id, date(occurred_at at time zone 'UTC'), mode, type, count(*)
  from unnest(changes)
  where id is not null
  group by 1, 2, 3, 4
$$;

create or replace view logs.type_day_sums as
select server_id, day, mode, type, events, connections
from logs.type_days
union all
select server_id, day, mode, type, events, 0
from logs.sum_types(array(select c from logs.change_queue c));

comment on view logs.type_day_sums is
  'The events of a server, mode and type on a UTC day, with what is still queued: to be summed.';
comment on column logs.type_day_sums.server_id is 'logs.servers.id';
comment on column logs.type_day_sums.day is 'UTC day';
comment on column logs.type_day_sums.mode is 'Game mode';
comment on column logs.type_day_sums.type is 'logs.events.type';
comment on column logs.type_day_sums.events is 'Events';
comment on column logs.type_day_sums.connections is 'Connections; 0 in a queued row';

-- The most players that events of an hour report; an hour may be there twice.
create or replace function logs.sum_peaks(changes logs.change_queue[])
returns table (server_id text, hour timestamptz, players integer)
language sql
stable
as $$
  select server_id, date_trunc('hour', occurred_at, 'UTC'), max(players)
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
from logs.sum_peaks(array(select c from logs.change_queue c));

comment on view logs.peak_sums is
  'The most players that an event of a server reports in an hour, queued ones too: an hour may '
  'be there twice.';
comment on column logs.peak_sums.server_id is 'logs.servers.id';
comment on column logs.peak_sums.hour is 'Begin of the hour';
comment on column logs.peak_sums.players is 'Players';

-- Persons in rounds, as the rollup logs.round_players has them by the hour.
create or replace function logs.sum_rounds(changes logs.change_queue[])
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
from logs.sum_rounds(array(select c from logs.change_queue c));

comment on view logs.player_round_sums is
  'A player in a round, with what is still queued: a round may be there twice, to be summed.';
comment on column logs.player_round_sums.steam_id is 'The player';
comment on column logs.player_round_sums.server_id is 'logs.servers.id';
comment on column logs.player_round_sums.mode is 'Game mode, TTT or Murder';
comment on column logs.player_round_sums.round_id is
  'As the server sent it; null outside of known rounds';
comment on column logs.player_round_sums.is_traitor is 'Whether they were a traitor in it';
comment on column logs.player_round_sums.is_detective is 'Whether they were a detective in it';
comment on column logs.player_round_sums.is_innocent is 'Whether they were an innocent in it';
comment on column logs.player_round_sums.is_murderer is
  'Whether they were a murderer, or killed, in it';
comment on column logs.player_round_sums.kills is 'Others that they killed';
comment on column logs.player_round_sums.deaths is 'How often they died';

-- The winner of a round by the last event that names one; a round may be there twice.
create or replace function logs.sum_winners(changes logs.change_queue[])
returns table (
  server_id text, round_id text, ended_at timestamptz, ended_by uuid, winner text
)
language sql
stable
as $$
  select distinct on (server_id, round_id) server_id, round_id, occurred_at, id, winner
  from unnest(changes)
  where round_id is not null
    and winner is not null
  order by server_id, round_id, occurred_at desc, id desc
$$;

create or replace view logs.round_winner_sums as
select server_id, round_id, ended_at, ended_by, winner
from logs.round_winners
union all
select server_id, round_id, ended_at, ended_by, winner
from logs.sum_winners(array(select c from logs.change_queue c));

comment on view logs.round_winner_sums is
  'The winner of a round, with what is still queued: a round may be there twice, the last one '
  'holds.';
comment on column logs.round_winner_sums.server_id is 'logs.servers.id';
comment on column logs.round_winner_sums.round_id is 'As the server sent it';
comment on column logs.round_winner_sums.ended_at is 'Time of the event that names the winner';
comment on column logs.round_winner_sums.ended_by is 'Id of that event';
comment on column logs.round_winner_sums.winner is 'traitor, innocent, timeout, or what was sent';
