-- rollup: ttt.role_days   version: 1
-- A row is what people, or bots, did in one role on one server on one UTC day.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: role, day
-- column: is_bot  Whether it is bots that did, or people without a SteamID of their own
select time_bucket('1 day', occurred_at) as day, role, server, ttt.is_pseudo(steam_id) as is_bot,
  sum(rounds)::integer as rounds, sum(innocent_wins)::integer as innocent_wins,
  sum(traitor_wins)::integer as traitor_wins, sum(timelimits)::integer as timelimits,
  sum(kills)::integer as kills, sum(deaths)::integer as deaths,
  sum(team_kills)::integer as team_kills
from ttt.player_facts
group by day, role, server, ttt.is_pseudo(steam_id), rollups.by_hash()
