-- rollup: tracker.faction_weeks   version: 1
-- A row is what players of one detachment of one faction did in one mission in one week (Monday, UTC).
-- Who has won or lost against the same faction counts in `games` and `mirror_games`, and not among
-- `first_…` and `second_…`, which are of battles whose first turn is known; so are `turns`.
-- source: tracker.battle_results(completed_at)   bucket: week, 7 days
-- index: faction_id, week
-- index: mission, week
-- column: faction_id  Id of the faction, such as fac_necrons
-- column: detachment  Detachment of the army, as its player wrote it
-- column: mission  Name of the mission, as players wrote it
-- column: games  Parts of players in completed battles of matched play [games]
-- column: mirror_games  Games against the same faction [games]
-- column: wins  Games won [games]
-- column: mirror_wins  Games won against the same faction [games]
-- column: draws  Games drawn [games]
-- column: points  Sum of their victory points [victory points]
-- column: opponent_points  Sum of their opponents' victory points [victory points]
-- column: first_games  Games with the first turn, not against the same faction [games]
-- column: first_wins  Those of them that were won [games]
-- column: second_games  Games with the second turn, not against the same faction [games]
-- column: second_wins  Those of them that were won [games]
-- column: turns  Turns of theirs that began, of games whose first turn is known [turns]
-- column: turn_ms  What their clocks ran in these turns [ms]
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
