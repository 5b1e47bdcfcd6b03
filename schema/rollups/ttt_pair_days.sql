-- rollup: ttt.pair_days   version: 2
-- A row is the rounds of two people, player1 < player2, on one server on one UTC day; no bots.
-- source: ttt.rounds(at)   bucket: day, 1 day   read by: a.at
-- index: player1, day
select time_bucket('1 day', a.at) as day, a.steam_id as player1, b.steam_id as player2, a.server,
  count(*)::integer as rounds,
  count(*) filter (where ttt.side(a.role_start) = ttt.side(b.role_start))::integer as rounds_together,
  count(*) filter (
    where ttt.side(a.role_start) = ttt.side(b.role_start)
      and ttt.side(a.role_start) = a.winner
  )::integer as wins,
  count(*) filter (
    where ttt.side(a.role_start) = 'innocents'
      and ttt.side(b.role_start) = 'innocents'
      and a.winner = 'timelimit'
  )::integer as timelimits
from ttt.players a
join ttt.players b on b.at = a.at
  and b.round_id = a.round_id
  and b.steam_id collate "C" > a.steam_id collate "C"
where not ttt.is_pseudo(a.steam_id)
  and not ttt.is_pseudo(b.steam_id)
group by day, a.steam_id, b.steam_id, a.server
