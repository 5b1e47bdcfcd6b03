-- Numbers as statistics show them.

-- part / whole to `digits` decimals, half up, also for negatives; `nothing` where whole is zero.
create or replace function ttt.ratio(part numeric, whole numeric, digits integer, nothing numeric)
returns numeric
language sql
immutable
as $$
  select case
    when whole = 0 then nothing
    else floor(part * 10 ^ digits / whole + 0.5) / 10 ^ digits
  end
$$;

-- A time as clients read it.
create or replace function ttt.iso(moment timestamptz) returns text
language sql
stable
as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The ten who killed somebody most, or whom somebody killed most, in a period.
create or replace function ttt.opponents(
  who text, are_killers boolean, since timestamptz, first timestamptz, last timestamptz,
  until timestamptz, only_server text
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
      from ttt.nemesis_window(since, first, last, until) w
      where case when are_killers then w.victim else w.killer end = who
        and (only_server is null or w.server = only_server)
      group by 1
    ) as p
    order by p.kills desc, p.headshots desc, p.steam_id collate "C"
    limit 10
  ) as o
  left join ttt.names n on n.steam_id = o.steam_id and n.valid_to is null
$$;

-- How far the rollups of ttt are complete, and whether raw rows after that were added for a period.
create or replace function ttt.freshness(since timestamptz, until timestamptz)
returns table (as_of timestamptz, raw_tail boolean)
language sql
stable
as $$
  select coalesce(min(d.bucket), now()),
    coalesce(bool_or(d.bucket < until and d.bucket + c.width > since), false)
  from rollups.dirty d
  join rollups.catalog c on c.id = d.rollup
  where c.name = 'ttt.deed_days'
    and c.is_current
$$;

-- All numbers of one person in a period: one row, of zeros for somebody unknown.
create or replace function ttt.numbers(
  who text, since timestamptz, first timestamptz, last timestamptz, until timestamptz,
  map text, only_server text, with_timelimit boolean
)
returns table (
  rounds bigint, kills bigint, deaths bigint, kd numeric, headshots bigint, headshot_rate numeric,
  team_kills bigint, suicides bigint, world_deaths bigint, kills_on_bots bigint, wins bigint,
  wins_innocent bigint, wins_traitor bigint, win_rate numeric, kills_per_round numeric,
  items_bought bigint, karma_total bigint, karma_rounds bigint, avg_karma numeric,
  points_total bigint, seconds bigint, first_seen timestamptz, last_seen timestamptz
)
language sql
stable
as $$
  select s.rounds, s.kills, s.deaths, ttt.ratio(s.kills, s.deaths, 2, s.kills), s.headshots,
    ttt.ratio(100 * s.headshots, s.kills, 1, 0), s.team_kills, s.suicides, s.world_deaths,
    s.kills_on_bots, s.innocent_wins + s.traitor_wins, s.innocent_wins, s.traitor_wins,
    ttt.ratio(100 * (s.innocent_wins + s.traitor_wins), s.rounds, 1, 0),
    ttt.ratio(s.kills, s.rounds, 2, 0), s.items, s.karma_total, s.karma_rounds,
    ttt.ratio(s.karma_total, s.karma_rounds, 2, null), s.points_total, s.seconds, s.first_at,
    s.last_at
  from (
    select coalesce(sum(w.rounds), 0)::bigint as rounds,
      coalesce(sum(w.kills), 0)::bigint as kills,
      coalesce(sum(w.deaths), 0)::bigint as deaths,
      coalesce(sum(w.headshots), 0)::bigint as headshots,
      coalesce(sum(w.team_kills), 0)::bigint as team_kills,
      coalesce(sum(w.suicides), 0)::bigint as suicides,
      coalesce(sum(w.world_deaths), 0)::bigint as world_deaths,
      coalesce(sum(w.kills_on_bots), 0)::bigint as kills_on_bots,
      coalesce(
        sum(w.innocent_wins + case when with_timelimit then w.timelimits else 0 end), 0
      )::bigint as innocent_wins,
      coalesce(sum(w.traitor_wins), 0)::bigint as traitor_wins,
      coalesce(sum(w.items), 0)::bigint as items,
      coalesce(sum(w.karma_total), 0)::bigint as karma_total,
      coalesce(sum(w.karma_rounds), 0)::bigint as karma_rounds,
      coalesce(sum(w.points_total), 0)::bigint as points_total,
      coalesce(sum(w.seconds), 0)::bigint as seconds,
      min(w.first_at) as first_at, max(w.last_at) as last_at
    from ttt.player_window(since, first, last, until, map) w
    where w.steam_id = who
      and (only_server is null or w.server = only_server)
  ) as s
$$;
