-- Players: how one comes to be, is read, grows and goes.

-- Makes the player of a user who has none, and returns the player's id. The visit comes before the
-- ledger, as in every call: so those who are the first to mark a day do not deadlock.
create or replace function game.create_player(user_id bigint, username text) returns bigint
language sql
as $$
  insert into game.visits (player_id, joined_at)
  select $1, now()
  where not exists (select from game.players as p where p.user_id = $1);
  with created as (
    insert into game.players (user_id, username, active_on)
    values ($1, $2, time_bucket('1 day', now()))
    on conflict on constraint players_pkey do nothing
    returning user_id, gold
  )
  insert into game.ledger (player_id, kind, amount, balance_after, cause)
  select user_id, 'gold', gold, gold, 'start'
  from created;
  select $1
$$;

create or replace function game.buff_json(buff game.buffs) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
    'id', $1.id,
    'buff_type', $1.buff_type,
    'effect_value', $1.effect_value,
    'applied_at', game.to_time($1.applied_at),
    'expires_at', game.to_time($1.expires_at),
    'source', $1.source
  )
$$;

-- The player of a call, with stamina as of a moment; `user_id` is null for who is none.
create or replace function game.load_player(call game.call, at timestamptz) returns game.players
language plpgsql
stable
as $$
declare
  player game.players;
  now_has game.stamina;
begin
  select p.* into player
  from game.players as p
  where p.user_id = call.user_id;
  if found then
    now_has := game.get_stamina(player, call, at);
    player.stamina := now_has.points;
    player.stamina_rest := now_has.rest;
    player.stamina_anchor := now_has.anchor;
  end if;
  return player;
end
$$;

-- The maximum of stamina at a moment, with a boost.
--
-- In PL/pgSQL, which keeps its plans: a function in SQL that is not inlined is planned each time.
create or replace function game.get_stamina_max(player game.players, at timestamptz) returns integer
language plpgsql
stable
as $$
declare
  boost integer;
begin
  select b.effect_value into boost
  from game.buffs as b
  where b.player_id = player.user_id
    and b.buff_type = 'stamina_boost'
    and b.expires_at > at;
  return greatest(player.stamina_max, boost);
end
$$;

-- A player whose stamina is as of a moment, as clients read it.
create or replace function game.player_json(player game.players, at timestamptz) returns jsonb
language plpgsql
stable
as $$
declare
  reached bigint;
  cost bigint;
  buffs jsonb;
begin
  select l.total_xp, n.cost into reached, cost
  from game.levels as l
  join game.levels as n on n.level = l.level + 1
  where l.level = player.level;
  select coalesce(jsonb_agg(game.buff_json(b) order by b.id), '[]') into buffs
  from game.buffs as b
  where b.player_id = player.user_id
    and b.expires_at > at;
  return jsonb_build_object(
    'id', player.user_id,
    'user_id', player.user_id,
    'username', player.username,
    'level', player.level,
    'exp', player.xp - reached,
    'exp_max', cost,
    'total_exp', player.xp,
    'gold', player.gold,
    'gems', player.gems,
    'stamina', player.stamina,
    'stamina_max', game.get_stamina_max(player, at),
    'base_attack', player.base_attack,
    'base_defense', player.base_defense,
    'base_hp', player.base_hp,
    'unspent_stat_points', player.unspent_stat_points,
    'active_buffs', buffs,
    'created_at', game.to_time(player.created_at),
    'updated_at', game.to_time(player.updated_at)
  );
end
$$;

-- Stores the stamina of a player who was loaded.
create or replace function game.store_stamina(player game.players) returns void
language plpgsql
as $$
begin
  update game.players as p
  set stamina = player.stamina,
    stamina_rest = player.stamina_rest,
    stamina_anchor = player.stamina_anchor
  where p.user_id = player.user_id;
end
$$;

create or replace function game.regenerate_stamina(call game.call) returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  at timestamptz := clock_timestamp();
  player game.players;
begin
  if reply.status is not null then
    return reply;
  end if;
  player := game.load_player(call, at);
  perform game.store_stamina(player);
  return game.end_call(
    call,
    jsonb_build_object(
      'stamina', player.stamina, 'stamina_max', game.get_stamina_max(player, at)
    )
  );
end
$$;

create or replace function game.allocate_stats(
  call game.call, attack bigint, defense bigint, max_stamina bigint
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  at timestamptz := clock_timestamp();
  requested bigint := attack + defense + max_stamina;
  player game.players;
begin
  if reply.status is not null then
    return reply;
  end if;
  player := game.load_player(call, at);
  if requested > player.unspent_stat_points then
    return game.refuse(
      400,
      format(
        'Not enough stat points. Available: %s, Requested: %s',
        player.unspent_stat_points, requested
      )
    );
  end if;
  if max_stamina > 0 then
    player.stamina_max := player.stamina_max + max_stamina;
    player.stamina := game.get_stamina_max(player, at);
    player.stamina_rest := 0;
  end if;
  update game.players as p
  set base_attack = p.base_attack + attack,
    base_defense = p.base_defense + defense,
    stamina_max = player.stamina_max,
    stamina = player.stamina,
    stamina_rest = player.stamina_rest,
    stamina_anchor = player.stamina_anchor,
    unspent_stat_points = p.unspent_stat_points - requested,
    updated_at = case when requested > 0 then at else p.updated_at end
  where p.user_id = call.user_id
  returning p.* into player;
  return game.end_call(
    call,
    jsonb_build_object(
      'message', 'Stats allocated successfully', 'player', game.player_json(player, at)
    )
  );
end
$$;

-- Gives experience to a player, whom the caller has locked, and returns what it changed. Any level
-- that is reached fills stamina.
create or replace function game.gain_xp(call game.call, gained bigint) returns jsonb
language plpgsql
as $$
declare
  at timestamptz := clock_timestamp();
  player game.players := game.load_player(call, at);
  old_level integer := player.level;
  points integer := 0;
begin
  player.xp := least(player.xp + gained, 9007199254740991);
  select max(l.level) into player.level
  from game.levels as l
  where l.total_xp <= player.xp
    and l.level <= 100;
  if player.level > old_level then
    select sum(case when reached % 10 = 0 then 8 else 3 end) into points
    from generate_series(old_level + 1, player.level) as reached;
    player.stamina := game.get_stamina_max(player, at);
    player.stamina_rest := 0;
  end if;
  update game.players as p
  set xp = player.xp,
    level = player.level,
    unspent_stat_points = p.unspent_stat_points + points,
    stamina = player.stamina,
    stamina_rest = player.stamina_rest,
    stamina_anchor = player.stamina_anchor,
    updated_at = at
  where p.user_id = call.user_id;
  return jsonb_build_object(
    'leveled_up', player.level > old_level,
    'old_level', old_level,
    'new_level', player.level,
    'levels_gained', player.level - old_level,
    'stat_points_earned', points,
    'total_xp', player.xp,
    'xp_gained', gained
  );
end
$$;
