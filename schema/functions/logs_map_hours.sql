-- The maps of the hours that changes report, merged with what is stored. What comes in order, or
-- reports nothing new, needs no look at raw rows; other hours are recomputed.
create or replace function logs.merge_map_hours(changes logs.change_queue[])
returns table (
  hour timestamptz, server_id text, mode text, maps text[], last_at timestamptz, last_rank integer,
  last_id uuid
)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  none constant uuid := '00000000-0000-0000-0000-000000000000';
begin
  return query
  with report as (
    select date_trunc('hour', c.occurred_at, 'UTC') as hour, c.server_id,
      coalesce(c.mode, s.mode) as mode, c.occurred_at, (c.id is not null)::integer as rank,
        coalesce(c.id, none) as id, c.map
    from unnest(changes) as c
    left join logs.servers s on s.id = c.server_id and c.id is null
    where c.map is not null
      and (c.id is not null or s.id is not null)
  ), reported as (
    select hour, server_id, mode, logs.runs(map order by occurred_at, rank, id) as maps,
      (array_agg(row(occurred_at, rank, id)::logs.map_report order by occurred_at, rank, id))[1]
        as first_report,
      (array_agg(row(occurred_at, rank, id)::logs.map_report order by occurred_at desc, rank desc,
       id desc))[1]
        as last_report
    from report
    group by hour, server_id, mode
  ), known as (
    select f.*,
      case
        when k.hour is null then f.last_report
        else greatest(f.last_report, row(k.last_at, k.last_rank, k.last_id)::logs.map_report)
      end as newest_report,
      case
        when k.hour is null then f.maps
        when f.first_report > row(k.last_at, k.last_rank, k.last_id)::logs.map_report
          then k.maps || case
            when k.maps[cardinality(k.maps)] = f.maps[1] then f.maps[2:]
            else f.maps
          end
        when k.maps = f.maps and cardinality(f.maps) = 1 then k.maps
      end as all_maps
    from reported f
    left join logs.map_hours k on k.hour = f.hour
      and k.server_id = f.server_id
      and k.mode = f.mode
      and not k.is_stale
  )
  select k.hour, k.server_id, k.mode, coalesce(k.all_maps, r.maps), (k.newest_report).occurred_at,
    (k.newest_report).rank, (k.newest_report).id
  from known k
  left join lateral (
    select logs.runs(map order by occurred_at, rank, id) as maps
    from (
      select e.occurred_at, 1 as rank, e.id, e.map
      from logs.events e
      where e.server_id = k.server_id
        and e.mode = k.mode
        and e.map is not null
        and e.occurred_at >= k.hour
        and e.occurred_at < k.hour + interval '1 hour'
        and e.sent_at >= k.hour - interval '10 minutes'
        and k.all_maps is null
      union all
      select h.occurred_at, 0, none, h.map
      from logs.heartbeats h
      join logs.servers s on s.id = h.server_id and s.mode = k.mode
      where h.server_id = k.server_id
        and h.map is not null
        and h.occurred_at >= k.hour
        and h.occurred_at < k.hour + interval '1 hour'
        and k.all_maps is null
    ) as seen
  ) as r on true;
end
$$;

-- The maps of hours from one on. A server whose mode was changed is read from the rollup until the
-- rereported has written its hours again.
create or replace function logs.list_map_hours(since timestamptz)
returns table (hour timestamptz, server_id text, mode text, maps text[])
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  stale text[] := array(select distinct k.server_id from logs.map_hours k where k.is_stale);
begin
  return query
  with changed as materialized (
    select c.hour, c.server_id, c.mode, c.maps
    from logs.merge_map_hours(array(select c from logs.change_queue c)) as c
  )
  select c.hour, c.server_id, c.mode, c.maps
  from changed c
  where c.hour >= since
    and c.server_id <> all (stale)
  union all
  select k.hour, k.server_id, k.mode, k.maps
  from logs.map_hours k
  where k.hour >= since
    and k.server_id <> all (stale)
    and not exists (
      select
      from changed c
      where c.hour = k.hour
        and c.server_id = k.server_id
        and c.mode = k.mode
    );
  if stale <> '{}' then
    return query
    select m.hour, m.server_id, m.mode, m.maps
    from logs.maps m
    where m.hour >= since
      and m.server_id = any (stale);
  end if;
end
$$;

-- Writes the hours of servers whose mode was changed again; of all servers with `every`.
create or replace function logs.rebuild_map_hours(every boolean) returns void
language plpgsql
as $$
declare
  stale text[] := array(
    select distinct server_id
    from logs.map_hours
    where is_stale
      or every
  );
  since timestamptz := date_trunc('hour', now(), 'UTC') - interval '768 hours';
begin
  delete from logs.map_hours
  where server_id = any (stale)
    or every
    or hour < since;
  if stale <> '{}' or every then
    insert into logs.map_hours (hour, server_id, mode, maps, last_at, last_rank, last_id)
    select hour, server_id, mode, maps, hour + interval '1 hour', 0,
      '00000000-0000-0000-0000-000000000000'
    from logs.maps
    where hour >= since
      and (every or server_id = any (stale));
  end if;
end
$$;
