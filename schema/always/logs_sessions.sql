-- Brings the sessions of a server up to date with its events and heartbeats; returns how many
-- people were looked at. Only what marked hours may have changed is derived anew, from where nobody
-- concerned had a session open.
--
-- Who reads sessions settles first: marks are few while nothing is imported.
--
-- Over 300 lines, for sessions are derived by one statement, whose steps need those before them.
create or replace function logs.settle(of_server text) returns bigint
language plpgsql
as $$
declare
  marks logs.unsettled[];
  people bigint;
begin
  if not exists (select from logs.unsettled where server_id = of_server) then
    return 0;
  end if;
  -- Only one at a time may take marks away. Each statement from here on sees what the one before
  -- this one left.
  perform pg_advisory_xact_lock(hashtextextended(of_server, 20260303));
  select array_agg(u) into marks from logs.unsettled u where u.server_id = of_server;
  if marks is null then
    return 0;
  end if;
  people := logs.derive_sessions(of_server, marks);
  -- A mark that is being raised just now stays, whoever raises it need not be waited for.
  delete from logs.unsettled
  where server_id = of_server
    and hour = any (array(
      select hour
      from logs.unsettled
      where server_id = of_server
        and (hour, version) in (select m.hour, m.version from unnest(marks) as m)
      for update skip locked
    ));
  return people;
end
$$;

-- The same for all servers, in one order, so that two never wait for each other crosswise.
create or replace function logs.settle() returns bigint
language plpgsql
as $$
declare
  one text;
  people bigint := 0;
begin
  for one in select distinct server_id from logs.unsettled order by server_id loop
    people := people + logs.settle(one);
  end loop;
  return people;
end
$$;

-- The sessions that marked hours may have changed, derived from raw rows and written where they
-- differ from what is kept. Everything is in the order of time; at equal times heartbeats come
-- first, then CONNECT, others by their id, and DISCONNECT.
create or replace function logs.derive_sessions(of_server text, marks logs.unsettled[])
returns bigint
language plpgsql
as $$
declare
  people bigint;
  -- What began earlier stays as it is: raw rows of it are gone, or about to go.
  bottom timestamptz := rollups.horizon('logs.hours') - interval '48 hours';
