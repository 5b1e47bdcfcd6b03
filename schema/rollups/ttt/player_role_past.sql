-- rollup: ttt.player_role_past   version: 2
-- A row is what one person did in one role on all servers in the months that are closed.
-- source: ttt.rounds(at)   bucket: past, 1000 years   read by: day   closing
-- index: steam_id
select time_bucket('1000 years', day) as past, steam_id, role, sum(rounds)::integer as rounds,
  sum(innocent_wins)::integer as innocent_wins, sum(traitor_wins)::integer as traitor_wins,
  sum(timelimits)::integer as timelimits, sum(kills)::integer as kills,
  sum(deaths)::integer as deaths, sum(team_kills)::integer as team_kills
from ttt.deed_days
group by past, steam_id, role
