-- Joining a battle, and coming back to life in one.

-- Joins a battle; who has joined is let in again, and pays nothing.
create or replace function game.join_battle(call game.call, battle_id bigint) returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  at timestamptz := clock_timestamp();
  battle game.battles;
  player game.players;
  member_id bigint;
  message text := 'Rejoined battle successfully';
begin
  if reply.status is not null then
    return reply;
  end if;
  select b.* into battle
  from game.battles as b
  where b.id = join_battle.battle_id
  for no key update;
  if not found then
    return game.refuse(404, 'Battle not found');
  elsif battle.status = 'completed' then
    return game.refuse(400, 'Battle is already completed');
  elsif battle.status = 'abandoned' then
    return game.refuse(400, 'Battle has been abandoned');
  end if;
  select t.id into member_id
  from game.participants as t
  where t.battle_id = battle.id
    and t.player_id = call.user_id;
  if not found then
    player := game.load_player(call, at);
    if player.level < battle.required_level then
      return game.refuse(400, format('Requires level %s', battle.required_level));
    elsif player.stamina < battle.stamina_cost then
      return game.refuse(
        400,
        format('Not enough stamina (need %s, have %s)', battle.stamina_cost, player.stamina)
      );
    elsif battle.current_players >= battle.max_players then
      return game.refuse(400, 'Battle is full');
    end if;
    message := 'Joined battle successfully';
    member_id := game.add_participant(player, battle, at);
  end if;
  return game.end_call(
    call,
    jsonb_build_object(
      'success', true,
      'message', message,
      'battle_id', battle.id,
      'participant_id', member_id
    )
  );
end
$$;

-- Seats a player, whom the caller has locked and loaded, in a battle that is locked too.
create or replace function game.add_participant(
  player game.players, battle game.battles, at timestamptz
)
returns bigint
language plpgsql
as $$
declare
  member_id bigint;
begin
  insert into game.participants (battle_id, player_id)
  values (battle.id, player.user_id)
  returning id into member_id;
  update game.battles as b
  set status = 'in_progress',
    started_at = coalesce(b.started_at, at),
    current_players = b.current_players + 1
  where b.id = battle.id;
  player.stamina := player.stamina - battle.stamina_cost;
  perform game.store_stamina(player);
  perform live.append(
    'battle:' || battle.id,
    'player_joined_battle',
    jsonb_build_object(
      'player_name', player.username,
      'username', player.username,
      'player_level', player.level,
      'participant_id', member_id,
      'battle_status', 'in_progress'
    )
  );
  return member_id;
end
$$;

-- Refuses to bring a player back to life: nobody dies yet.
create or replace function game.resurrect(call game.call, battle_id bigint) returns game.reply
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
  where b.id = resurrect.battle_id;
  if not found then
    return game.refuse(404, 'Battle not found');
  elsif battle.battle_type <> 'boss_raid' then
    return game.refuse(400, 'Resurrection is only available in boss raids');
  end if;
  perform
  from game.participants as t
  where t.battle_id = battle.id
    and t.player_id = call.user_id;
  if not found then
    return game.refuse(404, 'Not in this battle');
  end if;
  return game.refuse(400, 'Player is not dead');
end
$$;
