-- A query of each view that analysts read, and what it prints of a few days that the tests play
-- (tests/support/analysts.py). schema/ROLLUPS.md shows them; tests/schema/engine/test_examples.py runs them.

-- game.active_days: new players
select sum(players) as players
from game.active_days
where age = 0;
--  players
-- ---------
--        3

-- game.battle_days: damage of a blow by difficulty
select difficulty, sum(battles) as battles, sum(attacks) as attacks, round(sum(damage) / sum(attacks), 1) as damage
from game.battle_days
group by difficulty;
--  difficulty | battles | attacks | damage
-- ------------+---------+---------+--------
--  easy       |       1 |       3 |   12.0

-- game.claim_days: what a claim brings
select sum(claims) as claims, round(sum(gold) / sum(claims)) as gold, round(sum(xp) / sum(claims)) as xp,
  sum(items) as items
from game.claim_days;
--  claims | gold | xp | items
-- --------+------+----+-------
--       1 |  120 | 60 |     1

-- game.cohorts: who came back on the next day
select sum(players) as players, sum(played_day_1) as played_day_1
from game.cohorts;
--  players | played_day_1
-- ---------+--------------
--        3 |

-- game.damage_days: who does how much
select battles, attacks, damage
from game.damage_days
order by damage desc;
--  battles | attacks | damage
-- ---------+---------+--------
--        1 |       3 |     36
--        1 |       0 |      0

-- game.drop_days: drawn against stated, in percent
select difficulty, percent as stated, round(100.0 * sum(drawn) / sum(offered), 1) as drawn, sum(offered) as offered
from game.drop_days
group by difficulty, percent;
--  difficulty | stated | drawn | offered
-- ------------+--------+-------+---------
--  easy       |     10 | 100.0 |       1

-- game.economy_days: where gold comes from and goes to
select cause, sum(made) as made, sum(destroyed) as destroyed
from game.economy_days
where kind = 'gold'
group by cause
order by cause;
--  cause    | made | destroyed
-- ----------+------+-----------
--  claim    |  120 |         0
--  grant    |  500 |         0
--  purchase |    0 |       300
--  start    | 3000 |         0

-- live.opening_hours: sockets by kind of room
select kind, sum(sockets) as sockets
from live.opening_hours
group by kind;
--  kind    | sockets
-- ---------+---------
--  tracker |       1

-- logs.activity: events of an evening by type
select type, sum(events) as events
from logs.activity
where hour >= '2026-03-02 18:00Z' and hour < '2026-03-02 24:00Z'
group by type
order by events desc, type;
--  type       | events
-- ------------+--------
--  CONNECT    |      2
--  DISCONNECT |      2
--  CHAT       |      1
--  PROP_SPAWN |      1

-- logs.activity_days: chat and kills a day
select day, sum(events) filter (where type = 'CHAT') as chat, sum(events) filter (where type = 'KILL') as kills
from logs.activity_days
group by day
order by day;
--  day                    | chat | kills
-- ------------------------+------+-------
--  2026-03-02 00:00:00+00 |    1 |
--  2026-03-03 00:00:00+00 |      |     1

-- logs.activity_slots: when a server was alive
select server_id, count(*) * interval '5 minutes' as alive, max(last_at) as last_at
from logs.activity_slots
group by server_id
order by server_id;
--  server_id | alive    | last_at
-- -----------+----------+------------------------
--  srv_01    | 00:30:00 | 2026-03-02 19:50:00+00
--  srv_02    | 00:05:00 | 2026-03-03 19:00:00+00

-- logs.connection_days: who came how often
select steam_id, sum(connections) as connections
from logs.connection_days
group by steam_id
order by steam_id;
--  steam_id     | connections
-- --------------+-------------
--  STEAM_0:0:13 |           1
--  STEAM_0:1:12 |           1

-- logs.maps: hours in which a map was played
select map, count(distinct hour) as hours
from logs.maps
cross join unnest(maps) as map
where hour < '2026-03-10Z'
group by map
order by map;
--  map          | hours
-- --------------+-------
--  gm_construct |     1
--  ttt_harbor   |     1

