-- Whether a server changed its map after an event and up to a CONNECT: another map than was told
-- before, or a MAP_CHANGE. `since` is from when on what says a map counts for that.
create or replace function logs.map_change(
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
  with said as (
    select e.at, case e.type when 'CONNECT' then 1 when 'DISCONNECT' then 3 else 2 end as rank,
      e.id, e.map,
      e.type = 'GAME_EVENT' and e.metadata @> '{"eventKind": "MAP_CHANGE"}' as is_change
    from logs.events e
    where e.server_id = of_server
      and e.at between prior_at and connect_at
      and e.second >= prior_at - interval '10 minutes'
      and (e.map is not null or e.type = 'GAME_EVENT')
    union all
    select h.at, 0, '00000000-0000-0000-0000-000000000000', h.map, false
    from logs.heartbeats h
    where h.server_id = of_server
      and h.at between prior_at and connect_at
      and h.map is not null
  )
  select case
      when bool_or(s.is_change) then array[null, null]::text[]
      else array_agg(distinct s.map) filter (where s.map is not null)
    end
  into maps
  from said s
  where (s.at, s.rank, s.id) > (prior_at, prior_rank, prior_id)
    and (s.at, s.rank, s.id) <= (connect_at, 1, connect_id);
  if cardinality(maps) > 1 then
    is_changed := true;
  elsif cardinality(maps) = 1 then
    -- One map is told: it is another one if the last that was told before it is.
    select s.map <> maps[1], s.at
    into is_changed, since
    from (
      (
        select e.at, case e.type when 'CONNECT' then 1 when 'DISCONNECT' then 3 else 2 end as rank,
          e.id, e.map
        from logs.events e
        where e.server_id = of_server
          and e.at between prior_at - interval '24 hours' and prior_at
          and e.second >= prior_at - interval '25 hours'
          and e.map is not null
          and (e.at, case e.type when 'CONNECT' then 1 when 'DISCONNECT' then 3 else 2 end, e.id)
            <= (prior_at, prior_rank, prior_id)
        order by e.at desc, rank desc, e.id desc
        limit 1
      )
      union all
      (
        select h.at, 0, '00000000-0000-0000-0000-000000000000', h.map
        from logs.heartbeats h
        where h.server_id = of_server
          and h.at between prior_at - interval '24 hours' and prior_at
          and h.map is not null
        order by h.at desc
        limit 1
      )
    ) as s
    order by s.at desc, s.rank desc, s.id desc
    limit 1;
    is_changed := coalesce(is_changed, false);
    since := coalesce(since, prior_at - interval '24 hours');
  end if;
  return next;
end
$$;
