-- The fold: takes changes out of the queue and applies what follows from them, sessions by the
-- three steps (logs_session_*.sql) and totals, in one transaction. So every snapshot sees a change
-- either queued or folded.

-- Folds up to `most` changes, the oldest first, and returns how many; -1 while somebody else is at
-- it, whom nobody waits for. With `with_open` open sessions are written, too, as they are by now.
create or replace function logs.fold(most integer, with_open boolean default false)
returns integer
language plpgsql
as $$
begin
  if not pg_try_advisory_xact_lock(7417205) then
    return -1;
  end if;
  return logs.fold_batch(most, with_open);
end
$$;

-- The same for who has the lock.
create or replace function logs.fold_batch(most integer, with_open boolean) returns integer
language plpgsql
as $$
declare
  changes logs.change_queue[];
  diffs logs.session_diff[];
  spans record;
  one record;
begin
  -- Each statement from here on sees what whoever had the lock before has left.
  with taken as (
    delete from logs.change_queue c
    where c.number in (
      select number
      from logs.change_queue
      order by number
      limit most
    )
    returning c as change
  )
  select coalesce(array_agg(t.change), '{}') into changes
  from taken t;
  if changes = '{}' and not with_open then
    return 0;
  end if;
  select coalesce(array_agg(s.server_id), '{}') as server_ids,
    coalesce(array_agg(s.steam_id), '{}') as steam_ids,
    coalesce(array_agg(s.since), '{}') as span_starts,
    coalesce(array_agg(s.until), '{}') as span_ends
  into spans
  from logs.find_affected_spans(changes, null) as s;
  for one in
    select *
    from logs.batch_spans(spans.server_ids, spans.steam_ids, spans.span_starts, spans.span_ends)
  loop
    diffs := array(
      select c
      from logs.diff_sessions(
        one.server_id, one.steam_ids, one.span_starts, one.span_ends, changes
      ) as c
    );
    if diffs <> '{}' then
      perform logs.apply_session_diff(diffs);
    end if;
  end loop;
  perform logs.apply_changes(changes);
  if with_open then
    -- What is queued since then counts for nobody here: its turn comes.
    diffs := array(select p from logs.diff_changed_sessions('{}', true, null, null) as p);
    if diffs <> '{}' then
      perform logs.apply_session_diff(diffs);
    end if;
  end if;
  if with_open then
    perform logs.rebuild_map_hours(false);
  end if;
  return cardinality(changes);
end
$$;

-- Writes sessions, their parts by the hour, CONNECTs, and the totals of them.
create or replace function logs.apply_session_diff(diffs logs.session_diff[]) returns void
language plpgsql
as $$
declare
  bottom timestamptz := rollups.retained_from('logs.session_hours');
