-- A user's tilt since any moment, in one row: whole hours from the rollup, the hour that the moment
-- falls into from raw rows. It returns a table because PostgreSQL inlines only such functions.
create or replace function tilt.sum_since(person text, from_time timestamptz)
returns table (events bigint, score_sum numeric, score_max numeric, last_at timestamptz)
language sql
stable
as $$
  select coalesce(sum(part.events), 0)::bigint, coalesce(sum(part.score_sum), 0),
    max(part.score_max), max(part.last_at)
  from (
    select count(*) as events, sum(tilt_score) as score_sum, max(tilt_score) as score_max,
      max(occurred_at) as last_at
    from tilt.events
    where user_id = person
      and occurred_at >= from_time
      and occurred_at < time_bucket('1 hour', from_time) + interval '1 hour'
    union all
    select h.events, h.score_sum, h.score_max, h.last_at
    from tilt.user_hours h
    where h.user_id = person
      and h.hour > from_time
  ) as part
$$;
