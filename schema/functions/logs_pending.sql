-- What is kept and what is still queued, put together by who reads: nobody waits for a fold.

-- The differences between the sessions and CONNECTs that are kept and those that there are, of what
-- changes touch: whose rows are as they are kept is not in it. `with_open` adds open sessions as they
-- are by their server's last sign of life: they are not written at each one.
create or replace function logs.play_changes(
  changes logs.changes[],
  with_open boolean,
  of_person text,
  of_server text
) returns setof logs.play_change
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
    coalesce(array_agg(s.since), '{}') as sinces, coalesce(array_agg(s.until), '{}') as untils
  into spans
  from logs.changed_spans(changes, of_person) as s
  where of_server is null
    or s.server_id = of_server;
  for one in
    select *
    from logs.slice_spans(spans.server_ids, spans.steam_ids, spans.sinces, spans.untils)
  loop
    return query
    select *
    from logs.compare(one.server_id, one.steam_ids, one.sinces, one.untils, changes);
  end loop;
  if with_open then
    return query
    with server as materialized (
      select o.server_id, greatest(k.last_at, c.at) as last_at
      from (
        select distinct server_id
        from logs.sessions
        where reason = 'open'
          and (of_person is null or steam_id = of_person)
          and (of_server is null or server_id = of_server)
      ) as o
      left join lateral (
        select k.last_at
        from logs.life_signs k
        where k.server_id = o.server_id
        order by k.slot desc
        limit 1
      ) as k on true
      left join (
        select server_id, max(at) as at
        from unnest(changes)
        group by server_id
      ) as c on c.server_id = o.server_id
    ), fresh as (
      select server_id, steam_id, max(at) as at
      from unnest(changes)
      where id is not null
        and not is_ambiguous
        and steam_id is not null
      group by server_id, steam_id
    ), grown as materialized (
      select s.*, e.ended_at as new_ended_at, e.reason as new_reason, l.at as new_event_at
      from server v
      join logs.sessions s on s.server_id = v.server_id
        and s.reason = 'open'
        and (of_person is null or s.steam_id = of_person)
      left join fresh f on f.server_id = s.server_id and f.steam_id = s.steam_id
      cross join lateral (
        select greatest(s.last_event_at, f.at) as at
      ) as l
      cross join lateral (
        select
          case when v.last_at >= l.at + interval '6 hours' then l.at else v.last_at end as ended_at,
          case when v.last_at >= l.at + interval '6 hours' then 'idle' else 'open' end as reason
      ) as e
      where (e.ended_at, e.reason, l.at) is distinct from (s.ended_at, s.reason, s.last_event_at)
        and not exists (
          select
          from unnest(spans.server_ids, spans.steam_ids, spans.sinces, spans.untils)
            as t (server_id, steam_id, since, until)
          where t.server_id = s.server_id
            and t.steam_id = s.steam_id
            and t.since <= s.first_at
            and t.until > s.first_at
        )
    )
    select 'session', -1, g.server_id, g.steam_id, g.id, g.session_id, g.other_keys, g.started_at,
      g.ended_at, g.method, g.reason, g.opened_at, g.first_at, g.last_at, g.last_event_at,
      g.sent_start, null, null::boolean, null::timestamptz
    from grown g
    union all
    select 'session', 1, g.server_id, g.steam_id, g.id, g.session_id, g.other_keys,
      least(coalesce(g.sent_start, g.opened_at), g.new_ended_at), g.new_ended_at, g.method, g.new_reason, g.opened_at,
      g.first_at, greatest(g.last_at, g.new_ended_at),
      case g.new_reason when 'open' then g.new_event_at end, g.sent_start, null, null::boolean,
      null::timestamptz
    from grown g;
  end if;
end
$$;

-- Spans in slices, each of one server and so few persons that they are well looked at together.
create or replace function logs.slice_spans(
  server_ids text[],
  steam_ids text[],
  sinces timestamptz[],
  untils timestamptz[]
) returns table (
  server_id text, steam_ids text[], sinces timestamptz[], untils timestamptz[]
)
language sql
stable
as $$
  select server_id, array_agg(steam_id), array_agg(since), array_agg(until)
  from (
    select server_id, steam_id, since, until,
      row_number() over (partition by server_id order by steam_id) / 200 as slice
    from unnest(server_ids, steam_ids, sinces, untils) as s (server_id, steam_id, since, until)
  ) as numbered
  group by server_id, slice
  order by server_id, slice
$$;

-- The differences between what is kept in some spans of a server and what is derived for them.
create or replace function logs.compare(
  of_server text,
  steam_ids text[],
  sinces timestamptz[],
  untils timestamptz[],
  changes logs.changes[]
) returns setof logs.play_change
language plpgsql
stable
as $$
#variable_conflict use_column
begin
  return query
  with target as materialized (
    select t.steam_id, t.since, t.until
    from unnest(steam_ids, sinces, untils) as t (steam_id, since, until)
  ), side as materialized (
    select d.*
    from logs.derive(of_server, steam_ids, sinces, untils, changes) as d
    union all
    select 'session', -1, s.server_id, s.steam_id, s.id, s.session_id, s.other_keys, s.started_at,
      s.ended_at, s.method, s.reason, s.opened_at, s.first_at, s.last_at, s.last_event_at,
      s.sent_start, null, null, null
    from target t
    join logs.sessions s on s.server_id = of_server
      and s.steam_id = t.steam_id
      and s.first_at >= t.since
      and s.first_at < t.until
    union all
    select 'connect', -1, k.server_id, k.steam_id, k.id, null, null, null, null, null, null, k.at,
      null, null, null, null, k.mode, k.is_counted, k.map_since
    from target t
    join logs.connects k on k.server_id = of_server
      and k.steam_id = t.steam_id
      and k.at >= t.since
      and k.at < t.until
    union all
    select 'stray', -1, x.server_id, x.steam_id, x.id, x.session_id, null, null, null, null, null,
      null, x.first_at, x.last_at, null, null, null, null, null
    from target t
    join logs.stray_ends x on x.server_id = of_server
      and x.steam_id = t.steam_id
      and x.first_at >= t.since
      and x.first_at < t.until
  )
  select s.*
  from side s
  left join side o on o.kind = s.kind
    and o.id = s.id
    and o.sign = -s.sign
    and (o.session_id, o.other_keys, o.started_at, o.ended_at, o.method, o.reason, o.opened_at,
        o.first_at, o.last_at, o.last_event_at, o.sent_start, o.mode, o.is_counted,
        o.map_since)
      is not distinct from (s.session_id, s.other_keys, s.started_at, s.ended_at, s.method,
        s.reason, s.opened_at, s.first_at, s.last_at, s.last_event_at, s.sent_start, s.mode,
        s.is_counted, s.map_since)
  where o.id is null;
end
$$;

-- All of the queue, as what changes what is kept.
create or replace function logs.pending_play(of_person text, of_server text)
returns setof logs.play_change
language plpgsql
stable
as $$
begin
  return query
  select *
  from logs.play_changes(array(select c from logs.changes c), true, of_person, of_server);
end
$$;
