-- rollup: ttt.role_days   version: 1
-- A row is what people, or bots, did in one role on one map and server on one UTC day.
-- source: ttt.rounds(at)   bucket: day, 1 day   read by: day
-- index: map_name, day
select day, role, map_name, server, steam_id = 'BOT' as is_bot, sum(rounds)::bigint as rounds,
  sum(innocent_wins)::bigint as innocent_wins, sum(traitor_wins)::bigint as traitor_wins,
  sum(timelimits)::bigint as timelimits, sum(kills)::bigint as kills, sum(deaths)::bigint as deaths,
  sum(team_kills)::bigint as team_kills
from ttt.deed_days
group by day, role, map_name, server, steam_id = 'BOT'
