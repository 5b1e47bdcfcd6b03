-- rollup: game.battle_days   version: 1
-- A row is the battles of one type and difficulty that ended in one way on one UTC day; `players` counts
-- one in several battles as often.
-- source: game.battle_results(ended_at)   bucket: day, 1 day
-- index: day, difficulty
-- column: battle_type  standard or boss_raid
-- column: difficulty  How hard the battles were
-- column: outcome  completed: all enemies were defeated; or abandoned
-- column: battles  Battles that ended [battles]
-- column: players  Players of these battles; one in several counts in each [players]
-- column: attackers  Those of them who struck at least one blow [players]
-- column: attacks  Blows struck [attacks]
-- column: damage  Damage of these blows, beyond the enemies' hit points too [hit points]
select time_bucket('1 day', ended_at) as day, battle_type, difficulty, outcome,
  count(distinct battle_id) as battles, count(*) as players,
  count(*) filter (where attacks > 0) as attackers, sum(attacks)::bigint as attacks,
  least(sum(damage), 9223372036854775807)::bigint as damage
from game.battle_results
group by day, battle_type, difficulty, outcome