begin
  insert into logs.person_totals as t (steam_id, seconds)
  select u.steam_id, u.seconds
  from logs.diff_playtime(diffs) as u
  order by u.steam_id
  on conflict (steam_id) do update
  set seconds = t.seconds + excluded.seconds;

  with play as materialized (
    select p.*
    from unnest(diffs) as p
    where p.kind = 'session'
  ), part as materialized (
    select h.hour, s.sign, s.id as session, s.server_id, s.steam_id, p.since, p.until,
      logs.overlap_seconds(s.started_at, s.ended_at, p.since, p.until) as seconds,
      p.since = s.started_at as is_start, s.method = 'exact' as is_exact
    from play s
    cross join lateral generate_series(
      date_trunc('hour', s.started_at, 'UTC'),
      greatest(s.started_at, s.ended_at - interval '1 microsecond'),
      interval '1 hour'
    ) as h (hour)
    cross join lateral (
      select greatest(s.started_at, h.hour) as since,
        least(s.ended_at, h.hour + interval '1 hour') as until
    ) as p
    where h.hour >= bottom
  ), removed as (
    delete from logs.sessions s
    using play o
    where o.sign = -1
      and s.id = o.id
      and o.id not in (select id from play where sign = 1)
  ), emptied as (
    delete from logs.session_hours p
    using part o
    where o.sign = -1
      and p.session = o.session
      and p.hour = o.hour
      and p.hour >= (select min(hour) from part)
      and p.hour <= (select max(hour) from part)
      and (o.session, o.hour) not in (select session, hour from part where sign = 1)
  ), kept as (
    insert into logs.sessions as s
      (id, server_id, steam_id, session_id, other_session_ids, started_at, ended_at, method, reason,
       opened_at, first_at, last_at, last_event_at, sent_start)
    select id, server_id, steam_id, session_id, other_session_ids, started_at, ended_at, method,
      reason, opened_at, first_at, last_at, last_event_at, sent_start
    from play
    where sign = 1
    on conflict (id) do update
    set session_id = excluded.session_id,
      other_session_ids = excluded.other_session_ids,
      started_at = excluded.started_at,
      ended_at = excluded.ended_at,
      method = excluded.method,
      reason = excluded.reason,
      opened_at = excluded.opened_at,
      first_at = excluded.first_at,
      last_at = excluded.last_at,
      last_event_at = excluded.last_event_at,
      sent_start = excluded.sent_start
  ), filled as (
    -- What is as it was is not written, so that it dirties no rollup.
    insert into logs.session_hours as p
      (hour, session, server_id, steam_id, since, until, seconds, is_start, is_exact)
    select hour, session, server_id, steam_id, since, until, seconds, is_start, is_exact
    from part
    where sign = 1
      and (session, hour, since, until, seconds, is_start, is_exact) not in (
        select session, hour, since, until, seconds, is_start, is_exact
        from part
        where sign = -1
      )
    on conflict (session, hour) do update
    set since = excluded.since,
      until = excluded.until,
      seconds = excluded.seconds,
      is_start = excluded.is_start,
      is_exact = excluded.is_exact
  )
  insert into logs.play_totals as t (steam_id, server_id, is_exact, seconds, sessions)
  select steam_id, server_id, is_exact, sum(sign * seconds),
    coalesce(sum(sign) filter (where is_start), 0)
  from part
  group by steam_id, server_id, is_exact
  having sum(sign * seconds) <> 0
    or sum(sign) filter (where is_start) <> 0
  order by steam_id, server_id, is_exact
  on conflict (steam_id, server_id, is_exact) do update
  set seconds = t.seconds + excluded.seconds,
    sessions = t.sessions + excluded.sessions;

  with unmatched as materialized (
    select p.*
    from unnest(diffs) as p
    where p.kind = 'unmatched_end'
  ), removed as (
    delete from logs.unmatched_ends x
    using unmatched o
    where o.sign = -1
      and x.id = o.id
      and o.id not in (select id from unmatched where sign = 1)
  )
  insert into logs.unmatched_ends (id, server_id, steam_id, session_id, first_at, last_at)
  select id, server_id, steam_id, session_id, first_at, last_at
  from unmatched
  where sign = 1
  on conflict (id) do update
  set session_id = excluded.session_id,
    first_at = excluded.first_at,
    last_at = excluded.last_at;

  with connect as materialized (
    select p.*
    from unnest(diffs) as p
    where p.kind = 'connect'
  ), removed as (
    delete from logs.connects k
    using connect o
    where o.sign = -1
      and k.id = o.id
      and k.occurred_at = o.opened_at
      and k.occurred_at >= (select min(opened_at) from connect)
      and k.occurred_at <= (select max(opened_at) from connect)
      and o.id not in (select id from connect where sign = 1)
  ), kept as (
    insert into logs.connects as k (id, server_id, occurred_at, steam_id, mode, is_counted,
      map_since)
    select id, server_id, opened_at, steam_id, mode, is_counted, map_since
    from connect
    where sign = 1
    on conflict (id, occurred_at) do update
    set is_counted = excluded.is_counted,
      map_since = excluded.map_since
  ), counted as (
    select steam_id, server_id, mode, date(opened_at at time zone 'UTC') as day, sign
    from connect
    where is_counted
  ), by_type as (
    insert into logs.type_days as t (server_id, day, mode, type, connections)
    select server_id, day, mode, 'CONNECT', sum(sign)
    from counted
    group by server_id, day, mode
    order by server_id, day, mode
    on conflict (server_id, day, mode, type) do update
    set connections = t.connections + excluded.connections
  )
  insert into logs.player_totals as t (steam_id, server_id, mode, connections)
  select steam_id, server_id, mode, sum(sign)
  from counted
  group by steam_id, server_id, mode
  order by steam_id, server_id, mode
  on conflict (steam_id, server_id, mode) do update
  set connections = t.connections + excluded.connections;
end
$$;
