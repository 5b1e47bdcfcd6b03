-- rollup: ttt.duo_days   version: 1
-- A row is the rounds of two people, player1 < player2, on one server on one UTC day; no bots.
-- source: ttt.rounds(occurred_at)   bucket: day, 1 day
-- column: player1  SteamID2 of the one, whose bytes sort first
-- column: player2  SteamID2 of the other
-- column: server  Name of the API key that sent the rounds; null: sent without a key
-- column: rounds  Rounds in which both played [rounds]
-- column: rounds_together  Rounds in which both were on the same side [rounds]
-- column: wins  Rounds together that their side won [rounds]
-- column: timelimits  Rounds together as innocents that ended by the time limit [rounds]
select time_bucket('1 day', a.occurred_at) as day, a.steam_id as player1, b.steam_id as player2,
  a.server,
  count(*)::integer as rounds,
  count(*) filter (where a.wins_as = b.wins_as)::integer as rounds_together,
  count(*) filter (where a.wins_as = b.wins_as and a.wins_as = a.winner)::integer as wins,
  count(*) filter (
    where a.wins_as = 'innocents' and b.wins_as = 'innocents' and a.winner = 'timelimit'
  )::integer as timelimits
from (
  select occurred_at, round_id, steam_id, server, winner, ttt.winner_for(role_start) as wins_as
  from ttt.players
  where not ttt.is_pseudo(steam_id)
    -- bounds
  offset 0  -- so that roles are looked up once a person, not once a duo
) as a
join (
  select round_id, steam_id, ttt.winner_for(role_start) as wins_as
  from ttt.players
  where not ttt.is_pseudo(steam_id)
    -- bounds
  offset 0
) as b on b.round_id = a.round_id
  and b.steam_id collate "C" > a.steam_id collate "C"
group by day, a.steam_id, b.steam_id, a.server, rollups.by_hash()
