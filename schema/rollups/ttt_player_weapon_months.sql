-- rollup: ttt.player_weapon_months   version: 1
-- A row is one person's kills with one weapon on one server in one UTC month.
-- source: ttt.rounds(at)   bucket: month, 1 month   read by: day
-- index: steam_id, month
select time_bucket('1 month', day) as month, steam_id, weapon, server, sum(kills)::integer as kills,
  sum(headshots)::integer as headshots
from ttt.player_weapon_days
group by month, steam_id, weapon, server
