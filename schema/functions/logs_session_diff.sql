-- Step 3 of 3 from changes to sessions, the diff: what is stored against what is derived. The fold
-- writes it (logs_fold.sql), and until then readers add it to what is stored: nobody waits for a
-- fold.

-- The diff of some spans of a server: of rows that are the same neither side is in it.
create or replace function logs.diff_sessions(
  of_server text,
  steam_ids text[],
  span_starts timestamptz[],
  span_ends timestamptz[],
  changes logs.change_queue[]
) returns setof logs.session_diff
language plpgsql
stable
as $$
#variable_conflict use_column
begin
  return query
  with target as materialized (
    select t.steam_id, t.since, t.until
    from unnest(steam_ids, span_starts, span_ends) as t (steam_id, since, until)
  ), side as materialized (
    select d.*
    from logs.derive_sessions(of_server, steam_ids, span_starts, span_ends, changes) as d
    union all
    select 'session', -1, s.server_id, s.steam_id, s.id, s.session_id, s.other_session_ids,
      s.started_at, s.ended_at, s.method, s.reason, s.opened_at, s.first_at, s.last_at,
      s.last_event_at, s.sent_start, null, null, null
    from target t
    join logs.sessions s on s.server_id = of_server
      and s.steam_id = t.steam_id
      and s.first_at >= t.since
      and s.first_at < t.until
    union all
    select 'connect', -1, k.server_id, k.steam_id, k.id, null, null, null, null, null, null,
      k.occurred_at, null, null, null, null, k.mode, k.is_counted, k.map_since
    from target t
    join logs.connects k on k.server_id = of_server
      and k.steam_id = t.steam_id
      and k.occurred_at >= t.since
      and k.occurred_at < t.until
    union all
    select 'unmatched_end', -1, x.server_id, x.steam_id, x.id, x.session_id, null, null, null, null,
      null, null, x.first_at, x.last_at, null, null, null, null, null
    from target t
    join logs.unmatched_ends x on x.server_id = of_server
      and x.steam_id = t.steam_id
      and x.first_at >= t.since
      and x.first_at < t.until
  )
  select s.*
  from side s
  left join side o on o.kind = s.kind
    and o.id = s.id
    and o.sign = -s.sign
    and (o.session_id, o.other_session_ids, o.started_at, o.ended_at, o.method, o.reason,
      o.opened_at,
        o.first_at, o.last_at, o.last_event_at, o.sent_start, o.mode, o.is_counted,
        o.map_since)
      is not distinct from (s.session_id, s.other_session_ids, s.started_at, s.ended_at, s.method,
        s.reason, s.opened_at, s.first_at, s.last_at, s.last_event_at, s.sent_start, s.mode,
        s.is_counted, s.map_since)
  where o.id is null;
end
$$;

-- All three steps for some changes: the diff of the spans that they affect. `with_open` adds open
-- sessions as they are by their server's last sign of life: they are not written at each one.
create or replace function logs.diff_changed_sessions(
  changes logs.change_queue[],
  with_open boolean,
  of_person text,
  of_server text
) returns setof logs.session_diff
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  one record;
  spans record;
begin
  select coalesce(array_agg(s.server_id), '{}') as server_ids,
    coalesce(array_agg(s.steam_id), '{}') as steam_ids,
    coalesce(array_agg(s.since), '{}') as span_starts,
    coalesce(array_agg(s.until), '{}') as span_ends
  into spans
  from logs.find_affected_spans(changes, of_person) as s
  where of_server is null
    or s.server_id = of_server;
  for one in
    select *
    from logs.batch_spans(spans.server_ids, spans.steam_ids, spans.span_starts, spans.span_ends)
  loop
    return query
    select *
    from logs.diff_sessions(one.server_id, one.steam_ids, one.span_starts, one.span_ends, changes);
  end loop;
  if with_open then
    return query
    with server as materialized (
      select o.server_id, greatest(k.last_at, c.occurred_at) as last_at
      from (
        select distinct server_id
        from logs.sessions
        where reason = 'open'
          and (of_person is null or steam_id = of_person)
          and (of_server is null or server_id = of_server)
      ) as o
      left join lateral (
        select k.last_at
        from logs.liveness_slots k
        where k.server_id = o.server_id
        order by k.slot desc
        limit 1
      ) as k on true
      left join (
        select server_id, max(occurred_at) as occurred_at
        from unnest(changes)
        group by server_id
      ) as c on c.server_id = o.server_id
    ), latest as (
      select server_id, steam_id, max(occurred_at) as occurred_at
      from unnest(changes)
      where id is not null
        and not is_ambiguous
        and steam_id is not null
      group by server_id, steam_id
    ), grown as materialized (
      select s.*, e.ended_at as new_ended_at, e.reason as new_reason, l.occurred_at as new_event_at
      from server v
      join logs.sessions s on s.server_id = v.server_id
        and s.reason = 'open'
        and (of_person is null or s.steam_id = of_person)
      left join latest f on f.server_id = s.server_id and f.steam_id = s.steam_id
      cross join lateral (
        select greatest(s.last_event_at, f.occurred_at) as occurred_at
      ) as l
      cross join lateral (
        select
          case when v.last_at >= l.occurred_at + interval '6 hours' then l.occurred_at
            else v.last_at end as ended_at,
          case when v.last_at >= l.occurred_at + interval '6 hours' then 'idle' else 'open' end
            as reason
      ) as e
      where (e.ended_at, e.reason, l.occurred_at) is distinct from (s.ended_at, s.reason,
        s.last_event_at)
        and not exists (
          select
          from unnest(spans.server_ids, spans.steam_ids, spans.span_starts, spans.span_ends)
            as t (server_id, steam_id, since, until)
          where t.server_id = s.server_id
            and t.steam_id = s.steam_id
            and t.since <= s.first_at
            and t.until > s.first_at
        )
    )
    select 'session', -1, g.server_id, g.steam_id, g.id, g.session_id, g.other_session_ids,
      g.started_at, g.ended_at, g.method, g.reason, g.opened_at, g.first_at, g.last_at,
      g.last_event_at, g.sent_start, null, null::boolean, null::timestamptz
    from grown g
    union all
    select 'session', 1, g.server_id, g.steam_id, g.id, g.session_id, g.other_session_ids,
      least(coalesce(g.sent_start, g.opened_at), g.new_ended_at), g.new_ended_at, g.method,
      g.new_reason, g.opened_at, g.first_at, greatest(g.last_at, g.new_ended_at),
      case g.new_reason when 'open' then g.new_event_at end, g.sent_start, null, null::boolean,
      null::timestamptz
    from grown g;
  end if;
end
$$;

-- The same for the whole queue.
create or replace function logs.diff_queued_sessions(of_person text, of_server text)
returns setof logs.session_diff
language plpgsql
stable
as $$
begin
  return query
  select *
  from logs.diff_changed_sessions(array(select c from logs.change_queue c), true, of_person,
    of_server);
end
$$;
