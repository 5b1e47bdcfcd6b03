-- Potions, and the boosts that they give.

-- Drinks a unit of a potion. A refusal consumes nothing.
create or replace function game.use_potion(call game.call, item_id bigint) returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  at timestamptz := clock_timestamp();
  item game.items;
  player game.players;
  kind text;
  value integer;
  buff game.buffs;
  is_for_stamina boolean;
begin
  if reply.status is not null then
    return reply;
  end if;
  select i.* into item
  from game.items as i
  where i.id = use_potion.item_id
    and i.player_id = call.user_id
    and i.item_type = 'consumable';
  if not found then
    return game.refuse(404, 'Potion not found in inventory');
  end if;
  kind := item.properties ->> 'potion_type';
  if kind is null then
    return game.refuse(400, 'Invalid potion - missing potion_type');
  end if;
  if kind <> 'stamina_restore' and exists (
    select
    from game.buffs as b
    where b.player_id = call.user_id
      and b.buff_type = kind
      and b.expires_at > at
  ) then
    return game.refuse(
      400, format('You already have an active %s!', replace(kind, '_', ' '))
    );
  end if;
  value := (item.properties ->> 'effect_value')::integer;
  is_for_stamina := kind in ('stamina_restore', 'stamina_boost');
  player := game.load_player(call, at);
  if kind <> 'stamina_restore' then
    insert into game.buffs as b (
      player_id, buff_type, effect_value, source, applied_at, expires_at
    )
    values (
      call.user_id, kind, value, 'potion', at,
      at + make_interval(secs => (item.properties ->> 'duration')::integer)
    )
    on conflict on constraint buffs_pkey do update
    set id = default,
      effect_value = excluded.effect_value,
      source = excluded.source,
      applied_at = excluded.applied_at,
      expires_at = excluded.expires_at
    returning b.* into buff;
  end if;
  if is_for_stamina then
    player.stamina := case kind
      when 'stamina_boost' then game.get_stamina_max(player, at)
      else least(player.stamina + value, game.get_stamina_max(player, at))
    end;
    if player.stamina = game.get_stamina_max(player, at) then
      player.stamina_rest := 0;
    end if;
    perform game.store_stamina(player);
  end if;
  perform game.take_units(item, 1);
  return game.end_call(
    call,
    jsonb_build_object(
      'success', true,
      'message', game.describe_potion(item.properties),
      'buff_applied', case when buff.id is not null then game.buff_json(buff) end,
      'remaining_quantity', item.quantity - 1
    )
    || case
      when is_for_stamina then jsonb_build_object(
        'stamina', player.stamina, 'stamina_max', game.get_stamina_max(player, at)
      )
      else '{}'
    end
  );
end
$$;

-- Takes units of an item that stacks; the row goes with the last one.
create or replace function game.take_units(item game.items, units integer) returns void
language plpgsql
as $$
begin
  if item.quantity > units then
    update game.items as i
    set quantity = i.quantity - units
    where i.id = item.id;
  else
    delete from game.items as i
    where i.id = item.id;
  end if;
end
$$;

-- What a potion did, in a sentence.
create or replace function game.describe_potion(properties jsonb) returns text
language sql
stable
as $$
  select case $1 ->> 'potion_type'
      when 'attack_boost' then
        format(
          'Your blows hit %s times as hard for %s minutes.',
          $1 ->> 'effect_value', ($1 ->> 'duration')::integer / 60
        )
      when 'stamina_boost' then
        format(
          'Your stamina rises to %s for %s minutes.',
          $1 ->> 'effect_value', ($1 ->> 'duration')::integer / 60
        )
      else 'You feel rested.'
    end
$$;

-- Deletes boosts that are over, once stamina no longer depends on them.
create or replace function game.clean_up_buffs(call game.call) returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  at timestamptz := clock_timestamp();
  deleted integer;
begin
  if reply.status is not null then
    return reply;
  end if;
  perform game.store_stamina(game.load_player(call, at));
  delete from game.buffs as b
  where b.player_id = call.user_id
    and b.expires_at <= at;
  get diagnostics deleted = row_count;
  return game.end_call(
    call,
    jsonb_build_object('message', 'Expired buffs removed', 'deleted_count', deleted)
  );
end
$$;
