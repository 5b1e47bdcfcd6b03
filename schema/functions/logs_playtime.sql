-- Whole seconds of a session from one moment to another, both cut to it: parts of a session,
-- however it is cut, add up to its own seconds.
create or replace function logs.overlap_seconds(
  started_at timestamptz,
  ended_at timestamptz,
  since timestamptz,
  until timestamptz
) returns integer
language sql
immutable
parallel safe
as $$
  select case
    when isfinite(started_at) and isfinite(ended_at) then greatest(0,
      floor(date_part('epoch', least(greatest(until, started_at), ended_at) - started_at))
      - floor(date_part('epoch', least(greatest(since, started_at), ended_at) - started_at))
    )
    else 0
  end::integer
$$;

-- By how many seconds the union of each person's sessions differs from what is kept. It is counted
-- by the hour, as the rollup logs.person_days does: what lies over each other there counts once.
create or replace function logs.diff_playtime(diffs logs.session_diff[])
returns table (steam_id text, seconds bigint)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  bottom timestamptz := rollups.retained_from('logs.session_hours');
begin
  return query
  with every as materialized (
    select p.sign, p.steam_id, p.id, p.started_at, p.ended_at
    from unnest(diffs) as p
    where p.kind = 'session'
  ), differing as materialized (
    -- Of a session that only ends otherwise nothing else differs.
    select steam_id, id, min(started_at) as started_at, min(ended_at) as ended_at,
      max(ended_at) as until, count(*) = 2 and min(started_at) = max(started_at) as is_end,
      sum(sign * logs.overlap_seconds(started_at, ended_at, bottom, 'infinity')) as seconds,
      count(*) over (partition by steam_id) as sessions,
      case
        when count(*) = 2 and min(started_at) = max(started_at) then min(ended_at)
        else min(started_at)
      end as occurred_at
    from every
    group by steam_id, id
  ), alone as materialized (
    -- Nearly all: one session is longer by now, and no other lies where it does.
    select d.steam_id, d.seconds
    from differing d
    where d.is_end
      and d.sessions = 1
      and not exists (
        select
        from logs.sessions o
        where o.steam_id = d.steam_id
          and o.ended_at > greatest(d.started_at, date_trunc('hour', d.ended_at, 'UTC'))
          and o.id <> d.id
      )
  ), play as materialized (
    select *
    from every
    where steam_id not in (select steam_id from alone)
  ), person as materialized (
    select steam_id, greatest(date_trunc('hour', min(occurred_at), 'UTC'), bottom) as hour
    from differing
    where steam_id not in (select steam_id from alone)
    group by steam_id
  ), kept as materialized (
    select s.steam_id, s.id, s.started_at, s.ended_at
    from person p
    join logs.sessions s on s.steam_id = p.steam_id
      and s.ended_at >= p.hour
  ), side as (
    select -1 as sign, steam_id, started_at, ended_at
    from kept
    union all
    select 1, k.steam_id, k.started_at, k.ended_at
    from kept k
    where k.id not in (select id from play where sign = -1)
    union all
    select 1, steam_id, started_at, ended_at
    from play
    where sign = 1
  ), part as (
    select s.sign, s.steam_id, h.hour, p.since, p.until,
      logs.overlap_seconds(s.started_at, s.ended_at, p.since, p.until) as seconds
    from side s
    join person n on n.steam_id = s.steam_id
    cross join lateral generate_series(
      greatest(date_trunc('hour', s.started_at, 'UTC'), n.hour),
      greatest(s.started_at, s.ended_at - interval '1 microsecond'),
      interval '1 hour'
    ) as h (hour)
    cross join lateral (
      select greatest(s.started_at, h.hour) as since,
        least(s.ended_at, h.hour + interval '1 hour') as until
    ) as p
  ), edge as (
    select p.*, max(until) over (partition by sign, steam_id, hour order by since, until
        rows between unbounded preceding and 1 preceding) as until_before
    from part p
  ), island as (
    select e.*, count(*) filter (where until_before is null or since >= until_before)
        over (partition by sign, steam_id, hour order by since, until
          rows unbounded preceding) as island
    from edge e
  ), whole as (
    select sign, steam_id,
      case count(*)
        when 1 then min(seconds)
        else floor(date_part('epoch', max(until) - min(since)))
      end as seconds
    from island
    group by sign, steam_id, hour, island
  )
  select w.steam_id, sum(w.sign * w.seconds)::bigint
  from whole w
  group by w.steam_id
  having sum(w.sign * w.seconds) <> 0
  union all
  select a.steam_id, a.seconds::bigint
  from alone a
  where a.seconds <> 0;
end
$$;

-- How long a person played on each UTC day from one on, on all servers together, and how many
-- sessions began that day: of days whose sessions are gone as the rollup has it.
create or replace function logs.list_playtime_days(
  of_person text,
  from_day timestamptz,
  diffs logs.session_diff[]
) returns table (day timestamptz, seconds bigint, sessions bigint)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  since timestamptz := greatest(from_day, rollups.retained_from('logs.session_hours'));
begin
  return query
  with session as (
    select s.id, s.started_at, s.ended_at
    from logs.sessions s
    where s.steam_id = of_person
      and s.ended_at >= since
      and not exists (
        select
        from unnest(diffs) as p
        where p.kind = 'session'
          and p.sign = -1
          and p.id = s.id
      )
    union all
    select p.id, p.started_at, p.ended_at
    from unnest(diffs) as p
    where p.kind = 'session'
      and p.sign = 1
      and p.ended_at >= since
  ), part as (
    select h.hour, s.id, p.since, p.until, p.since = s.started_at as is_start,
      logs.overlap_seconds(s.started_at, s.ended_at, p.since, p.until) as seconds
    from session s
    cross join lateral generate_series(
      greatest(date_trunc('hour', s.started_at, 'UTC'), since),
      greatest(s.started_at, s.ended_at - interval '1 microsecond'),
      interval '1 hour'
    ) as h (hour)
    cross join lateral (
      select greatest(s.started_at, h.hour) as since,
        least(s.ended_at, h.hour + interval '1 hour') as until
    ) as p
  ), edge as (
    select p.*, max(until) over (partition by hour order by since, until
        rows between unbounded preceding and 1 preceding) as until_before
    from part p
  ), island as (
    select e.*, count(*) filter (where until_before is null or since >= until_before)
        over (partition by hour order by since, until rows unbounded preceding) as island
    from edge e
  ), whole as (
    select hour, count(*) filter (where is_start) as sessions,
      case count(*)
        when 1 then min(seconds)
        else floor(extract(epoch from max(until) - min(since)))
      end as seconds
    from island
    group by hour, island
  )
  select date_trunc('day', hour, 'UTC'), sum(seconds)::bigint, sum(sessions)::bigint
  from whole
  group by 1
  union all
  select d.day, d.seconds, d.sessions
  from logs.person_days d
  where d.steam_id = of_person
    and d.day >= from_day
    and d.day < since;
end
$$;
