-- rollup: ttt.weapon_months   version: 1
-- A row is one person's kills with one weapon on one server in one UTC month.
-- source: ttt.rounds(at)   bucket: month, 1 month   read by: day
-- index: steam_id, month
select time_bucket('1 month', day) as month, steam_id, weapon, server, sum(kills)::bigint as kills,
  sum(headshots)::bigint as headshots
from ttt.weapon_days
group by month, steam_id, weapon, server
