-- The hours of the queued session diff of a server from a moment on: `sign` 1 is to be added to
-- logs.session_hours, -1 to be taken from it; `seconds` carries the sign already.
create or replace function logs.list_queued_hours(of_server text, from_hour timestamptz)
returns table (
  sign integer, id uuid, steam_id text, hour timestamptz, since timestamptz, until timestamptz,
  seconds integer, is_start boolean, is_exact boolean
)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
  bottom timestamptz := greatest(from_hour, rollups.retained_from('logs.session_hours'));
begin
  return query
  select p.sign, p.id, p.steam_id, h.hour, t.since, t.until,
    p.sign * logs.overlap_seconds(p.started_at, p.ended_at, t.since, t.until),
    t.since = p.started_at, p.method = 'exact'
  from logs.diff_queued_sessions(null, of_server) as p
  cross join lateral generate_series(
    greatest(date_trunc('hour', p.started_at, 'UTC'), bottom),
    greatest(p.started_at, p.ended_at - interval '1 microsecond'),
    interval '1 hour'
  ) as h (hour)
  cross join lateral (
    select greatest(p.started_at, h.hour) as since,
      least(p.ended_at, h.hour + interval '1 hour') as until
  ) as t
  where p.kind = 'session';
end
$$;

-- The most sessions that there were at once on a server, from one hour to another. Hours in which
-- queued sessions count are recomputed.
create or replace function logs.get_peak_sessions(
  of_server text,
  from_hour timestamptz,
  to_hour timestamptz
) returns bigint
language plpgsql
stable
as $$
#variable_conflict use_column
begin
  return (
    with part as materialized (
      select *
      from logs.list_queued_hours(of_server, from_hour)
    ), touched as materialized (
      select distinct hour
      from part
    )
    select max(peak)
    from (
      select peak::bigint
      from logs.play_hours
      where server_id = of_server
        and hour >= from_hour
        and hour < to_hour
        and hour not in (select hour from touched)
      union all
      select sum(step) over (partition by hour order by at, step rows unbounded preceding)
      from (
        select p.hour, e.at, e.step
        from (
          select hour, since, until
          from logs.session_hours
          where server_id = of_server
            and hour in (select hour from touched)
            and hour >= from_hour
            and hour < to_hour
            and session not in (select id from part where sign = -1)
          union all
          select hour, since, until
          from part
          where sign = 1
        ) as p
        cross join lateral (values (p.since, 1), (p.until, -1)) as e (at, step)
        where p.until > p.since
      ) as steps
    ) as peaks
  );
end
$$;