-- logs.person_days: time played a day, by all
select day, count(*) as people, sum(seconds) * interval '1 second' as played
from logs.person_days
group by day
order by day;
--  day                    | people | played
-- ------------------------+--------+----------
--  2026-03-02 00:00:00+00 |      2 | 01:20:00
--  2026-03-03 00:00:00+00 |      1 | 00:00:00

-- logs.play_days: time played on each server
select server_id, round(sum(seconds) / 3600.0, 2) as hours, sum(sessions) as sessions
from logs.play_days
group by server_id
order by server_id;
--  server_id | hours | sessions
-- -----------+-------+----------
--  srv_01    |  1.33 |        2
--  srv_02    |  0.00 |        1

-- logs.play_hours: the fullest hours
select hour, server_id, peak
from logs.play_hours
order by peak desc, hour
limit 3;
--  hour                   | server_id | peak
-- ------------------------+-----------+------
--  2026-03-02 19:00:00+00 | srv_01    |    2
--  2026-03-03 19:00:00+00 | srv_02    |    0

-- logs.play_months: people of each month
select month, count(distinct steam_id) as people
from logs.play_months
group by month
order by month;
--  month                  | people
-- ------------------------+--------
--  2026-03-01 00:00:00+00 |      2

-- logs.player_counts: mean and most players, by heartbeats
select server_id, round(sum(players)::numeric / sum(reports), 1) as mean, max(peak) as peak
from logs.player_counts
group by server_id;
--  server_id | mean | peak
-- -----------+------+------
--  srv_01    |  3.0 |    3

-- logs.player_days_nameless: props of each person
select steam_id, sum(props) as props
from logs.player_days_nameless
group by steam_id
having sum(props) > 0;
--  steam_id     | props
-- --------------+-------
--  STEAM_0:0:13 |     1

-- logs.player_hours_nameless: when people play, by hour of the day
select extract(hour from hour at time zone 'UTC') as hour_of_day, count(distinct steam_id) as people
from logs.player_hours_nameless
group by 1
order by 1;
--  hour_of_day | people
-- -------------+--------
--           19 |      2

-- logs.player_months_nameless: events by mode
select month, mode, sum(events) as events
from logs.player_months_nameless
group by month, mode
order by month, mode;
--  month                  | mode    | events
-- ------------------------+---------+--------
--  2026-03-01 00:00:00+00 | Sandbox |      6
--  2026-03-01 00:00:00+00 | TTT     |      1

-- logs.round_ends: who wins
select winner, count(*) as rounds
from logs.round_ends
group by winner;
--  winner  | rounds
-- ---------+--------
--  traitor |      1

-- logs.round_players: kills of each role
select case when is_traitor then 'traitor' when is_detective then 'detective' else 'innocent' end as role,
  sum(kills) as kills, sum(deaths) as deaths
from logs.round_players
group by 1
order by 1;
--  role     | kills | deaths
-- ----------+-------+--------
--  innocent |     0 |      1
--  traitor  |     1 |      0

-- tilt.signal_days: mean severity by kind
select type, sum(events) as events, round(sum(severity_sum) / sum(severities), 1) as severity
from tilt.signal_days
group by type
order by type;
--  type           | events | severity
-- ----------------+--------+----------
--  rage-keywords  |      2 |      6.5
--  rapid-messages |      1 |      3.0

-- tilt.user_days: mean score by day
select day, count(*) as users, sum(events) as events, round(sum(score_sum) / sum(events), 3) as score
from tilt.user_days
group by day
order by day;
--  day                    | users | events | score
-- ------------------------+-------+--------+-------
--  2026-03-02 00:00:00+00 |     1 |      1 | 3.500
--  2026-03-03 00:00:00+00 |     1 |      2 | 1.625
--  2026-03-05 00:00:00+00 |     1 |      1 | 8.000

-- tilt.user_hours: the worst hour of each user
select distinct on (user_id) user_id, hour, score_max
from tilt.user_hours
order by user_id, score_max desc, hour;
--  user_id | hour                   | score_max
-- ---------+------------------------+-----------
--  ana     | 2026-03-02 19:00:00+00 |       3.5
--  bo      | 2026-03-05 07:00:00+00 |         8

