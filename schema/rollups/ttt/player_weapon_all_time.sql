-- rollup: ttt.player_weapon_all_time   version: 1
-- A row is one person's kills with one weapon on all servers in the months that are closed.
-- source: ttt.rounds(occurred_at)   bucket: all_time, 1000 years   read by: day   all-time
-- index: steam_id
select time_bucket('1000 years', day) as all_time, steam_id, weapon, sum(kills)::integer as kills,
  sum(headshots)::integer as headshots
from ttt.player_weapon_days
group by all_time, steam_id, weapon
