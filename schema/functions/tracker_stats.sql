-- Statistics of the tracker, added up from its rollups over weeks from `since` and before `until`;
-- without a bound all of them.

-- The week, from Monday by UTC, that a moment lies in.
create or replace function tracker.week_of(moment timestamptz) returns timestamptz
language sql
immutable
as $$
  select public.time_bucket('7 days', $1)
$$;

-- What was played of each faction, and of each detachment or mission of it where these are wanted,
-- in the order of their names after some: those with so many games or more.
create or replace function tracker.list_faction_stats(
  counted_by text, of_faction text, of_detachment text, of_mission text, since timestamptz,
  until timestamptz, min_games bigint, after_faction text, after_detachment text, after_mission text,
  most integer, skipped integer
)
returns table (
  faction_id text, detachment text, mission text, games bigint, mirror_games bigint, wins bigint,
  mirror_wins bigint, draws bigint, points bigint, opponent_points bigint, first_games bigint,
  first_wins bigint, second_games bigint, second_wins bigint, turns bigint, turn_ms bigint
)
language sql
stable
as $$
  select *
  from (
    select f.faction_id, case when $1 = 'detachment' then f.detachment end as detachment,
      case when $1 = 'mission' then f.mission end as mission, sum(f.games)::bigint as games,
      sum(f.mirror_games)::bigint, sum(f.wins)::bigint, sum(f.mirror_wins)::bigint,
      sum(f.draws)::bigint, sum(f.points)::bigint, sum(f.opponent_points)::bigint,
      sum(f.first_games)::bigint, sum(f.first_wins)::bigint, sum(f.second_games)::bigint,
      sum(f.second_wins)::bigint, sum(f.turns)::bigint, sum(f.turn_ms)::bigint
    from tracker.faction_weeks as f
    where ($2 is null or f.faction_id = $2)
      and ($3 is null or f.detachment = $3)
      and ($4 is null or f.mission = $4)
      and f.week >= coalesce(tracker.week_of($5), '-infinity')
      and f.week < coalesce($6, 'infinity')
    group by 1, 2, 3
  ) as g
  where g.games >= $7
    and (
      $8 is null
      or (
        g.faction_id collate "C",
        coalesce(g.detachment, '') collate "C",
        coalesce(g.mission, '') collate "C"
      ) > ($8, coalesce($9, ''), coalesce($10, ''))
    )
  order by g.faction_id collate "C", g.detachment collate "C", g.mission collate "C"
  limit $11
  offset $12
$$;

-- What was played in each mission, in the order of their names after one. A battle has two rows of
-- results, in one week and mission.
create or replace function tracker.list_mission_stats(
  of_mission text, since timestamptz, until timestamptz, min_games bigint, after_mission text,
  most integer, skipped integer
)
returns table (
  mission text, games bigint, mirror_games bigint, draws bigint, points bigint,
  first_games bigint, first_wins bigint, turns bigint, turn_ms bigint
)
language sql
stable
as $$
  select *
  from (
    select f.mission, (sum(f.games) / 2)::bigint as games, (sum(f.mirror_games) / 2)::bigint,
      (sum(f.draws) / 2)::bigint, sum(f.points)::bigint, sum(f.first_games)::bigint,
      sum(f.first_wins)::bigint, sum(f.turns)::bigint, sum(f.turn_ms)::bigint
    from tracker.faction_weeks as f
    where ($1 is null or f.mission = $1)
      and f.week >= coalesce(tracker.week_of($2), '-infinity')
      and f.week < coalesce($3, 'infinity')
    group by f.mission
  ) as g
  where g.games >= $4
    and ($5 is null or g.mission collate "C" > $5)
  order by g.mission collate "C"
  limit $6
  offset $7
$$;

-- What a user has played, with each faction: of many factions those with most games.
create or replace function tracker.list_player_stats(
  user_id text, since timestamptz, until timestamptz
)
returns table (
  faction_id text, games bigint, mirror_games bigint, wins bigint, mirror_wins bigint,
  draws bigint, points bigint, opponent_points bigint, first_games bigint, first_wins bigint,
  second_games bigint, second_wins bigint, turns bigint, turn_ms bigint
)
language sql
stable
as $$
  select p.faction_id, sum(p.games)::bigint, sum(p.mirror_games)::bigint, sum(p.wins)::bigint,
    sum(p.mirror_wins)::bigint, sum(p.draws)::bigint, sum(p.points)::bigint,
    sum(p.opponent_points)::bigint, sum(p.first_games)::bigint, sum(p.first_wins)::bigint,
    sum(p.second_games)::bigint, sum(p.second_wins)::bigint, sum(p.turns)::bigint,
    sum(p.turn_ms)::bigint
  from tracker.player_weeks as p
  where p.user_id = $1
    and p.week >= coalesce(tracker.week_of($2), '-infinity')
    and p.week < coalesce($3, 'infinity')
  group by p.faction_id
  order by sum(p.games) desc, p.faction_id collate "C"
$$;
