-- rollup: ttt.player_weapon_past   version: 2
-- A row is one person's kills with one weapon on all servers in the months that are closed.
-- source: ttt.rounds(at)   bucket: past, 1000 years   read by: day   closing
-- index: steam_id
select time_bucket('1000 years', day) as past, steam_id, weapon, sum(kills)::integer as kills,
  sum(headshots)::integer as headshots
from ttt.player_weapon_days
group by past, steam_id, weapon
