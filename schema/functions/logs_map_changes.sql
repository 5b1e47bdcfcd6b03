-- Whether a server changed its map after an event and up to a CONNECT: it reports another map than
-- before, or a MAP_CHANGE. Reports of a map count for that from `since` on.
create or replace function logs.detect_map_change(
  of_server text,
  prior_at timestamptz,
  prior_rank integer,
  prior_id uuid,
  connect_at timestamptz,
  connect_id uuid
) returns table (is_changed boolean, since timestamptz)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  maps text[];
begin
  is_changed := false;
  since := prior_at;
  with report as (
    select e.occurred_at,
      case e.type when 'CONNECT' then 1 when 'DISCONNECT' then 3 else 2 end as rank, e.id, e.map,
      e.type = 'GAME_EVENT' and e.metadata @> '{"eventKind": "MAP_CHANGE"}' as is_change
    from logs.events e
    where e.server_id = of_server
      and e.occurred_at between prior_at and connect_at
      and e.sent_at >= prior_at - interval '10 minutes'
      and (e.map is not null or e.type = 'GAME_EVENT')
    union all
    select h.occurred_at, 0, '00000000-0000-0000-0000-000000000000', h.map, false
    from logs.heartbeats h
    where h.server_id = of_server
      and h.occurred_at between prior_at and connect_at
      and h.map is not null
  )
  select case
      when bool_or(s.is_change) then array[null, null]::text[]
      else array_agg(distinct s.map) filter (where s.map is not null)
    end
  into maps
  from report s
  where (s.occurred_at, s.rank, s.id) > (prior_at, prior_rank, prior_id)
    and (s.occurred_at, s.rank, s.id) <= (connect_at, 1, connect_id);
  if cardinality(maps) > 1 then
    is_changed := true;
  elsif cardinality(maps) = 1 then
    -- One map is reported: it is another one if the last reported before it differs.
    select s.map <> maps[1], s.occurred_at
    into is_changed, since
    from (
      (
        select e.occurred_at,
          case e.type when 'CONNECT' then 1 when 'DISCONNECT' then 3 else 2 end as rank, e.id, e.map
        from logs.events e
        where e.server_id = of_server
          and e.occurred_at between prior_at - interval '24 hours' and prior_at
          and e.sent_at >= prior_at - interval '25 hours'
          and e.map is not null
          and (e.occurred_at, case e.type when 'CONNECT' then 1 when 'DISCONNECT' then 3
            else 2 end, e.id)
            <= (prior_at, prior_rank, prior_id)
        order by e.occurred_at desc, rank desc, e.id desc
        limit 1
      )
      union all
      (
        select h.occurred_at, 0, '00000000-0000-0000-0000-000000000000', h.map
        from logs.heartbeats h
        where h.server_id = of_server
          and h.occurred_at between prior_at - interval '24 hours' and prior_at
          and h.map is not null
        order by h.occurred_at desc
        limit 1
      )
    ) as s
    order by s.occurred_at desc, s.rank desc, s.id desc
    limit 1;
    is_changed := coalesce(is_changed, false);
    since := coalesce(since, prior_at - interval '24 hours');
  end if;
  return next;
end
$$;