-- tracker.faction_weeks: share of wins, with half of the draws
select faction_id, sum(games) as games,
  round((sum(wins - mirror_wins) + 0.5 * sum(draws)) / nullif(sum(games - mirror_games), 0), 2) as rate
from tracker.faction_weeks
group by faction_id
order by faction_id;
--  faction_id  | games | rate
-- -------------+-------+------
--  fac_necrons |     2 | 0.75
--  fac_orks    |     2 | 0.25

-- tracker.player_weeks: points of a player's games
select faction_id, sum(games) as games, sum(points) as points, sum(opponent_points) as opponent_points
from tracker.player_weeks
group by user_id, faction_id
order by faction_id;
--  faction_id  | games | points | opponent_points
-- -------------+-------+--------+-----------------
--  fac_necrons |     2 |    130 |             110
--  fac_orks    |     2 |    110 |             130

-- ttt.duo_all_time: who wins together
select player1, player2, rounds_together, wins
from ttt.duo_all_time
where rounds_together > 0
order by wins desc, rounds_together desc, player1, player2;
--  player1       | player2       | rounds_together | wins
-- ---------------+---------------+-----------------+------
--  STEAM_0:1:101 | STEAM_0:1:103 |               1 |    1
--  STEAM_0:0:102 | STEAM_0:1:103 |               1 |    0

-- ttt.duo_days: rounds of two people in one month
select player1, player2, sum(rounds) as rounds, sum(rounds_together) as together
from ttt.duo_days
where day >= '2026-03-01Z' and day < '2026-04-01Z'
group by player1, player2
order by rounds desc, player1, player2
limit 3;
--  player1       | player2       | rounds | together
-- ---------------+---------------+--------+----------
--  STEAM_0:0:102 | STEAM_0:0:104 |      2 |        0
--  STEAM_0:0:102 | STEAM_0:1:101 |      2 |        0
--  STEAM_0:0:102 | STEAM_0:1:103 |      2 |        1

-- ttt.item_days: whether equipment helps to win
select item, sum(buyer_rounds) as rounds, round(sum(wins)::numeric / sum(buyer_rounds), 2) as won
from ttt.item_days
where not is_bot
group by item
order by item;
--  item             | rounds |  won
-- ------------------+--------+------
--  Radar            |      2 | 0.50
--  weapon_ttt_c4    |      1 | 0.00
--  weapon_ttt_knife |      1 | 1.00

-- ttt.item_months: purchases by role
select month, role, sum(buys) as buys
from ttt.item_months
group by month, role
order by month, role;
--  month                  | role      | buys
-- ------------------------+-----------+------
--  2026-03-01 00:00:00+00 | detective |    1
--  2026-03-01 00:00:00+00 | traitor   |    4

-- ttt.kill_days: who kills whom
select attacker_role, victim_role, sum(kills) as kills
from ttt.kill_days
group by attacker_role, victim_role
having sum(kills) > 0
order by kills desc, attacker_role, victim_role;
--  attacker_role | victim_role | kills
-- ---------------+-------------+-------
--  traitor       | innocent    |     2
--  deputy        | traitor     |     1
--  detective     | innocent    |     1
--  traitor       | detective   |     1

-- ttt.map_kill_days: kills by map
select map_name, sum(kills) as kills
from ttt.map_kill_days
where not by_bot
group by map_name
order by map_name;
--  map_name   | kills
-- ------------+-------
--  ttt_cellar |     2
--  ttt_harbor |     3

-- ttt.map_kill_months: kills by map and month
select month, map_name, sum(kills) as kills
from ttt.map_kill_months
group by month, map_name
order by month, map_name;
--  month                  | map_name   | kills
-- ------------------------+------------+-------
--  2026-03-01 00:00:00+00 | ttt_cellar |     2
--  2026-03-01 00:00:00+00 | ttt_harbor |     3

-- ttt.nemesis_all_time: who was killed by whom
select victim, killer, kills
from ttt.nemesis_all_time
order by victim, kills desc, killer;
--  victim        | killer        | kills
-- ---------------+---------------+-------
--  STEAM_0:0:102 | STEAM_0:1:101 |     1
--  STEAM_0:0:102 | STEAM_0:1:103 |     1
--  STEAM_0:1:103 | STEAM_0:0:102 |     1
--  STEAM_0:1:103 | STEAM_0:1:101 |     1