begin
  with recursive mark as (
    select m.hour, m.is_beat
    from unnest(marks) as m
  ), fresh as materialized (
    select e.steam_id, e.session_id, min(m.hour) as hour, min(e.started_at) as started_at
    from mark m
    -- Hour by hour, each by the index of time: a join would read all of the server.
    cross join lateral (
      select steam_id, session_id,
        min(logs.session_start(at, session_id, metadata)) as started_at
      from logs.events
      where server_id = of_server
        and at >= m.hour
        and at < m.hour + interval '1 hour'
        and second >= m.hour - interval '10 minutes'
        and steam_id is not null
      group by steam_id, session_id
    ) as e
    where logs.is_person(e.steam_id)
    group by e.steam_id, e.session_id
  ),
  -- From when on each person is to be looked at anew: from a marked event, …
  begun as (
    select steam_id, least(hour, started_at) as since
    from fresh
    union all
    -- … a session that one may prolong, or end later, …
    select s.steam_id, s.first_at
    from fresh f
    join logs.sessions s on s.server_id = of_server
      and s.steam_id = f.steam_id
      and (s.last_at >= f.hour - interval '6 hours' or s.session_id = f.session_id)
      and s.first_at >= bottom
    union all
    -- … or one in which the server may have been silent, or is not any more.
    select s.steam_id, s.first_at
    from mark m
    join logs.sessions s on s.server_id = of_server
      and s.opened_at < m.hour + case when m.is_beat then interval '25 hours' else '1 hour' end
      and (s.last_at >= m.hour - interval '30 minutes' or s.reason = 'open')
      and s.first_at >= bottom
  ), cut as (
    select steam_id, min(since) as since
    from begun
    group by steam_id
    union
    select s.steam_id, s.first_at
    from cut c
    join logs.sessions s on s.server_id = of_server
      and s.steam_id = c.steam_id
      and s.first_at < c.since
      and s.first_at >= bottom
      and s.last_at >= c.since
  ), target as materialized (
    select steam_id, min(since) as since
    from cut
    group by steam_id
  ), first as materialized (
    select date_trunc('hour', min(since), 'UTC') as hour
    from target
  ),
  -- Signs of life. Two of one slot of five minutes are never a silence apart.
  slot as (
    select min(s.first_at) as first_at, max(s.last_at) as last_at
    from (
      select hour, slot, first_at, last_at
      from logs.signs
      where server_id = of_server
        and hour >= (select hour from first)
      union all
      select at, time_bucket('5 minutes', at), at, at
      from logs.heartbeats
      where server_id = of_server
        and at >= (select hour from first)
    ) as s
    group by s.slot
  ), pause as (
    select last_at as at, lead(first_at) over (order by first_at) as until
    from slot
  ), stop as materialized (
    select row_number() over (order by b.at, b.rank) as number, b.at, b.rank, b.reason
    from (
      select p.at, 9 as rank, 'timeout' as reason
      from pause p
      where p.until > p.at + interval '300 seconds'
        and (p.until > p.at + interval '1800 seconds' or exists (
          select
          from logs.heartbeats h
          where h.server_id = of_server
            and h.at >= p.at - interval '24 hours'
            and h.at <= p.at
        ))
      union all
      select at, 0, 'empty'
      from logs.heartbeats
      where server_id = of_server
        and players = 0
        and at >= (select hour from first)
    ) as b
  ), last as materialized (
    select max(last_at) as at
    from slot
  ), own as (
    select e.steam_id, e.id, e.at, e.session_id as key, logs.session_start(e.at, e.session_id, e.metadata) as started_at,
      e.type = 'CONNECT' as is_connect, e.type = 'DISCONNECT' as is_disconnect,
      case e.type when 'CONNECT' then 1 when 'DISCONNECT' then 3 else 2 end as rank
    from target t
    join logs.events e on e.server_id = of_server
      and e.steam_id = t.steam_id
      and e.at >= t.since
    where e.at >= (select hour from first)
      and e.second >= (select hour from first) - interval '10 minutes'
      and not e.metadata @> '{"ambiguous": true}'
  ), line as (
    -- The stops before an event tell which is the next one after it.
    select b.*, count(*) filter (where b.steam_id is null)
      over (order by b.at, b.rank, b.id rows unbounded preceding) as stops
    from (
      select steam_id, id, at, key, started_at, is_connect, is_disconnect, rank
      from own
      union all
      select null, null, at, null, null, null, null, rank
      from stop
    ) as b
  ), step as (
    select l.*, row_number() over person as n, lead(l.at) over person as next_at,
      lead(l.stops) over person as next_stops
    from line l
    where l.steam_id is not null
    window person as (partition by l.steam_id order by l.at, l.rank, l.id)
  ), torn as (
    -- What ends any session between an event of the person and the next.
    select s.*,
      case when e.is_idle then 'idle' else b.reason end as torn_reason,
      case when e.is_idle then s.at else b.at end as torn_at
    from step s
    cross join last
    left join stop b on b.number = s.stops + 1
      and (s.next_at is null or s.next_stops > s.stops)
    cross join lateral (
      select coalesce(s.next_at, last.at) >= s.at + interval '6 hours'
        and (b.at is null or b.at >= s.at + interval '6 hours') as is_idle
    ) as e
  ), known as (
    select t.*,
      lag(t.key) over person as last_key,
      lag(t.is_disconnect) over person as after_disconnect,
      lag(t.torn_reason) over person is not null as after_tear,
      t.key is not null
        and t.key <> lag(t.key) over (partition by t.steam_id, t.key is null order by t.n)
        as is_other
    from torn t
    window person as (partition by t.steam_id order by t.n)
  ), event as materialized (
    select k.*,
      -- The next event that ends any session, has another key, or is the own DISCONNECT; and the
      -- next event after which the line is torn.
      min(k.n) filter (where k.is_connect or k.is_other or k.is_disconnect and k.key is null)
        over (partition by k.steam_id order by k.n desc
          rows between unbounded preceding and 1 preceding) as next_break,
      min(k.n) filter (where k.torn_reason is not null)
        over (partition by k.steam_id order by k.n desc rows unbounded preceding) as next_tear,
      min(k.n) filter (where k.is_disconnect)
        over (partition by k.steam_id, k.key order by k.n desc
          rows between unbounded preceding and 1 preceding) as next_own,
      count(*) filter (where k.is_connect or k.key is not null or k.last_key is not null
          or k.after_disconnect or k.after_tear)
        over (partition by k.steam_id order by k.n rows unbounded preceding) as segment
    from known k
  ), keyed as (
    select steam_id, key, min(at) as first_at, max(at) as last_at,
      coalesce(
        min(n) filter (where is_connect),
        min(n) filter (where not is_disconnect),
        case when bool_or(started_at is not null) then min(n) end
      ) as n,
      (array_agg(started_at order by n) filter (where started_at is not null))[1] as started_at
    from event
    where key is not null
    group by steam_id, key
  ), found as (
    select k.*, o.id, o.at as opened_at, coalesce(k.started_at, o.at) as begun_at,
      case when o.is_disconnect then o.n else o.next_own end as own,
      o.next_break, o.next_tear
    from keyed k
    join event o on o.steam_id = k.steam_id and o.n = k.n
  ), exact as materialized (
    select f.steam_id, f.key, f.id, f.opened_at, f.begun_at,
      case
        when f.own is not null then x.at
        when x.n is null then last.at
        when x.n = f.next_break then x.at
        else x.torn_at
      end as ended_at,
      case
        when f.own is not null then 'disconnect'
        when x.n is null then 'open'
        when x.n = f.next_break
          then case when x.is_disconnect and x.key is null then 'disconnect' else 'reconnect' end
        else x.torn_reason
      end as reason,
      f.own is not null as is_exact, f.first_at, f.last_at,
      case
        when f.own is not null then f.own
        when x.n is null then 2147483647
        when x.n = f.next_break then x.n - 1
        else x.n
      end as covers_to
    from found f
    cross join last
    left join event x on x.steam_id = f.steam_id
      and x.n = coalesce(f.own, least(f.next_break, f.next_tear))
  ), covered as (
    -- Events without a key during a session with one belong to it.
    select c.steam_id, c.n, c.segment,
      max(c.covers_to) over (partition by c.steam_id order by c.at, c.rank, c.n
        rows unbounded preceding) >= c.n as is_covered,
      c.is_free
    from (
      select steam_id, at, rank, n, segment, null::bigint as covers_to,
        key is null and not is_disconnect as is_free
      from event
      union all
      select steam_id, least(begun_at, opened_at), 0, null, null, covers_to, false
      from exact
    ) as c
  ), loose as (
    select steam_id, max(n) as last_n,
      min(n) filter (where is_free and is_covered is not true) as n
    from covered
    where n is not null
    group by steam_id, segment
  ), session as materialized (
    select id, steam_id, key, begun_at, ended_at, reason, is_exact, opened_at, first_at, last_at
    from exact
    union all
    select o.id, l.steam_id, null, o.at, e.ended_at, e.reason, false, o.at, o.at, e.ended_at
    from loose l
    join event o on o.steam_id = l.steam_id and o.n = l.n
    join event x on x.steam_id = l.steam_id and x.n = l.last_n
    cross join last
    cross join lateral (
      select
        case
          when x.is_disconnect then x.at
          when x.torn_reason is not null then x.torn_at
          else coalesce(x.next_at, last.at)
        end as ended_at,
        case
          when x.is_disconnect then 'disconnect'
          when x.torn_reason is not null then x.torn_reason
          when x.next_at is not null then 'reconnect'
          else 'open'
        end as reason
    ) as e
  ), new as materialized (
    select id, steam_id, key, least(begun_at, ended_at) as started_at, ended_at,
      case when is_exact then 'exact' else 'inferred' end as method, reason, opened_at,
      least(first_at, begun_at, ended_at) as first_at, greatest(last_at, ended_at) as last_at
    from session
  ), part as materialized (
    select h.hour, s.id as session, s.steam_id, p.since, p.until,
      floor(extract(epoch from p.until - s.started_at))::integer
        - floor(extract(epoch from p.since - s.started_at))::integer as seconds,
      p.since = s.started_at as is_start, s.method = 'exact' as is_exact
    from new s
    cross join lateral generate_series(
      date_trunc('hour', s.started_at, 'UTC'),
      greatest(s.started_at, s.ended_at - interval '1 microsecond'),
      interval '1 hour'
    ) as h (hour)
    cross join lateral (
      select greatest(s.started_at, h.hour) as since,
        least(s.ended_at, h.hour + interval '1 hour') as until
    ) as p
    where h.hour >= rollups.horizon('logs.played')
  ), old as materialized (
    select s.id
    from target t
    join logs.sessions s on s.server_id = of_server
      and s.steam_id = t.steam_id
      and s.first_at >= t.since
  ), removed as (
    delete from logs.sessions s
    using old o
    where s.id = o.id
      and not exists (select from new where new.id = s.id)
  ), emptied as (
    delete from logs.played p
    using old o
    where p.session = o.id
      and p.hour >= (select hour from first)
      and p.hour >= rollups.horizon('logs.played')
      and not exists (select from part where part.session = p.session and part.hour = p.hour)
  ), kept as (
    insert into logs.sessions as s
      (id, server_id, steam_id, session_id, started_at, ended_at, method, reason, opened_at,
       first_at, last_at)
    select id, of_server, steam_id, key, started_at, ended_at, method, reason, opened_at, first_at,
      last_at
    from new
    on conflict (id) do update
    set session_id = excluded.session_id,
      started_at = excluded.started_at,
      ended_at = excluded.ended_at,
      method = excluded.method,
      reason = excluded.reason,
      opened_at = excluded.opened_at,
      first_at = excluded.first_at,
      last_at = excluded.last_at
    where (s.session_id, s.started_at, s.ended_at, s.method, s.reason, s.first_at, s.last_at)
      is distinct from (excluded.session_id, excluded.started_at, excluded.ended_at,
        excluded.method, excluded.reason, excluded.first_at, excluded.last_at)
  ), filled as (
    -- What is as it was is not written, so that it dirties no rollup.
    insert into logs.played as p
      (hour, session, server_id, steam_id, since, until, seconds, is_start, is_exact)
    select hour, session, of_server, steam_id, since, until, seconds, is_start, is_exact
    from part
    on conflict (session, hour) do update
    set since = excluded.since,
      until = excluded.until,
      seconds = excluded.seconds,
      is_start = excluded.is_start,
      is_exact = excluded.is_exact
    where (p.since, p.until, p.seconds, p.is_start, p.is_exact)
      is distinct from (excluded.since, excluded.until, excluded.seconds, excluded.is_start,
        excluded.is_exact)
  )
  select count(*) into people
  from target;
  return people;
end
$$;
