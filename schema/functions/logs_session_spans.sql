-- Step 1 of 3 from changes to sessions, the affected spans (step 2: logs_session_derive.sql, step
-- 3: logs_session_diff.sql): whose sessions may differ now, and from when until when. Most events
-- affect nobody: they come in order, within an open session that they agree with.
--
-- A span begins where nothing of the person there was open, and ends where nothing goes on: where
-- six hours pass without an event of theirs. With `of_person` only theirs is looked for.
create or replace function logs.find_affected_spans(changes logs.change_queue[], of_person text)
returns table (server_id text, steam_id text, since timestamptz, until timestamptz)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  -- What began earlier stays as it is: raw rows of it are gone, or about to go.
  bottom timestamptz := rollups.retained_from('logs.event_hours') - interval '48 hours';
begin
  return query
  with recursive change as materialized (
    select c.*
    from unnest(changes) as c
  ), own as materialized (
    select c.server_id, c.steam_id, c.occurred_at, c.session_id, c.started_at
    from change c
    left join logs.sessions s on s.server_id = c.server_id
      and s.steam_id = c.steam_id
      and s.reason = 'open'
      and c.type not in ('CONNECT', 'DISCONNECT')
      and c.occurred_at > s.opened_at
      and c.occurred_at < s.last_event_at + interval '6 hours'
      and (c.session_id is null or c.session_id = s.session_id
        or c.session_id = any (s.other_session_ids))
      and (c.started_at is null or s.sent_start is not null and c.occurred_at > s.last_event_at)
    where c.id is not null
      and not c.is_ambiguous
      and logs.is_person(c.steam_id)
      and (of_person is null or c.steam_id = of_person)
      and s.id is null
  ),
  -- Signs of life that were not known, each between the known ones before and after it.
  sign as (
    select server_id, time_bucket('5 minutes', occurred_at) as slot, min(occurred_at) as first_at,
      max(occurred_at) as last_at
    from change
    group by server_id, slot
  ), new_slot as materialized (
    select s.*
    from sign s
    left join logs.liveness_slots k on k.server_id = s.server_id and k.slot = s.slot
    where k.slot is null
      or s.first_at < k.first_at
      or s.last_at > k.last_at
  ), beat as materialized (
    select server_id, occurred_at
    from change
    where id is null
  ), waiting as materialized (
    select server_id, occurred_at
    from beat
    union
    -- What is queued beside these changes counted for nothing that is kept, either.
    select server_id, occurred_at
    from logs.change_queue
    where id is null
  ), near as materialized (
    select n.server_id, n.slot, n.first_at, n.last_at
    from new_slot f
    cross join lateral (
      (
        select k.server_id, k.slot, k.first_at, k.last_at
        from logs.liveness_slots k
        where k.server_id = f.server_id
          and k.slot <= f.slot
        order by k.slot desc
        limit 2
      )
      union all
      (
        select k.server_id, k.slot, k.first_at, k.last_at
        from logs.liveness_slots k
        where k.server_id = f.server_id
          and k.slot > f.slot
        order by k.slot
        limit 1
      )
    ) as n
    union
    -- A heartbeat makes a server one that is missed sooner, for a day.
    select k.server_id, k.slot, k.first_at, k.last_at
    from beat b
    join logs.liveness_slots k on k.server_id = b.server_id
      and k.slot >= b.occurred_at - interval '35 minutes'
      and k.slot <= b.occurred_at + interval '25 hours'
  ), before as (
    select server_id, last_at as occurred_at,
      lead(first_at) over (partition by server_id order by slot) as until
    from near
  ), after as (
    select server_id, max(last_at) as occurred_at,
      lead(min(first_at)) over (partition by server_id order by slot) as until
    from (
      select server_id, slot, first_at, last_at
      from near
      union all
      select server_id, slot, first_at, last_at
      from new_slot
    ) as both_of
    group by server_id, slot
  ), pause as materialized (
    select p.server_id, p.occurred_at, p.is_early,
      p.until > p.occurred_at + interval '1800 seconds' as is_long
    from (
      -- What is queued may have been looked at before its turn: before is with it and without.
      select server_id, occurred_at, until, true as is_early
      from before
      union all
      select server_id, occurred_at, until, false
      from before
      union all
      select server_id, occurred_at, until, false
      from after
    ) as p
    where p.until > p.occurred_at + interval '300 seconds'
  ), silence as (
    select p.server_id, p.occurred_at
    from pause p
    where p.is_long
      or exists (
        select
        from logs.heartbeats h
        where h.server_id = p.server_id
          and h.occurred_at >= p.occurred_at - interval '24 hours'
          and h.occurred_at <= p.occurred_at
          and not (p.is_early and exists (
            select
            from waiting w
            where w.server_id = h.server_id
              and w.occurred_at = h.occurred_at
          ))
      )
  ), stop as (
    select server_id, occurred_at
    from silence
    group by server_id, occurred_at
    having count(*) < 3
    union all
    select server_id, occurred_at
    from change
    where id is null
      and players = 0
  ),
  -- A report of a map may make a CONNECT after it a connection, or the other way round.
  map as (
    select distinct k.server_id, k.steam_id, k.occurred_at
    from change c
    join logs.connects k on k.server_id = c.server_id
      and k.occurred_at >= c.occurred_at
      and k.occurred_at <= c.occurred_at + interval '25 hours'
      and k.map_since <= c.occurred_at
    where c.map is not null
      or c.is_map_change
  ), touch as (
    select server_id, steam_id, least(occurred_at, started_at) as since, occurred_at as until
    from own
    union all
    -- Sessions with the same key, wherever they are, …
    select s.server_id, s.steam_id, s.first_at, s.last_at
    from own o
    join logs.sessions s on s.server_id = o.server_id
      and s.steam_id = o.steam_id
      and s.session_id = o.session_id
      and s.first_at >= bottom
    union all
    select s.server_id, s.steam_id, s.first_at, s.last_at
    from own o
    join logs.sessions s on s.server_id = o.server_id
      and s.steam_id = o.steam_id
      and s.other_session_ids <> '{}'
      and o.session_id = any (s.other_session_ids)
      and s.first_at >= bottom
    union all
    select x.server_id, x.steam_id, x.first_at, x.last_at
    from own o
    join logs.unmatched_ends x on x.server_id = o.server_id
      and x.steam_id = o.steam_id
      and x.session_id = o.session_id
      and x.first_at >= bottom
    union all
    -- … one that the event lies in, or keeps from being idle, …
    select s.server_id, s.steam_id, s.first_at, o.occurred_at
    from own o
    join logs.sessions s on s.server_id = o.server_id
      and s.steam_id = o.steam_id
      and s.first_at <= o.occurred_at
      and s.first_at >= bottom
      and (s.last_at >= o.occurred_at or s.reason = 'open'
        or s.reason = 'idle' and s.last_at >= o.occurred_at - interval '6 hours')
    union all
    -- … and those in which the server may have been silent, or is not any more.
    select s.server_id, s.steam_id, s.first_at, x.occurred_at
    from stop x
    join logs.sessions s on s.server_id = x.server_id
      and s.first_at <= x.occurred_at
      and s.first_at >= bottom
      and (s.last_at >= x.occurred_at or s.reason = 'open'
        or s.reason = 'idle' and s.last_at >= x.occurred_at - interval '6 hours')
    where of_person is null
      or s.steam_id = of_person
    union all
    select server_id, steam_id, occurred_at, occurred_at
    from map
    where of_person is null
      or steam_id = of_person
  ), begun as (
    select server_id, steam_id, min(since) as since
    from touch
    group by server_id, steam_id
    union
    select s.server_id, s.steam_id, s.first_at
    from begun b
    join logs.sessions s on s.server_id = b.server_id
      and s.steam_id = b.steam_id
      and s.first_at < b.since
      and s.first_at >= bottom
      and (s.last_at >= b.since or s.reason = 'open')
  ), over as (
    select server_id, steam_id, max(until) as until
    from touch
    group by server_id, steam_id
    union
    select s.server_id, s.steam_id,
      case s.reason when 'open' then 'infinity' else s.last_at end
    from over o
    join logs.sessions s on s.server_id = o.server_id
      and s.steam_id = o.steam_id
      and s.first_at < o.until + interval '6 hours'
      and (s.last_at > o.until or s.reason = 'open' and o.until < 'infinity')
  )
  -- Put together without a join: each side may be of thousands, and the planner expects ten.
  select p.server_id, p.steam_id, p.since, coalesce(n.first_at, 'infinity')
  from (
    select b.server_id, b.steam_id, min(b.since) as since, max(b.until) as until
    from (
      select server_id, steam_id, since, null::timestamptz as until
      from begun
      union all
      select server_id, steam_id, null, until
      from over
    ) as b
    group by b.server_id, b.steam_id
  ) as p
  left join lateral (
    select min(s.first_at) as first_at
    from logs.sessions s
    where s.server_id = p.server_id
      and s.steam_id = p.steam_id
      and s.first_at >= p.until + interval '6 hours'
  ) as n on true;
end
$$;

-- Spans in batches of up to 200, each of one server.
create or replace function logs.batch_spans(
  server_ids text[],
  steam_ids text[],
  span_starts timestamptz[],
  span_ends timestamptz[]
) returns table (
  server_id text, steam_ids text[], span_starts timestamptz[], span_ends timestamptz[]
)
language sql
stable
as $$
  select server_id, array_agg(steam_id), array_agg(since), array_agg(until)
  from (
    select server_id, steam_id, since, until,
      row_number() over (partition by server_id order by steam_id) / 200 as batch
    from unnest(server_ids, steam_ids, span_starts, span_ends)
      as s (server_id, steam_id, since, until)
  ) as numbered
  group by server_id, batch
  order by server_id, batch
$$;
