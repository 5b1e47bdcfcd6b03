-- rollup: ttt.player_role_all_time   version: 1
-- A row is what one person did in one role on all servers in the months that are closed.
-- source: ttt.rounds(occurred_at)   bucket: all_time, 1000 years   read by: day   all-time
-- index: steam_id
select time_bucket('1000 years', day) as all_time, steam_id, role, sum(rounds)::integer as rounds,
  sum(innocent_wins)::integer as innocent_wins, sum(traitor_wins)::integer as traitor_wins,
  sum(timelimits)::integer as timelimits, sum(kills)::integer as kills,
  sum(deaths)::integer as deaths, sum(team_kills)::integer as team_kills
from ttt.player_fact_days
group by all_time, steam_id, role
