-- rollup: game.claim_days   version: 1
-- A row is what one player claimed on one UTC day.
-- source: game.claims(claimed_at)   bucket: day, 1 day
-- index: player_id, day
-- column: player_id  Id of the player in the web game
-- column: claims  Rewards claimed, one a battle [claims]
-- column: gold  Gold that these held [gold]
-- column: xp  Experience that these held [experience]
-- column: items  Items that these held [items]
select time_bucket('1 day', claimed_at) as day, player_id, count(*) as claims,
  least(sum(gold), 9223372036854775807)::bigint as gold,
  least(sum(xp), 9223372036854775807)::bigint as xp, count(rarity) as items
from game.claims
group by day, player_id
