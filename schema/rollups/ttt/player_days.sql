-- rollup: ttt.player_days   version: 1
-- A row is what one person did on one server on one UTC day.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: steam_id, day
-- column: karma_total  Sum of the changes of karma in their rounds [karma]
-- column: karma_rounds  Rounds whose change of karma is known [rounds]
-- column: worst_round  Least change of karma in a round, negative for a loss; null: none is known [karma]
-- column: points_total  Sum of the changes of points in their rounds [points]
-- column: first_at  When the first of these rounds ended
-- column: last_at  When the last of these rounds ended
select time_bucket('1 day', occurred_at) as day, steam_id, server,
  sum(rounds)::integer as rounds, sum(innocent_wins)::integer as innocent_wins,
  sum(traitor_wins)::integer as traitor_wins, sum(timelimits)::integer as timelimits,
  sum(seconds)::integer as seconds, sum(karma_diff)::bigint as karma_total,
  count(karma_diff)::integer as karma_rounds, min(karma_diff) as worst_round,
  sum(points_diff)::bigint as points_total,
  sum(kills)::integer as kills, sum(headshots)::integer as headshots,
  sum(team_kills)::integer as team_kills, sum(kills_on_bots)::integer as kills_on_bots,
  sum(deaths)::integer as deaths, sum(suicides)::integer as suicides,
  sum(world_deaths)::integer as world_deaths, sum(items)::integer as items,
  min(occurred_at) as first_at, max(occurred_at) as last_at
from ttt.player_facts
group by day, steam_id, server, rollups.by_hash()
