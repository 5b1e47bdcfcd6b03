-- Adds changes to what is kept of them: signs of life and totals.
create or replace function logs.apply_changes(changes logs.change_queue[]) returns void
language plpgsql
as $$
begin
  insert into logs.liveness_slots as k (server_id, slot, first_at, last_at)
  select server_id, time_bucket('5 minutes', occurred_at), min(occurred_at), max(occurred_at)
  from unnest(changes)
  group by 1, 2
  on conflict (server_id, slot) do update
  set first_at = least(k.first_at, excluded.first_at),
    last_at = greatest(k.last_at, excluded.last_at)
  where excluded.first_at < k.first_at
    or excluded.last_at > k.last_at;

  update logs.sessions s
  set last_event_at = n.occurred_at
  from (
    select server_id, steam_id, max(occurred_at) as occurred_at
    from unnest(changes)
    where id is not null
      and not is_ambiguous
      and steam_id is not null
    group by server_id, steam_id
  ) as n
  where s.server_id = n.server_id
    and s.steam_id = n.steam_id
    and s.reason = 'open'
    and s.last_event_at < n.occurred_at;

  insert into logs.player_totals as t
    (steam_id, server_id, mode, events, props, first_at, last_at, named_at, named_by, name)
  select steam_id, server_id, mode, events, props, first_at, last_at, named_at, named_by, name
  from logs.sum_players(changes)
  on conflict (steam_id, server_id, mode) do update
  set events = t.events + excluded.events,
    props = t.props + excluded.props,
    first_at = least(t.first_at, excluded.first_at),
    last_at = greatest(t.last_at, excluded.last_at),
    named_at = greatest(t.named_at, excluded.named_at),
    named_by = case
      when (t.named_at, t.named_by) > (excluded.named_at, excluded.named_by) then t.named_by
      else coalesce(excluded.named_by, t.named_by)
    end,
    name = case
      when (t.named_at, t.named_by) > (excluded.named_at, excluded.named_by) then t.name
      else coalesce(excluded.name, t.name)
    end;

  insert into logs.player_names as t (steam_id, name, first_at, last_at)
  select steam_id, name, first_at, last_at
  from logs.sum_names(changes)
  on conflict (steam_id, name) do update
  set first_at = least(t.first_at, excluded.first_at),
    last_at = greatest(t.last_at, excluded.last_at);

  insert into logs.active_days (day, steam_id)
  select day, steam_id
  from logs.sum_active_days(changes)
  on conflict do nothing;

  insert into logs.type_days as t (server_id, day, mode, type, events)
  select server_id, day, mode, type, events
  from logs.sum_types(changes)
  on conflict (server_id, day, mode, type) do update
  set events = t.events + excluded.events;

  insert into logs.peaks as t (server_id, hour, players)
  select server_id, hour, players
  from logs.sum_peaks(changes)
  on conflict (server_id, hour) do update
  set players = excluded.players
  where t.players < excluded.players;

  insert into logs.map_hours as k (hour, server_id, mode, maps, last_at, last_rank, last_id)
  select hour, server_id, mode, maps, last_at, last_rank, last_id
  from logs.merge_map_hours(changes)
  on conflict (hour, server_id, mode) do update
  set maps = excluded.maps,
    last_at = excluded.last_at,
    last_rank = excluded.last_rank,
    last_id = excluded.last_id;

  insert into logs.player_rounds as t
    (steam_id, server_id, mode, round_id, is_traitor, is_detective, is_innocent, is_murderer,
     kills, deaths)
  select steam_id, server_id, mode, round_id, is_traitor, is_detective, is_innocent, is_murderer,
    kills, deaths
  from logs.sum_rounds(changes)
  on conflict on constraint player_rounds_key do update
  set is_traitor = t.is_traitor or excluded.is_traitor,
    is_detective = t.is_detective or excluded.is_detective,
    is_innocent = t.is_innocent or excluded.is_innocent,
    is_murderer = t.is_murderer or excluded.is_murderer,
    kills = t.kills + excluded.kills,
    deaths = t.deaths + excluded.deaths;

  insert into logs.round_winners as t (server_id, round_id, ended_at, ended_by, winner)
  select server_id, round_id, ended_at, ended_by, winner
  from logs.sum_winners(changes)
  on conflict (server_id, round_id) do update
  set ended_at = excluded.ended_at,
    ended_by = excluded.ended_by,
    winner = excluded.winner
  where (t.ended_at, t.ended_by) < (excluded.ended_at, excluded.ended_by);
end
$$;
