-- rollup: ttt.player_months   version: 1
-- A row is what one person did on one server in one UTC month.
-- source: ttt.rounds(at)   bucket: month, 1 month   read by: day
-- index: steam_id, month
select time_bucket('1 month', day) as month, steam_id, server,
  sum(rounds)::bigint as rounds, sum(innocent_wins)::bigint as innocent_wins,
  sum(traitor_wins)::bigint as traitor_wins, sum(timelimits)::bigint as timelimits,
  sum(seconds)::bigint as seconds, sum(karma_total)::bigint as karma_total,
  sum(karma_rounds)::bigint as karma_rounds, min(worst_round) as worst_round,
  sum(points_total)::bigint as points_total,
  sum(kills)::bigint as kills, sum(headshots)::bigint as headshots,
  sum(team_kills)::bigint as team_kills, sum(kills_on_bots)::bigint as kills_on_bots,
  sum(deaths)::bigint as deaths, sum(suicides)::bigint as suicides,
  sum(world_deaths)::bigint as world_deaths, sum(items)::bigint as items,
  min(first_at) as first_at, max(last_at) as last_at
from ttt.player_days
group by month, steam_id, server
