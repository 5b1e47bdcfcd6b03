-- Who comes back. A function, because the rollup that it reads comes later than a first migration, and
-- a view of it for who reads tables.
create or replace function game.read_cohorts()
returns table (
  cohort_week timestamptz, players bigint, played_day_1 bigint, played_day_7 bigint,
  played_day_30 bigint
)
language sql
stable
as $$
  select c.cohort_week, c.day_0,
    case when date_add(c.cohort_week, interval '8 days', 'UTC') <= now() then c.day_1 end,
    case when date_add(c.cohort_week, interval '14 days', 'UTC') <= now() then c.day_7 end,
    case when date_add(c.cohort_week, interval '37 days', 'UTC') <= now() then c.day_30 end
  from (
    select a.cohort_week,
      coalesce(sum(a.players) filter (where a.age = 0), 0)::bigint as day_0,
      coalesce(sum(a.players) filter (where a.age = 1), 0)::bigint as day_1,
      coalesce(sum(a.players) filter (where a.age = 7), 0)::bigint as day_7,
      coalesce(sum(a.players) filter (where a.age = 30), 0)::bigint as day_30
    from game.active_days as a
    where a.age in (0, 1, 7, 30)
    group by a.cohort_week
  ) as c
$$;

create or replace view game.cohorts as
select *
from game.read_cohorts();

comment on view game.cohorts is
  'A row is the players who first came in one UTC week, and how many of them played 1, 7 and 30 days '
  'after their first day; null as long as that day is not over for all of them.';
comment on column game.cohorts.cohort_week is
  'Start of the week, Monday by UTC, in which the players first came';
comment on column game.cohorts.players is 'Players who first came in this week [players]';
comment on column game.cohorts.played_day_1 is
  'Those who played on the day after; null: it is not over for all [players]';
comment on column game.cohorts.played_day_7 is
  'Those who played on the seventh day after; null: it is not over for all [players]';
comment on column game.cohorts.played_day_30 is
  'Those who played on the thirtieth day after; null: it is not over for all [players]';

grant select on game.cohorts to tiltyard_analyst;
