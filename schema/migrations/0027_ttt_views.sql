-- What is in the columns of the views that several rollups are counted from: what a rollup's file does not
-- say of a column, it takes from there.

comment on column ttt.classed_kills.occurred_at is 'When the round ended';
comment on column ttt.classed_kills.round_id is 'Id of the round, as the game server sent it';
comment on column ttt.classed_kills.attacker_steamid is 'SteamID2 of who killed; null: the world';
comment on column ttt.classed_kills.attacker_role is
  'Role of who killed, lower case; unknown: none was sent';
comment on column ttt.classed_kills.victim_steamid is 'SteamID2 of who died';
comment on column ttt.classed_kills.victim_role is
  'Role of who died, lower case; unknown: none was sent';
comment on column ttt.classed_kills.weapon is 'Class of the weapon; unknown: none was sent';
comment on column ttt.classed_kills.headshot is 'Whether the head was hit';
comment on column ttt.classed_kills.map_name is 'Map; unknown: none was sent';
comment on column ttt.classed_kills.server is
  'Name of the API key that sent the round; null: sent without a key';
comment on column ttt.classed_kills.is_kill is 'Whether it is a kill of somebody else';
comment on column ttt.classed_kills.is_suicide is 'Whether it is a death by the own hand';
comment on column ttt.classed_kills.is_world is 'Whether there was no attacker';
comment on column ttt.classed_kills.is_team_kill is 'Whether it is a kill of somebody of the own side';

comment on column ttt.player_facts.occurred_at is 'When the round ended';
comment on column ttt.player_facts.steam_id is
  'SteamID2 of the player; BOT and the like are shared by several';
comment on column ttt.player_facts.role is
  'Role at the start of the round, or at the kill, death or purchase; unknown: none was sent';
comment on column ttt.player_facts.map_name is 'Map; unknown: none was sent';
comment on column ttt.player_facts.server is
  'Name of the API key that sent the round; null: sent without a key';
comment on column ttt.player_facts.rounds is 'Rounds played [rounds]';
comment on column ttt.player_facts.innocent_wins is 'Rounds won in an innocent role [rounds]';
comment on column ttt.player_facts.traitor_wins is 'Rounds won in a traitor role [rounds]';
comment on column ttt.player_facts.timelimits is
  'Rounds in an innocent role that ended by the time limit [rounds]';
comment on column ttt.player_facts.seconds is 'Length of the rounds played, where it is known [s]';
comment on column ttt.player_facts.karma_diff is
  'Change of karma in the round; null: not known, or no round [karma]';
comment on column ttt.player_facts.points_diff is
  'Change of points in the round; null: not known, or no round [points]';
comment on column ttt.player_facts.kills is 'Kills of others [kills]';
comment on column ttt.player_facts.headshots is 'Kills by a hit on the head [kills]';
comment on column ttt.player_facts.team_kills is 'Kills of somebody of the own side [kills]';
comment on column ttt.player_facts.kills_on_bots is
  'Kills of bots, and of who has no SteamID of their own [kills]';
comment on column ttt.player_facts.deaths is 'Deaths of any cause [deaths]';
comment on column ttt.player_facts.suicides is 'Deaths by the own hand [deaths]';
comment on column ttt.player_facts.world_deaths is
  'Deaths without an attacker, such as falls [deaths]';
comment on column ttt.player_facts.items is 'Purchases [purchases]';
