-- Totals held against the rollups, which are held against raw rows: the nightly audit compares
-- them, and writes them again if a row differs.

-- How many rows of each total differ from the rollups; totals without a difference are left out.
-- One statement, so that totals, the queue and the rollups are seen at the same moment.
create or replace function logs.total_differences() returns table (name text, differences bigint)
language sql
stable
as $$
  with player as (
    select steam_id, server_id, mode, sum(events)::bigint, sum(connections)::bigint,
      sum(props)::bigint, min(first_at), max(last_at), max(named_at),
      (array_agg(named_by order by named_at desc, named_by desc)
        filter (where name is not null))[1],
      (array_agg(name order by named_at desc, named_by desc) filter (where name is not null))[1]
    from logs.player_sums
    group by steam_id, server_id, mode
    having sum(events) <> 0
      or sum(connections) <> 0
  ), person_name as (
    select steam_id, name, min(first_at), max(last_at)
    from logs.player_name_sums
    group by steam_id, name
  ), type_day as (
    select server_id, day, mode, type, sum(events)::bigint
    from logs.type_day_sums
    group by server_id, day, mode, type
    having sum(events) <> 0
  ), peak as (
    select server_id, hour, max(players)
    from logs.peak_sums
    group by server_id, hour
  ), round as (
    select steam_id, server_id, mode, round_id, bool_or(is_traitor), bool_or(is_detective),
      bool_or(is_innocent), bool_or(is_murderer), sum(kills)::bigint, sum(deaths)::bigint
    from logs.player_round_sums
    group by steam_id, server_id, mode, round_id
  ), winner as (
    select distinct on (server_id, round_id) server_id, round_id, ended_at, winner
    from logs.round_winner_sums
    order by server_id, round_id, ended_at desc, ended_by desc
  ), life as (
    select server_id, slot, min(first_at), max(last_at)
    from (
      select server_id, slot, first_at, last_at
      from logs.liveness_slots
      where slot >= rollups.retained_from('logs.event_hours')
      union all
      select server_id, time_bucket('5 minutes', occurred_at), occurred_at, occurred_at
      from logs.change_queue
    ) as sign
    group by server_id, slot
  ), maps as (
    select hour, server_id, mode, maps
    from logs.list_map_hours(now() - interval '720 hours')
  ), map_hour as (
    select hour, server_id, mode, maps
    from logs.maps
    where hour >= now() - interval '720 hours'
  ), play as (
    select steam_id, server_id, is_exact, seconds, sessions
    from logs.play_totals
    where (seconds, sessions) <> (0, 0)
  ), person as (
    select steam_id, seconds
    from logs.person_totals
    where seconds <> 0
  )
  select name, count(*)
  from (
    select 'logs.player_totals' as name
    from (
      (select * from player except select * from logs.recount_players())
      union all
      (select * from logs.recount_players() except select * from player)
    ) as odd
    union all
    select 'logs.player_names'
    from (
      (select * from person_name except select * from logs.recount_names())
      union all
      (select * from logs.recount_names() except select * from person_name)
    ) as odd
    union all
    select 'logs.active_days'
    from (
      (select * from logs.active_day_sums except select * from logs.recount_active_days())
      union all
      (select * from logs.recount_active_days() except select * from logs.active_day_sums)
    ) as odd
    union all
    select 'logs.play_totals'
    from (
      (select * from play except select * from logs.recount_play())
      union all
      (
        select *
        from logs.recount_play()
        where (seconds, sessions) <> (0, 0)
        except
        select *
        from play
      )
    ) as odd
    union all
    select 'logs.person_totals'
    from (
      (select * from person except select * from logs.recount_persons())
      union all
      (select * from logs.recount_persons() where seconds <> 0 except select * from person)
    ) as odd
    union all
    select 'logs.type_days'
    from (
      (select * from type_day except select * from logs.recount_type_days())
      union all
      (select * from logs.recount_type_days() except select * from type_day)
    ) as odd
    union all
    select 'logs.liveness_slots'
    from (
      (select * from life except select * from logs.recount_life_signs())
      union all
      (select * from logs.recount_life_signs() except select * from life)
    ) as odd
    union all
    select 'logs.map_hours'
    from (
      (select * from maps except select * from map_hour)
      union all
      (select * from map_hour except select * from maps)
    ) as odd
    union all
    select 'logs.peaks'
    from (
      (select * from peak except select * from logs.recount_peaks())
      union all
      (select * from logs.recount_peaks() except select * from peak)
    ) as odd
    union all
    select 'logs.player_rounds'
    from (
      (select * from round except select * from logs.recount_player_rounds())
      union all
      (select * from logs.recount_player_rounds() except select * from round)
    ) as odd
    union all
    select 'logs.round_winners'
    from (
      (select * from winner except select * from logs.recount_round_winners())
      union all
      (select * from logs.recount_round_winners() except select * from winner)
    ) as odd
  ) as odd_one
  group by name
