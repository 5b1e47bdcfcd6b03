-- rollup: game.damage_days   version: 1
-- A row is what one player did in the battles that ended on one UTC day.
-- source: game.battle_results(ended_at)   bucket: day, 1 day
-- index: player_id, day
-- column: player_id  Id of the player in the web game
-- column: battles  Battles of theirs that ended [battles]
-- column: attacks  Blows struck in these battles [attacks]
-- column: damage  Damage of these blows, beyond the enemies' hit points too [hit points]
select time_bucket('1 day', ended_at) as day, player_id, count(*) as battles,
  sum(attacks)::bigint as attacks, least(sum(damage), 9223372036854775807)::bigint as damage
from game.battle_results
group by day, player_id
