-- rollup: ttt.player_months   version: 1
-- A row is what one person did on one server in one UTC month.
-- source: ttt.rounds(occurred_at)   bucket: month, 1 month   read by: day
-- index: steam_id, month
select time_bucket('1 month', day) as month, steam_id, server,
  sum(rounds)::integer as rounds, sum(innocent_wins)::integer as innocent_wins,
  sum(traitor_wins)::integer as traitor_wins, sum(timelimits)::integer as timelimits,
  sum(seconds)::integer as seconds, sum(karma_total)::bigint as karma_total,
  sum(karma_rounds)::integer as karma_rounds, min(worst_round) as worst_round,
  sum(points_total)::bigint as points_total,
  sum(kills)::integer as kills, sum(headshots)::integer as headshots,
  sum(team_kills)::integer as team_kills, sum(kills_on_bots)::integer as kills_on_bots,
  sum(deaths)::integer as deaths, sum(suicides)::integer as suicides,
  sum(world_deaths)::integer as world_deaths, sum(items)::integer as items,
  min(first_at) as first_at, max(last_at) as last_at
from ttt.player_days
group by month, steam_id, server