$$;

-- Writes all totals again, as the rollups have them. For a transaction of one snapshot (repeatable
-- read) in which nothing is queued any more, and with the lock of the fold.
create or replace function logs.rebuild_totals() returns void
language plpgsql
as $$
begin
  delete from logs.player_totals;
  insert into logs.player_totals
    (steam_id, server_id, mode, events, connections, props, first_at, last_at, named_at, named_by,
     name)
  select steam_id, server_id, mode, events, connections, props, first_at, last_at, named_at,
    named_by, name
  from logs.recount_players();

  delete from logs.player_names;
  insert into logs.player_names (steam_id, name, first_at, last_at)
  select steam_id, name, first_at, last_at
  from logs.recount_names();

  delete from logs.active_days;
  insert into logs.active_days (day, steam_id)
  select day, steam_id
  from logs.recount_active_days();

  delete from logs.play_totals;
  insert into logs.play_totals (steam_id, server_id, is_exact, seconds, sessions)
  select steam_id, server_id, is_exact, seconds, sessions
  from logs.recount_play();

  delete from logs.person_totals;
  insert into logs.person_totals (steam_id, seconds)
  select steam_id, seconds
  from logs.recount_persons();

  -- Connections stay as they are.
  update logs.type_days
  set events = 0;
  insert into logs.type_days as t (server_id, day, mode, type, events)
  select server_id, day, mode, type, events
  from logs.recount_type_days()
  on conflict (server_id, day, mode, type) do update
  set events = excluded.events;

  delete from logs.peaks;
  insert into logs.peaks (server_id, hour, players)
  select server_id, hour, players
  from logs.recount_peaks();

  delete from logs.player_rounds;
  insert into logs.player_rounds
    (steam_id, server_id, mode, round_id, is_traitor, is_detective, is_innocent, is_murderer,
     kills, deaths)
  select steam_id, server_id, mode, round_id, is_traitor, is_detective, is_innocent, is_murderer,
    kills, deaths
  from logs.recount_player_rounds();

  delete from logs.liveness_slots
  where slot >= rollups.retained_from('logs.event_hours');
  insert into logs.liveness_slots (server_id, slot, first_at, last_at)
  select server_id, slot, first_at, last_at
  from logs.recount_life_signs();

  perform logs.rebuild_map_hours(true);

  delete from logs.round_winners;
  insert into logs.round_winners (server_id, round_id, ended_at, ended_by, winner)
  select server_id, round_id, ended_at, '00000000-0000-0000-0000-000000000000', winner
  from logs.recount_round_winners();
end
$$;

-- Derives some sessions again, of random persons, and returns those that differ from what is kept.
-- For the same transaction: what is queued would differ.
create or replace function logs.session_differences(sample_size integer)
returns setof logs.session_diff
language plpgsql
stable
as $$
declare
  one record;
  bottom timestamptz := rollups.retained_from('logs.event_hours') - interval '48 hours';
begin
  for one in
    select p.server_id, array_agg(p.steam_id) as steam_ids, array_agg(f.first_at) as span_starts
    from (
      select server_id, steam_id
      from logs.sessions
      where first_at >= bottom
      group by server_id, steam_id
      order by random()
      limit sample_size
    ) as p
    cross join lateral (
      -- From where nothing of the person was open.
      select min(s.first_at) as first_at
      from logs.sessions s
      where s.server_id = p.server_id
        and s.steam_id = p.steam_id
        and s.first_at >= bottom
        and not exists (
          select
          from logs.sessions o
          where o.server_id = s.server_id
            and o.steam_id = s.steam_id
            and o.first_at < s.first_at
            and (o.last_at >= s.first_at or o.reason = 'open')
        )
    ) as f
    where f.first_at is not null
    group by p.server_id
  loop
    return query
    select d.*
    from logs.diff_sessions(
      one.server_id, one.steam_ids, one.span_starts,
      array_fill('infinity'::timestamptz, array[cardinality(one.steam_ids)]), '{}'
    ) as d;
  end loop;
end
$$;
