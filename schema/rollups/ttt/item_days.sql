-- rollup: ttt.item_days   version: 1
-- A row is one item bought in one start role on one map and server on one UTC day.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- index: map_name, day
-- column: item  Equipment, as the game server names it
-- column: role  The buyer's role at the start of the round; unknown: none was sent
-- column: map_name  Map; unknown: none was sent
-- column: server  Name of the API key that sent the round; null: sent without a key
-- column: is_bot  Whether it is bots that bought, or people without a SteamID of their own
-- column: buys  Purchases [purchases]
-- column: buyer_rounds  Rounds of buyers: who buys twice in a round counts once [rounds]
-- column: wins  Rounds of buyers that their side won [rounds]
-- column: timelimits  Rounds of buyers of an innocent role that ended by the time limit [rounds]
select time_bucket('1 day', b.occurred_at) as day, b.item, coalesce(p.role_start, 'unknown') as role,
  coalesce(b.map_name, 'unknown') as map_name, b.server, ttt.is_pseudo(b.steam_id) as is_bot,
  sum(b.buys)::integer as buys, count(*)::integer as buyer_rounds,
  count(*) filter (where ttt.winner_for(p.role_start) = p.winner)::integer as wins,
  count(*) filter (
    where ttt.team(p.role_start) = 'innocent' and p.winner = 'timelimit'
  )::integer as timelimits
from (
  select occurred_at, round_id, steam_id, item, map_name, server, count(*) as buys
  from ttt.buys
  where true
    -- bounds
  group by occurred_at, round_id, steam_id, item, map_name, server
) as b
left join (
  select round_id, steam_id, role_start, winner
  from ttt.players
  where true
    -- bounds
) as p on p.round_id = b.round_id
  and p.steam_id = b.steam_id
group by day, b.item, coalesce(p.role_start, 'unknown'), coalesce(b.map_name, 'unknown'), b.server,
  ttt.is_pseudo(b.steam_id), rollups.by_hash()
