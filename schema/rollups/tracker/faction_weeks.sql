-- rollup: tracker.faction_weeks   version: 1
-- A row is what players of one detachment of one faction did in one mission in one week (Monday, UTC).
-- Who has won or lost against the same faction counts in `games` and `mirror_games`, and not among
-- `first_…` and `second_…`, which are of battles whose first turn is known; so are `turns`.
-- source: tracker.battle_results(completed_at)   bucket: week, 7 days
-- index: faction_id, week
-- index: mission, week
select time_bucket('7 days', completed_at) as week, faction_id, detachment, mission,
  count(*) as games, count(*) filter (where is_mirror) as mirror_games,
  count(*) filter (where outcome = 'win') as wins,
  count(*) filter (where outcome = 'win' and is_mirror) as mirror_wins,
  count(*) filter (where outcome = 'draw') as draws,
  sum(victory_points) as points, sum(opponent_victory_points) as opponent_points,
  count(*) filter (where is_first and not is_mirror) as first_games,
  count(*) filter (where is_first and not is_mirror and outcome = 'win') as first_wins,
  count(*) filter (where not is_first and not is_mirror) as second_games,
  count(*) filter (where not is_first and not is_mirror and outcome = 'win') as second_wins,
  coalesce(sum(turns), 0)::bigint as turns, coalesce(sum(turn_ms), 0)::bigint as turn_ms
from tracker.battle_results
group by week, faction_id, detachment, mission
