-- Attacks: what a blow costs, what it does, and who is told.

-- The power of a player's blows: own attack, worn items and pets of the attack set, and a boost.
create or replace function game.get_power(player game.players, at timestamptz) returns bigint
language plpgsql
stable
as $$
declare
  power bigint;
begin
  select (player.base_attack + coalesce(worn.attack, 0) + coalesce(pets.attack, 0))
    * coalesce(boost.effect_value, 1)
  into power
  from (
    select sum(i.attack_bonus) as attack
    from game.equipment as e
    join game.items as i on i.id = e.item_id
    where e.player_id = player.user_id
      and e.set_type = 'attack'
  ) as worn
  cross join (
    select sum(b.attack) as attack
    from game.pet_slots as s
    join game.pets as t on t.id = s.pet_id
    cross join lateral game.pet_stats(t) as b
    where s.player_id = player.user_id
      and s.set_type = 'attack'
  ) as pets
  left join game.buffs as boost
    on boost.player_id = player.user_id
    and boost.buff_type = 'attack_boost'
    and boost.expires_at > at;
  return power;
end
$$;

-- The damage of a blow: the draw spreads it evenly from 0.9 to 1.1 of the power that the enemy's
-- defense leaves, both ends included. Whole numbers all the way; at least 1.
create or replace function game.compute_damage(
  power bigint, defense integer, is_critical boolean, factor_tenths integer, drawn bigint
)
returns bigint
language sql
immutable
as $$
  select greatest(
      div(
        div(
          greatest($1 - $2 / 2, 1)::numeric * case when $3 then 2 else 1 end
            * (9 * 4294967295 + 2 * $5),
          10 * 4294967295
        ) * $4,
        10
      ),
      1
    )::bigint
$$;

-- The phase of a boss: one more for each of 75, 50 and 25 % that its hit points are not above.
create or replace function game.get_boss_phase(hp bigint, hp_max bigint) returns integer
language sql
immutable
as $$
  select 1 + ($1 * 4 <= $2 * 3)::integer + ($1 * 2 <= $2)::integer + ($1 * 4 <= $2)::integer
$$;