-- ttt.nemesis_days: kills of one person
select victim, sum(kills) as kills, sum(headshots) as headshots
from ttt.nemesis_days
where killer = 'STEAM_0:1:101'
group by victim
order by victim;
--  victim        | kills | headshots
-- ---------------+-------+-----------
--  STEAM_0:0:102 |     1 |         0
--  STEAM_0:1:103 |     1 |         0

-- ttt.player_all_time: kills for a death
select steam_id, rounds, kills, deaths, round(kills::numeric / nullif(deaths, 0), 2) as ratio
from ttt.player_all_time
order by kills desc, steam_id;
--  steam_id      | rounds | kills | deaths | ratio
-- ---------------+--------+-------+--------+-------
--  STEAM_0:1:101 |      2 |     3 |      0 |
--  STEAM_0:0:102 |      2 |     1 |      2 |  0.50
--  STEAM_0:1:103 |      2 |     1 |      2 |  0.50
--  BOT           |      1 |     0 |      1 |  0.00
--  STEAM_0:0:104 |      2 |     0 |      2 |  0.00

-- ttt.player_days: players and time played a day
select day, count(distinct steam_id) as players, sum(seconds) * interval '1 second' as played
from ttt.player_days
group by day
order by day;
--  day                    | players | played
-- ------------------------+---------+----------
--  2026-03-02 00:00:00+00 |       5 | 00:20:25
--  2026-03-03 00:00:00+00 |       4 | 00:12:00

-- ttt.player_fact_days: karma by role
select role, sum(karma_total) as karma, sum(karma_rounds) as rounds, min(worst_round) as worst
from ttt.player_fact_days
where karma_rounds > 0
group by role
order by role;
--  role      | karma | rounds | worst
-- -----------+-------+--------+-------
--  detective |  -137 |      1 |  -137
--  innocent  |    32 |      4 |   -10
--  role_7    |     5 |      1 |     5
--  traitor   |    35 |      2 |     5

-- ttt.player_months: who played most
select month, steam_id, sum(rounds) as rounds
from ttt.player_months
group by month, steam_id
order by month, rounds desc, steam_id
limit 3;
--  month                  | steam_id      | rounds
-- ------------------------+---------------+--------
--  2026-03-01 00:00:00+00 | STEAM_0:0:102 |      2
--  2026-03-01 00:00:00+00 | STEAM_0:0:104 |      2
--  2026-03-01 00:00:00+00 | STEAM_0:1:101 |      2

-- ttt.player_role_all_time: rounds that a player won, by role
select steam_id, role, rounds, innocent_wins + traitor_wins as wins
from ttt.player_role_all_time
where innocent_wins + traitor_wins > 0
order by steam_id, role;
--  steam_id      | role     | rounds | wins
-- ---------------+----------+--------+------
--  STEAM_0:1:101 | innocent |      1 |    1
--  STEAM_0:1:101 | traitor  |      1 |    1
--  STEAM_0:1:103 | innocent |      1 |    1

-- ttt.player_weapon_all_time: each player's favourite weapon
select distinct on (steam_id) steam_id, weapon, kills
from ttt.player_weapon_all_time
order by steam_id, kills desc, weapon;
--  steam_id      | weapon           | kills
-- ---------------+------------------+-------
--  STEAM_0:0:102 | weapon_ttt_m16   |     1
--  STEAM_0:1:101 | weapon_ttt_knife |     1
--  STEAM_0:1:103 | weapon_zm_rifle  |     1

-- ttt.player_weapon_days: kills by the head, of one player
select weapon, sum(kills) as kills, sum(headshots) as headshots
from ttt.player_weapon_days
where steam_id = 'STEAM_0:1:101'
group by weapon
order by weapon;
--  weapon             | kills | headshots
-- --------------------+-------+-----------
--  weapon_ttt_knife   |     1 |         0
--  weapon_ttt_m16     |     1 |         0
--  weapon_zm_revolver |     1 |         1

-- ttt.role_change_days: who becomes what
select day, role_start, role_end, sum(changes) as changes
from ttt.role_change_days
group by day, role_start, role_end
order by day;
--  day                    | role_start | role_end | changes
-- ------------------------+------------+----------+---------
--  2026-03-03 00:00:00+00 | innocent   | deputy   |       1

