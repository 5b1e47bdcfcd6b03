-- Step 2 of 3 from changes to sessions: derives what there is in some spans, each of one person on
-- one server, from raw rows. Reads only. It returns sessions, every CONNECT with whether it is a
-- connection, and ends of sessions without any other event, each with sign 1. `changes` are signs
-- of life that logs.liveness_slots does not have yet.
--
-- Everything is in the order of time; at equal times heartbeats come first, then CONNECT, others by
-- their id, and DISCONNECT.
--
-- Over 300 lines, for sessions are derived by one statement, whose steps need those before them.
create or replace function logs.derive_sessions(
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
declare
  first_since timestamptz := (
    select date_trunc('hour', min(s), 'UTC')
    from unnest(span_starts) as s
  );
  last_until timestamptz := (select max(u) from unnest(span_ends) as u);
begin
  return query
  with recursive target as materialized (
    select t.steam_id, t.since, t.until
    from unnest(steam_ids, span_starts, span_ends) as t (steam_id, since, until)
  ),
  -- Signs of life. Two of one slot of five minutes are never a silence apart.
  slot as materialized (
    select min(s.first_at) as first_at, max(s.last_at) as last_at
    from (
      select slot, first_at, last_at
      from logs.liveness_slots
      where server_id = of_server
        and slot >= first_since - interval '5 minutes'
        and slot <= last_until
      union all
      select time_bucket('5 minutes', occurred_at), occurred_at, occurred_at
      from unnest(changes)
      where server_id = of_server
        and occurred_at >= first_since
        and occurred_at <= last_until
    ) as s
    group by s.slot
  ), pause as (
    select last_at as occurred_at, lead(first_at) over (order by first_at) as until
    from slot
  ), stop as materialized (
    select row_number() over (order by b.occurred_at, b.rank) as number, b.occurred_at, b.rank,
      b.reason
    from (
      select p.occurred_at, 9 as rank, 'timeout' as reason
      from pause p
      where p.until > p.occurred_at + interval '300 seconds'
        and (p.until > p.occurred_at + interval '1800 seconds' or exists (
          select
          from logs.heartbeats h
          where h.server_id = of_server
            and h.occurred_at >= p.occurred_at - interval '24 hours'
            and h.occurred_at <= p.occurred_at
        ))
      union all
      select occurred_at, 0, 'empty'
      from logs.heartbeats
      where server_id = of_server
        and players = 0
        and occurred_at >= first_since
        and occurred_at <= last_until
    ) as b
  ), own as materialized (
    -- From ten minutes before: what came last before a CONNECT may lie there.
    select e.steam_id, e.id, e.occurred_at, e.mode, e.session_id as sent_key,
      case when e.metadata ? 'sessionStart'
        then logs.parse_session_start(e.occurred_at, e.session_id, e.metadata)
      end as sent_start,
      e.type = 'CONNECT' as is_sent_connect, e.type = 'DISCONNECT' as is_disconnect,
      case e.type when 'CONNECT' then 1 when 'DISCONNECT' then 3 else 2 end as rank,
      e.occurred_at < t.since as is_past, t.until
    from target t
    join logs.events e on e.server_id = of_server
      and e.steam_id = t.steam_id
      and e.occurred_at >= t.since - interval '10 minutes'
      and e.occurred_at < t.until
    where e.occurred_at >= first_since - interval '10 minutes'
      and e.sent_at >= first_since - interval '20 minutes'
      and not e.metadata @> '{"ambiguous": true}'
  ), last as materialized (
    select greatest(
      (
        select max(last_at)
        from logs.liveness_slots
        where server_id = of_server
          and slot >= (
            select max(slot)
            from logs.liveness_slots
            where server_id = of_server
          )
      ),
      (
        select max(occurred_at)
        from unnest(changes)
        where server_id = of_server
      ),
      (select max(occurred_at) from own)
    ) as occurred_at
  ), line as (
    -- The stops before an event determine the next one after it.
    select b.*, count(*) filter (where b.steam_id is null)
      over (order by b.occurred_at, b.rank, b.id rows unbounded preceding) as stops
    from (
      select steam_id, id, occurred_at, mode, sent_key, sent_start, is_sent_connect, is_disconnect,
        rank, is_past, until
      from own
      union all
      select null, null, occurred_at, null, null, null, null, null, rank, false, null
      from stop
    ) as b
  ), step as (
    select l.*, row_number() over person as n, lead(l.occurred_at) over person as next_at,
      lead(l.stops) over person as next_stops, lag(l.occurred_at) over person as prior_at,
      lag(l.rank) over person as prior_rank, lag(l.id) over person as prior_id
    from line l
    where l.steam_id is not null
    window person as (partition by l.steam_id order by l.occurred_at, l.rank, l.id)
  ), interrupted as (
    -- What ends any session between an event of the person and the next.
    select s.*,
      case when e.is_idle then 'idle' else b.reason end as interrupted_reason,
      case when e.is_idle then s.occurred_at else b.occurred_at end as interrupted_at
    from step s
    cross join last
    left join stop b on b.number = s.stops + 1
      and (s.next_at is null or s.next_stops > s.stops)
    cross join lateral (
      select coalesce(s.next_at,
        least(s.until, last.occurred_at)) >= s.occurred_at + interval '6 hours'
        and (b.occurred_at is null or b.occurred_at >= s.occurred_at + interval '6 hours')
          as is_idle
    ) as e
  ), with_map_change as materialized (
    select t.*,
      lag(t.interrupted_reason) over person is not null as after_interruption,
      coalesce(m.is_changed, false) as is_map_change, m.since as map_since
    from interrupted t
    left join lateral (
      -- Looked up for these few only: `offset` keeps the conditions from becoming the join's.
      select c.is_changed, c.since
      from logs.detect_map_change(of_server, t.prior_at, t.prior_rank, t.prior_id, t.occurred_at,
        t.id) as c
      where t.is_sent_connect
        and t.prior_rank <> 3
        and t.occurred_at <= t.prior_at + interval '10 minutes'
      offset 0
    ) as m on true
    window person as (partition by t.steam_id order by t.n)
  ), present as (
    select p.*,
      -- A session that is open goes on when the map changes.
      p.is_sent_connect and not (p.is_map_change and not p.after_interruption) as is_connect,
      lag(p.is_disconnect) over person as after_disconnect
    from with_map_change p
    where not p.is_past
    window person as (partition by p.steam_id order by p.n)
  ), run as (
    select p.*, count(*) filter (where p.is_connect or p.after_interruption or p.after_disconnect)
      over (partition by p.steam_id order by p.n rows unbounded preceding) as run
    from present p
  ), effective as (
    select r.*, count(r.sent_key)
      over (partition by r.steam_id, r.run order by r.n rows unbounded preceding) as keys
    from run r
  ), with_effective_key as materialized (
    select f.*, first_value(f.sent_key)
      over (partition by f.steam_id, f.run, f.keys order by f.n) as effective_key
    from effective f
  ),
  -- The key that a session had before the map changed stands for those that it has later.
  link as materialized (
    select c.steam_id, c.n, c.sent_key as key, l.effective_key as key_before
    from with_effective_key c
    join with_effective_key l on l.steam_id = c.steam_id and l.n = c.n - 1
    where c.is_sent_connect
      and not c.is_connect
      and c.sent_key is distinct from l.effective_key
      and c.sent_key is not null
      and not exists (
        select
        from with_effective_key d
        where d.steam_id = c.steam_id
          and d.sent_key = l.effective_key
          and d.is_disconnect
          and d.n < c.n
      )
  ), edge as materialized (
    select l.*, (
        select max(o.n)
        from link o
        where o.steam_id = l.steam_id
          and o.key = l.key_before
          and o.n < l.n
          and not exists (
            select
            from with_effective_key c
            where c.steam_id = l.steam_id
              and c.sent_key = l.key_before
              and c.is_connect
              and c.n > o.n
              and c.n < l.n
          )
      ) as parent
    from link l
  ), root as (
    select steam_id, n, key, key_before as root_key
    from edge
    where parent is null
    union all
    select e.steam_id, e.n, e.key, r.root_key
    from root r
    join edge e on e.steam_id = r.steam_id and e.parent = r.n
  ), known as (
    select f.*, a.n is not null as is_alias,
      case when a.n is null then f.sent_key else a.root_key end as key,
      case when a.n is null then f.sent_start end as started_at
    from with_effective_key f
    left join lateral (
      select r.n, r.root_key
      from root r
      where r.steam_id = f.steam_id
        and r.key = f.sent_key
        and r.n <= f.n
        and not exists (
          select
          from with_effective_key c
          where c.steam_id = f.steam_id
            and c.sent_key = f.sent_key
            and c.is_connect
            and c.n > r.n
            and c.n <= f.n
        )
      order by r.n desc
      limit 1
    ) as a on true
  ), tracked as (
    select k.*,
      lag(k.key) over person as last_key,
      k.key is not null
        and k.key <> lag(k.key) over (partition by k.steam_id, k.key is null order by k.n)
        as is_other
    from known k
    window person as (partition by k.steam_id order by k.n)
  ), event as materialized (
    select k.*,
      -- The next event that ends any session, has another key, or is the own DISCONNECT; and the
      -- next event after which the presence is interrupted.
      min(k.n) filter (where k.is_connect or k.is_other or k.is_disconnect and k.key is null)
        over (partition by k.steam_id order by k.n desc
          rows between unbounded preceding and 1 preceding) as next_break,
      min(k.n) filter (where k.interrupted_reason is not null)
        over (partition by k.steam_id order by k.n desc rows unbounded preceding)
          as next_interruption,
      min(k.n) filter (where k.is_disconnect)
        over (partition by k.steam_id, k.key order by k.n desc
          rows between unbounded preceding and 1 preceding) as next_own,
      count(*) filter (where k.is_connect or k.key is not null or k.last_key is not null
          or k.after_disconnect or k.after_interruption)
        over (partition by k.steam_id order by k.n rows unbounded preceding) as segment
    from tracked k
  ), keyed as (
    select steam_id, key, min(occurred_at) as first_at, max(occurred_at) as last_at,
      coalesce(
        min(n) filter (where is_connect),
        min(n) filter (where not is_disconnect),
        case when bool_or(started_at is not null) then min(n) end
      ) as n,
      (array_agg(started_at order by n) filter (where started_at is not null))[1] as started_at,
      array_agg(distinct sent_key) filter (where is_alias) as other_session_ids,
      (array_agg(id order by n))[1] as first_id
    from event
    where key is not null
    group by steam_id, key
  ), found as (
    select k.*, o.id, o.occurred_at as opened_at, coalesce(k.started_at, o.occurred_at) as begun_at,
      case when o.is_disconnect then o.n else o.next_own end as own,
      o.next_break, o.next_interruption, k.started_at as sent_start
    from keyed k
    join event o on o.steam_id = k.steam_id and o.n = k.n
  ), exact as materialized (
    select f.steam_id, f.key, f.id, f.opened_at, f.begun_at,
      case
        when f.own is not null then x.occurred_at
        when x.n is null then last.occurred_at
        when x.n = f.next_break then x.occurred_at
        else x.interrupted_at
      end as ended_at,
      case
        when f.own is not null then 'disconnect'
        when x.n is null then 'open'
        when x.n = f.next_break
          then case when x.is_disconnect and x.key is null then 'disconnect' else 'reconnect' end
        else x.interrupted_reason
      end as reason,
      f.own is not null as is_exact, f.first_at, f.last_at, f.sent_start, f.other_session_ids,
      case
        when f.own is not null then f.own
        when x.n is null then 2147483647
        when x.n = f.next_break then x.n - 1
        else x.n
      end as covers_to
    from found f
    cross join last
    left join event x on x.steam_id = f.steam_id
      and x.n = coalesce(f.own, least(f.next_break, f.next_interruption))
  ), covered as (
    -- Events without a key during a session with one belong to it.
    select c.steam_id, c.n, c.segment, c.alias,
      max(c.covers_to) over (partition by c.steam_id order by c.occurred_at, c.rank, c.n
        rows unbounded preceding) >= c.n as is_covered,
      c.is_free
    from (
      select steam_id, occurred_at, rank, n, segment, case when is_alias then sent_key end as alias,
        null::bigint as covers_to, key is null and not is_disconnect as is_free
      from event
      union all
      select steam_id, least(begun_at, opened_at), 0, null, null, null, covers_to, false
      from exact
    ) as c
  ), loose as (
    select steam_id, max(n) as last_n,
      min(n) filter (where is_free and is_covered is not true) as n,
      array_agg(distinct alias) filter (where alias is not null) as other_session_ids
    from covered
    where n is not null
    group by steam_id, segment
  ), session as (
    select id, steam_id, key, begun_at, ended_at, reason, is_exact, opened_at, first_at, last_at,
      sent_start, other_session_ids
    from exact
    union all
    select o.id, l.steam_id, null, o.occurred_at, e.ended_at, e.reason, false, o.occurred_at,
      o.occurred_at, e.ended_at, null, l.other_session_ids
    from loose l
    join event o on o.steam_id = l.steam_id and o.n = l.n
    join event x on x.steam_id = l.steam_id and x.n = l.last_n
    cross join last
    cross join lateral (
      select
        case
          when x.is_disconnect then x.occurred_at
          when x.interrupted_reason is not null then x.interrupted_at
          else coalesce(x.next_at, last.occurred_at)
        end as ended_at,
        case
          when x.is_disconnect then 'disconnect'
          when x.interrupted_reason is not null then x.interrupted_reason
          when x.next_at is not null then 'reconnect'
          else 'open'
        end as reason
    ) as e
  )
  select 'session', 1, of_server, s.steam_id, s.id, s.key, coalesce(s.other_session_ids, '{}'),
    least(s.begun_at, s.ended_at), s.ended_at,
    case when s.is_exact then 'exact' else 'inferred' end, s.reason, s.opened_at,
    least(s.first_at, s.begun_at, s.ended_at), greatest(s.last_at, s.ended_at),
    case s.reason
      when 'open' then (select max(e.occurred_at) from event e where e.steam_id = s.steam_id)
    end,
    s.sent_start, null, null::boolean, null::timestamptz
  from session s
  union all
  select 'unmatched_end', 1, of_server, k.steam_id, k.first_id, k.key, null, null, null, null, null,
    null, k.first_at, k.last_at, null, null, null, null, null
  from keyed k
  where k.n is null
  union all
  select 'connect', 1, of_server, e.steam_id, e.id, null, null, null, null, null, null,
    e.occurred_at, null, null, null, null, e.mode, not e.is_map_change, e.map_since
  from event e
  where e.is_sent_connect;
end
$$;