-- Strikes an enemy, by default the first that stands. Two draws: whether it is a critical hit, and
-- how hard it is.
--
-- What depends on the player alone is reckoned first: from the lock of the battle on, others who
-- strike in it wait.
create or replace function game.attack(
  call game.call, battle_id bigint, enemy_id bigint, attack_type text, critical_draw bigint,
  damage_draw bigint
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  at timestamptz := clock_timestamp();
  player game.players;
  power bigint;
  rules game.attack_types;
  battle game.battles;
  enemy game.battle_enemies;
  member game.participants;
  is_critical boolean;
  damage bigint;
  is_over boolean := false;
begin
  if reply.status is not null then
    return reply;
  end if;
  player := game.load_player(call, at);
  power := game.get_power(player, at);
  select a.* into rules
  from game.attack_types as a
  where a.attack_type = attack.attack_type;
  select b.* into battle
  from game.battles as b
  where b.id = attack.battle_id
  for no key update;
  if not found then
    return game.refuse(404, 'Battle not found');
  end if;
  select e.* into enemy
  from game.battle_enemies as e
  where e.battle_id = battle.id
    and (attack.enemy_id is null or e.id = attack.enemy_id)
  order by e.hp_current = 0, e.id
  limit 1;
  select t.* into member
  from game.participants as t
  where t.battle_id = battle.id
    and t.player_id = call.user_id;
  reply := game.check_attack(battle, enemy, member, player.stamina, rules.stamina_cost);
  if reply.status is not null then
    return reply;
  end if;
  is_critical := (critical_draw * 100) >> 32 < rules.critical_percent;
  damage := game.compute_damage(
    power, enemy.defense, is_critical, rules.factor_tenths, damage_draw
  );
  insert into game.rolls (player_id, kind, reference, chance, drawn, result)
  values
    (
      call.user_id, 'critical', battle.id,
      jsonb_build_object(
        'critical', rules.critical_percent, 'plain', 100 - rules.critical_percent
      ),
      critical_draw, case when is_critical then 'critical' else 'plain' end
    ),
    (
      call.user_id, 'damage', battle.id,
      jsonb_build_object(
        'from', game.compute_damage(power, enemy.defense, is_critical, rules.factor_tenths, 0),
        'to',
        game.compute_damage(power, enemy.defense, is_critical, rules.factor_tenths, 4294967295)
      ),
      damage_draw, damage::text
    );
  update game.battle_enemies as e
  set hp_current = greatest(e.hp_current - damage, 0)
  where e.id = enemy.id
  returning e.* into enemy;
  update game.participants as t
  set total_damage_dealt = t.total_damage_dealt + damage,
    attacks_count = t.attacks_count + 1
  where t.id = member.id;
  player.stamina := player.stamina - rules.stamina_cost;
  perform game.store_stamina(player);
  if enemy.hp_current = 0 then
    is_over := not exists (
      select
      from game.battle_enemies as e
      where e.battle_id = battle.id
        and e.hp_current > 0
    );
  end if;
  perform game.tell_attack(player, battle, enemy, damage, is_critical, rules.attack_type, is_over);
  return game.end_call(
    call,
    jsonb_build_object(
      'success', true,
      'damage', damage,
      'is_critical', is_critical,
      'enemy_id', enemy.id,
      'enemy_hp_remaining', enemy.hp_current,
      'enemy_defeated', enemy.hp_current = 0,
      'battle_completed', is_over,
      'attack_type', rules.attack_type,
      'stamina_cost', rules.stamina_cost,
      'stamina_remaining', player.stamina,
      'error', null
    )
  );
end
$$;

-- The reply that refuses an attack; none to one that counts.
create or replace function game.check_attack(
  battle game.battles, enemy game.battle_enemies, member game.participants, stamina integer,
  cost integer
)
returns game.reply
language plpgsql
immutable
as $$
begin
  if enemy.id is null then
    return game.refuse(400, 'Enemy not found');
  elsif enemy.hp_current = 0 then
    return game.refuse(400, 'Enemy already defeated');
  elsif battle.status <> 'in_progress' then
    return game.refuse(400, 'Battle not in progress');
  elsif member.id is null then
    return game.refuse(400, 'Not in this battle');
  elsif member.is_dead then
    return game.refuse(400, 'You are dead. Wait, or be resurrected.');
  elsif stamina < cost then
    return game.refuse(400, format('Not enough stamina! Need %s, have %s', cost, stamina));
  end if;
  return null;
end
$$;

-- Stores how a battle stands after a blow, and appends what happened to its room.
create or replace function game.tell_attack(
  player game.players, battle game.battles, enemy game.battle_enemies, damage bigint,
  is_critical boolean, attack_type text, is_over boolean
)
returns void
language plpgsql
as $$
declare
  room constant text := 'battle:' || battle.id;
  at constant timestamptz := clock_timestamp();
  phase integer;
begin
  if battle.battle_type = 'boss_raid' then
    phase := game.get_boss_phase(enemy.hp_current, enemy.hp_max);
  end if;
  update game.battles as b
  set last_attack_at = at,
    boss_phase = phase,
    status = case when is_over then 'completed' else b.status end,
    ended_at = case when is_over then at end
  where b.id = battle.id;
  perform live.append(
    room,
    'attack',
    jsonb_build_object(
      'player_name', player.username,
      'username', player.username,
      'userId', player.user_id,
      'player_level', player.level,
      'enemy_id', enemy.id,
      'enemy_name', enemy.name,
      'damage', damage,
      'is_critical', is_critical,
      'enemy_hp_remaining', enemy.hp_current,
      'enemy_defeated', enemy.hp_current = 0,
      'battle_completed', is_over,
      'attack_type', attack_type,
      'timestamp', game.to_time(at)
    )
  );
  if enemy.hp_current = 0 then
    perform live.append(
      room,
      'enemy_defeated',
      jsonb_build_object(
        'enemy_id', enemy.id,
        'enemy_name', enemy.name,
        'defeated_by', player.username,
        'username', player.username,
        'userId', player.user_id
      )
    );
  elsif phase > battle.boss_phase then
    perform live.append(
      room,
      'boss_phase_change',
      jsonb_build_object(
        'previous_phase', battle.boss_phase,
        'new_phase', phase,
        'hp_percent', round(enemy.hp_current * 100.0 / enemy.hp_max, 2),
        'description', format(
          (
            array[
              '%s bleeds, and its blows come faster.',
              '%s is enraged!',
              '%s makes its last stand.'
            ]
          )[phase - 1],
          enemy.name
        )
      )
    );
  end if;
  if is_over then
    perform live.append(
      room,
      'battle_completed',
      jsonb_build_object(
        'battle_id', battle.id,
        'message', 'All enemies are down. Claim your loot!'
      )
    );
  end if;
end
$$;
