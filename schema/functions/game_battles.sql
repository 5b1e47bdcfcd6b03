-- Battles: reading them.

-- A battle as lists show it.
create or replace function game.battle_json(battle game.battles) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
    'id', $1.id,
    'name', $1.name,
    'difficulty', $1.difficulty,
    'wave_number', $1.wave_number,
    'status', $1.status,
    'required_level', $1.required_level,
    'stamina_cost', $1.stamina_cost,
    'current_players', $1.current_players,
    'max_players', $1.max_players,
    'gold_reward', $1.gold_reward,
    'exp_reward', $1.exp_reward,
    'is_boss_raid', $1.battle_type = 'boss_raid',
    'battle_type', $1.battle_type
  )
$$;

-- A battle with its enemies and players, as its own page shows it.
create or replace function game.battle_details_json(battle game.battles) returns jsonb
language sql
stable
as $$
  select game.battle_json($1)
    || case
      when $1.battle_type = 'boss_raid' then jsonb_build_object(
        'boss_current_phase', $1.boss_phase,
        'boss_phase_count', 4,
        'boss_phase_thresholds', jsonb_build_array(75, 50, 25),
        'min_players', $1.min_players
      )
      else '{}'
    end
    || jsonb_build_object(
      'enemies', (
        select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'id', e.id,
                'name', e.name,
                'type', e.type,
                'level', e.level,
                'icon', e.icon,
                'hp_current', e.hp_current,
                'hp_max', e.hp_max,
                'attack', e.attack,
                'defense', e.defense,
                'is_defeated', e.hp_current = 0
              )
              order by e.id
            ),
            '[]'
          )
        from game.battle_enemies as e
        where e.battle_id = $1.id
      ),
      'participants', (
        select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'id', t.id,
                'player_id', t.player_id,
                'username', p.username,
                'level', p.level,
                'total_damage_dealt', t.total_damage_dealt,
                'is_dead', t.is_dead
              )
              order by t.id
            ),
            '[]'
          )
        from game.participants as t
        join game.players as p on p.user_id = t.player_id
        where t.battle_id = $1.id
      )
    )
$$;

-- Open battles of a type, newest first, after the pool is filled; of standard ones those that the
-- caller's level may join.
create or replace function game.list_battles(call game.call, wanted text, drawn bigint[])
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.check_caller(call);
  found_battles jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  perform game.keep_pool(drawn);
  select coalesce(jsonb_agg(game.battle_json(b) order by b.id desc), '[]') into found_battles
  from (
    select o.*
    from game.battles as o
    where o.battle_type = wanted
      and o.status in ('waiting', 'in_progress')
      and (
        wanted = 'boss_raid'
        or o.required_level <= (
          select p.level
          from game.players as p
          where p.user_id = call.user_id
        )
      )
    order by o.id desc
    limit 20
  ) as b;
  return row(200, found_battles)::game.reply;
end
$$;

create or replace function game.get_battle(call game.call, battle_id bigint) returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_caller(call);
  battle game.battles;
begin
  if reply.status is not null then
    return reply;
  end if;
  select b.* into battle
  from game.battles as b
  where b.id = get_battle.battle_id;
  if not found then
    return game.refuse(404, 'Battle not found');
  end if;
  return row(200, game.battle_details_json(battle))::game.reply;
end
$$;

-- The battles of the caller, newest first.
create or replace function game.list_own_battles(call game.call, most integer) returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_caller(call);
  found_battles jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', t.id,
          'player_id', t.player_id,
          'total_damage_dealt', t.total_damage_dealt,
          'attacks_count', t.attacks_count,
          'has_claimed_loot', t.claimed_at is not null,
          'joined_at', game.to_time(t.joined_at),
          'battle_id', t.battle_id,
          'battle_name', b.name,
          'status', b.status,
          'rewards', t.rewards,
          'claimed_at', game.to_time(t.claimed_at)
        )
        order by t.id desc
      ),
      '[]'
    )
  into found_battles
  from (
    select o.*
    from game.participants as o
    where o.player_id = call.user_id
    order by o.id desc
    limit most
  ) as t
  join game.battles as b on b.id = t.battle_id;
  return row(200, found_battles)::game.reply;
end
$$;

-- What happened in a battle, in words: the last blows and defeats, oldest first.
create or replace function game.list_battle_logs(
  call game.call, battle_id bigint, most integer, skipped integer
)
returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_caller(call);
  messages jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  perform
  from game.battles as b
  where b.id = list_battle_logs.battle_id;
  if not found then
    return game.refuse(404, 'Battle not found');
  end if;
  select coalesce(jsonb_agg(game.battle_log_json(battle_id, e) order by e.seq), '[]')
  into messages
  from live.read_last_events(
      'battle:' || battle_id, array['attack', 'enemy_defeated'], most, skipped
    ) as e;
  return row(
    200,
    jsonb_build_object(
      'battle_id', battle_id, 'logs', messages, 'count', jsonb_array_length(messages)
    )
  )::game.reply;
end
$$;

create or replace function game.battle_log_json(battle_id bigint, event live.events) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
    'id', $2.seq,
    'battle_id', $1,
    'type', $2.type,
    'message', case $2.type
      when 'attack' then format(
        '%s strikes %s for %s damage%s', $2.payload ->> 'username', $2.payload ->> 'enemy_name',
        $2.payload ->> 'damage',
        case when ($2.payload -> 'is_critical')::boolean then ', a critical hit!' else '.' end
      )
      else format('%s defeats %s!', $2.payload ->> 'username', $2.payload ->> 'enemy_name')
    end,
    'timestamp', game.to_time($2.occurred_at),
    'userId', $2.payload -> 'userId',
    'username', $2.payload -> 'username',
    'player_name', $2.payload -> 'username',
    'enemy_id', $2.payload -> 'enemy_id',
    'enemy_name', $2.payload -> 'enemy_name',
    'damage', $2.payload -> 'damage',
    'enemy_hp_remaining', $2.payload -> 'enemy_hp_remaining',
    'is_critical', $2.payload -> 'is_critical'
  )
$$;
