-- rollup: game.damage_days   version: 1
-- A row is what one player did in the battles that ended on one UTC day.
-- source: game.battle_results(ended_at)   bucket: day, 1 day
-- index: player_id, day
select time_bucket('1 day', ended_at) as day, player_id, count(*) as battles,
  sum(attacks)::bigint as attacks, least(sum(damage), 9223372036854775807)::bigint as damage
from game.battle_results
group by day, player_id
