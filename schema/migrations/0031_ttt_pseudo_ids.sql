-- SteamIDs that several people share, as bots share BOT: whoever is not authenticated yet, has no account, or
-- plays on a LAN. They count as BOT does everywhere. functions/ttt/erasure.py has the same list.
create function ttt.is_pseudo(steam_id text) returns boolean
language sql
immutable
as $$
  select coalesce(
    steam_id in ('BOT', 'NULL', 'STEAM_0:0:0', 'STEAM_ID_LAN', 'STEAM_ID_PENDING', 'UNKNOWN'), false
  )
$$;

create or replace view ttt.classed_kills as
select at, round_id, attacker_steamid, coalesce(attacker_role, 'unknown') as attacker_role,
  victim_steamid, coalesce(victim_role, 'unknown') as victim_role,
  coalesce(weapon, 'unknown') as weapon, headshot, coalesce(map_name, 'unknown') as map_name, server,
  coalesce(attacker_steamid <> victim_steamid or ttt.is_pseudo(attacker_steamid), false) as is_kill,
  coalesce(attacker_steamid = victim_steamid and not ttt.is_pseudo(attacker_steamid), false)
    as is_suicide,
  attacker_steamid is null as is_world,
  coalesce(
    attacker_steamid <> victim_steamid
      and ttt.side(attacker_role) = ttt.side(victim_role)
      and not (ttt.is_pseudo(attacker_steamid) and ttt.is_pseudo(victim_steamid)),
    false
  ) as is_team_kill
from ttt.kills;

create or replace view ttt.deeds as
select at, steam_id, coalesce(role_start, 'unknown') as role,
  coalesce(map_name, 'unknown') as map_name, server, 1 as rounds,
  coalesce(winner = 'innocents' and ttt.side(role_start) = winner, false)::integer as innocent_wins,
  coalesce(winner = 'traitors' and ttt.side(role_start) = winner, false)::integer as traitor_wins,
  (winner = 'timelimit' and ttt.team(role_start) = 'innocent')::integer as timelimits,
  coalesce(duration, 0) as seconds, karma_diff, points_diff,
  0 as kills, 0 as headshots, 0 as team_kills, 0 as kills_on_bots,
  0 as deaths, 0 as suicides, 0 as world_deaths, 0 as items
from ttt.players
union all
select at, attacker_steamid, attacker_role, map_name, server, 0, 0, 0, 0, 0, null, null,
  1, headshot::integer, is_team_kill::integer, ttt.is_pseudo(victim_steamid)::integer, 0, 0, 0, 0
from ttt.classed_kills
where is_kill
union all
select at, victim_steamid, victim_role, map_name, server, 0, 0, 0, 0, 0, null, null,
  0, 0, 0, 0, 1, is_suicide::integer, is_world::integer, 0
from ttt.classed_kills
union all
select at, steam_id, coalesce(role, 'unknown'), coalesce(map_name, 'unknown'), server,
  0, 0, 0, 0, 0, null, null, 0, 0, 0, 0, 0, 0, 0, 1
from ttt.buys;
