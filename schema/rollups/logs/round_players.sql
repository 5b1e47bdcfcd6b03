-- rollup: logs.round_players   version: 1
-- A row is one person in one round in an hour: the roles they had, whom they killed, how they died.
-- Without a round id it is what happened outside of known rounds.
-- source: logs.event_hours(hour)   bucket: hour, 1 hour   read by: occurred_at
-- index: steam_id, hour
-- column: steam_id  SteamID2 of the player, such as STEAM_0:1:2
-- column: server_id  Id of the game server, srv_…
-- column: mode  Game mode of the server, such as TTT or Sandbox
-- column: round_id  The game server's id of the round; null: outside of known rounds
-- column: is_traitor  Whether they were a traitor
-- column: is_detective  Whether they were a detective
-- column: is_innocent  Whether they were an innocent
-- column: is_murderer  Whether they were the murderer, or killed
-- column: kills  Kills of others [kills]
-- column: deaths  Deaths of any cause [deaths]
select time_bucket('1 hour', occurred_at) as hour, steam_id, server_id, mode, round_id,
  bool_or(role is not distinct from 'traitor') as is_traitor,
  bool_or(role is not distinct from 'detective') as is_detective,
  bool_or(role is not distinct from 'innocent') as is_innocent,
  bool_or(role is not distinct from 'murderer' or kills) as is_murderer,
  (count(*) filter (where kills and not is_own))::integer as kills,
  (count(*) filter (where dies))::integer as deaths
from (
  select e.occurred_at, e.server_id, e.mode, e.metadata ->> 'roundId' as round_id, p.steam_id,
    lower(p.role) as role, p.kills, p.dies,
    e.metadata ->> 'attackerSteamId' = coalesce(e.metadata ->> 'victimSteamId', e.steam_id)
      as is_own
  from logs.events e
  cross join lateral (
    values (e.steam_id, e.metadata ->> 'role', false, false),
      (e.metadata ->> 'attackerSteamId', e.metadata ->> 'attackerRole', e.type = 'KILL', false),
      (
        coalesce(e.metadata ->> 'victimSteamId', case when e.type = 'KILL' then e.steam_id end),
        e.metadata ->> 'victimRole', false, e.type = 'KILL'
      )
  ) as p (steam_id, role, kills, dies)
  where e.mode in ('TTT', 'Murder')
) as seen
where logs.is_person(steam_id)
  and (round_id is not null or kills or dies)
group by hour, steam_id, server_id, mode, round_id
