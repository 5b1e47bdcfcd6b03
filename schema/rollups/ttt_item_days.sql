-- rollup: ttt.item_days   version: 2
-- A row is one item bought in one start role on one map and server on one UTC day.
-- source: ttt.rounds(at)   bucket: day, 1 day   read by: b.at
-- index: map_name, day
select time_bucket('1 day', b.at) as day, b.item, coalesce(p.role_start, 'unknown') as role,
  coalesce(b.map_name, 'unknown') as map_name, b.server, ttt.is_pseudo(b.steam_id) as is_bot,
  count(*)::integer as buys, count(distinct (b.round_id, b.steam_id))::integer as buyer_rounds,
  count(distinct (b.round_id, b.steam_id))
    filter (where ttt.side(p.role_start) = p.winner)::integer as wins,
  count(distinct (b.round_id, b.steam_id))
    filter (where ttt.team(p.role_start) = 'innocent' and p.winner = 'timelimit')::integer as timelimits
from ttt.buys b
left join ttt.players p on p.at = b.at
  and p.round_id = b.round_id
  and p.steam_id = b.steam_id
group by day, b.item, coalesce(p.role_start, 'unknown'), coalesce(b.map_name, 'unknown'), b.server,
  ttt.is_pseudo(b.steam_id)