-- ttt.role_change_months: who becomes what, by month
select month, role_start, role_end, sum(changes) as changes
from ttt.role_change_months
group by month, role_start, role_end
order by month;
--  month                  | role_start | role_end | changes
-- ------------------------+------------+----------+---------
--  2026-03-01 00:00:00+00 | innocent   | deputy   |       1

-- ttt.role_days: share of wins by role
select role, sum(rounds) as rounds, round(sum(innocent_wins + traitor_wins)::numeric / sum(rounds), 2) as won
from ttt.role_days
where not is_bot
group by role
having sum(rounds) > 0
order by role;
--  role      | rounds |  won
-- -----------+--------+------
--  detective |      1 | 0.00
--  innocent  |      3 | 0.67
--  role_7    |      1 | 0.00
--  traitor   |      2 | 0.50
--  unknown   |      1 | 0.00

-- ttt.role_map_days: traitors by map
select map_name, sum(rounds) as rounds, sum(traitor_wins) as wins
from ttt.role_map_days
where role = 'traitor'
group by map_name
order by map_name;
--  map_name   | rounds | wins
-- ------------+--------+------
--  ttt_cellar |      1 |    0
--  ttt_harbor |      1 |    1

-- ttt.role_months: kills and deaths by role
select month, role, sum(kills) as kills, sum(deaths) as deaths
from ttt.role_months
where not is_bot
group by month, role
order by month, role;
--  month                  | role      | kills | deaths
-- ------------------------+-----------+-------+--------
--  2026-03-01 00:00:00+00 | deputy    |     1 |      0
--  2026-03-01 00:00:00+00 | detective |     1 |      1
--  2026-03-01 00:00:00+00 | innocent  |     0 |      3
--  2026-03-01 00:00:00+00 | role_7    |     0 |      1
--  2026-03-01 00:00:00+00 | traitor   |     3 |      1
--  2026-03-01 00:00:00+00 | unknown   |     0 |      0

-- ttt.round_days: mean length of a round by map
select map_name, sum(rounds) as rounds, sum(seconds) / sum(timed) * interval '1 second' as length
from ttt.round_days
group by map_name
order by map_name;
--  map_name   | rounds | length
-- ------------+--------+----------
--  ttt_cellar |      1 | 00:03:00
--  ttt_harbor |      1 | 00:04:05

-- ttt.round_months: who wins
select month, winner, sum(rounds) as rounds
from ttt.round_months
group by month, winner
order by month, winner;
--  month                  | winner    | rounds
-- ------------------------+-----------+--------
--  2026-03-01 00:00:00+00 | innocents |      1
--  2026-03-01 00:00:00+00 | traitors  |      1

-- ttt.round_quarter_hours: rounds by hour of the day in Berlin
select extract(hour from quarter_hour at time zone 'Europe/Berlin') as hour_of_day, sum(rounds) as rounds
from ttt.round_quarter_hours
group by 1
order by 1;
--  hour_of_day | rounds
-- -------------+--------
--           20 |      1
--           21 |      1

-- ttt.weapon_days: share of hits on the head
select weapon, sum(kills) as kills, round(sum(headshots)::numeric / sum(kills), 2) as headshots
from ttt.weapon_days
where not by_bot
group by weapon
having sum(kills) > 0
order by kills desc, weapon;
--  weapon             | kills | headshots
-- --------------------+-------+-----------
--  weapon_ttt_m16     |     2 |      0.50
--  weapon_ttt_knife   |     1 |      0.00
--  weapon_zm_revolver |     1 |      1.00
--  weapon_zm_rifle    |     1 |      1.00

-- ttt.weapon_months: deaths that are no kills
select month, weapon, sum(suicides) as suicides, sum(world_deaths) as world_deaths
from ttt.weapon_months
group by month, weapon
having sum(suicides + world_deaths) > 0
order by month, weapon;
--  month                  | weapon           | suicides | world_deaths
-- ------------------------+------------------+----------+--------------
--  2026-03-01 00:00:00+00 | trigger_hurt     |        0 |            1
--  2026-03-01 00:00:00+00 | weapon_zm_pistol |        1 |            0
