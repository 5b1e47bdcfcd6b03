-- rollup: ttt.pair_days   version: 2
-- A row is the rounds of two people, player1 < player2, on one server on one UTC day; no bots.
-- source: ttt.rounds(at)   bucket: day, 1 day
select time_bucket('1 day', a.at) as day, a.steam_id as player1, b.steam_id as player2, a.server,
  count(*)::integer as rounds,
  count(*) filter (where a.side = b.side)::integer as rounds_together,
  count(*) filter (where a.side = b.side and a.side = a.winner)::integer as wins,
  count(*) filter (
    where a.side = 'innocents' and b.side = 'innocents' and a.winner = 'timelimit'
  )::integer as timelimits
from (
  select at, round_id, steam_id, server, winner, ttt.side(role_start) as side
  from ttt.players
  where not ttt.is_pseudo(steam_id)
    -- bounds
  offset 0  -- so that sides are looked up once a person, not once a pair
) as a
join (
  select round_id, steam_id, ttt.side(role_start) as side
  from ttt.players
  where not ttt.is_pseudo(steam_id)
    -- bounds
  offset 0
) as b on b.round_id = a.round_id
  and b.steam_id collate "C" > a.steam_id collate "C"
group by day, a.steam_id, b.steam_id, a.server, rollups.by_hash()
