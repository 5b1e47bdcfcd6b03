-- Numbers as statistics show them.

-- part / whole to `digits` decimals, half up, also for negatives; `if_zero` where whole is zero.
create or replace function ttt.ratio(part numeric, whole numeric, digits integer, if_zero numeric)
returns numeric
language sql
immutable
as $$
  select case
    when whole = 0 then if_zero
    else floor(part * 10 ^ digits / whole + 0.5) / 10 ^ digits
  end
$$;

-- The ten who killed somebody most, or whom somebody killed most, in a period.
create or replace function ttt.opponents(
  person text, are_killers boolean, from_day timestamptz, first_month timestamptz,
  end_month timestamptz, to_day timestamptz, only_server text
)
returns table (steam_id text, display_name text, kills bigint, headshots bigint)
language sql
stable
as $$
  select o.steam_id, n.display_name, o.kills, o.headshots
  from (
    select p.steam_id, p.kills, p.headshots
    from (
      select case when are_killers then w.killer else w.victim end as steam_id,
        sum(w.kills)::bigint as kills, sum(w.headshots)::bigint as headshots
      from ttt.nemesis_window(from_day, first_month, end_month, to_day) w
      where case when are_killers then w.victim else w.killer end = person
        and (only_server is null or w.server = only_server)
      group by 1
    ) as p
    order by p.kills desc, p.headshots desc, p.steam_id collate "C"
    limit 10
  ) as o
  left join ttt.names n on n.steam_id = o.steam_id and n.valid_to is null
$$;

-- How far the rollups of ttt are complete, and whether raw rows after that were added for a period.
create or replace function ttt.freshness(from_day timestamptz, to_day timestamptz)
returns table (as_of timestamptz, raw_tail boolean)
language sql
stable
as $$
  select coalesce(min(d.bucket), now()),
    coalesce(bool_or(d.bucket < to_day and date_add(d.bucket, c.width, 'UTC') > from_day), false)
  from rollups.dirty_buckets d
  join rollups.catalog c on c.id = d.rollup
  where c.name = 'ttt.player_fact_days'
    and c.is_current
$$;
