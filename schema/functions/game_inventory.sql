-- Items of players and the two sets that they wear.

create or replace function game.item_json(item game.items) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
    'id', $1.id,
    'item_type', $1.item_type,
    'name', $1.name,
    'rarity', $1.rarity,
    'level_requirement', $1.level_requirement,
    'attack_bonus', $1.attack_bonus,
    'defense_bonus', $1.defense_bonus,
    'hp_bonus', $1.hp_bonus,
    'quantity', $1.quantity,
    'properties', $1.properties,
    'icon', $1.icon
  )
$$;

-- The id of a set: two of each player, the attack set first.
create or replace function game.set_id(player_id bigint, set_type text) returns bigint
language sql
immutable
as $$
  select $1 * 2 - case $2 when 'attack' then 1 else 0 end
$$;

create or replace function game.equipment_json(player_id bigint, set_type text) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'id', game.set_id($1, $2),
      'set_type', $2,
      'weapon', null,
      'helmet', null,
      'armor', null,
      'boots', null,
      'gloves', null,
      'ring', null,
      'ring2', null,
      'amulet', null
    ) || coalesce(jsonb_object_agg(e.slot, game.item_json(i)), '{}')
  from game.equipment as e
  join game.items as i on i.id = e.item_id
  where e.player_id = $1
    and e.set_type = $2
$$;

-- The sums of a set.
create or replace function game.equipment_stats(player_id bigint, set_type text) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'attack', coalesce(sum(i.attack_bonus), 0),
      'defense', coalesce(sum(i.defense_bonus), 0),
      'hp', coalesce(sum(i.hp_bonus), 0)
    )
  from game.equipment as e
  join game.items as i on i.id = e.item_id
  where e.player_id = $1
    and e.set_type = $2
$$;

create or replace function game.get_inventory(call game.call) returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_caller(call);
begin
  if reply.status is not null then
    return reply;
  end if;
  return row(
    200,
    jsonb_build_object(
      'items', (
        select coalesce(jsonb_agg(game.item_json(i) order by i.id), '[]')
        from game.items as i
        where i.player_id = call.user_id
      ),
      'attack_set', game.equipment_json(call.user_id, 'attack'),
      'defense_set', game.equipment_json(call.user_id, 'defense')
    )
  )::game.reply;
end
$$;

create or replace function game.get_equipment_stats(call game.call, set_type text)
returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_caller(call);
begin
  if reply.status is not null then
    return reply;
  end if;
  return row(200, game.equipment_stats(call.user_id, set_type))::game.reply;
end
$$;

-- Ends a change of what is worn: with the set, its sums, and a new item score.
create or replace function game.end_equipment_call(call game.call, set_type text, message text)
returns game.reply
language plpgsql
as $$
begin
  update game.players as p
  set item_score = coalesce(
      (
        select sum((i.attack_bonus + i.defense_bonus + i.hp_bonus)::bigint * r.score_weight)
        from game.equipment as e
        join game.items as i on i.id = e.item_id
        join game.rarities as r on r.rarity = i.rarity
        where e.player_id = call.user_id
      ),
      0
    )
  where p.user_id = call.user_id;
  return game.end_call(
    call,
    jsonb_build_object(
      'message', message,
      'equipment_set', game.equipment_json(call.user_id, set_type),
      'stats', game.equipment_stats(call.user_id, set_type)
    )
  );
end
$$;

-- Puts an item into a slot of a set, out of any other; without a slot into that of its type, a ring
-- into the free one.
create or replace function game.equip_item(
  call game.call, item_id bigint, slot text, set_type text
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  item game.items;
  own_level integer;
  place text := slot;
begin
  if reply.status is not null then
    return reply;
  end if;
  select i.* into item
  from game.items as i
  where i.id = equip_item.item_id
    and i.player_id = call.user_id;
  if not found then
    return game.refuse(404, 'Item not found in inventory');
  end if;
  select p.level into own_level
  from game.players as p
  where p.user_id = call.user_id;
  if own_level < item.level_requirement then
    return game.refuse(
      400,
      format('Player level %s too low. Required: %s', own_level, item.level_requirement)
    );
  end if;
  if place is null and item.item_type = 'ring' and exists (
    select
    from game.equipment as e
    where e.player_id = call.user_id
      and e.set_type = equip_item.set_type
      and e.slot = 'ring'
      and e.item_id <> item.id
  ) then
    place := 'ring2';
  end if;
  place := coalesce(place, item.item_type);
  if item.item_type in ('consumable', 'pet_equipment')
    or item.item_type <> rtrim(place, '2')
  then
    return game.refuse(400, format('Cannot equip %s in %s slot', item.item_type, place));
  end if;
  delete from game.equipment as e
  where e.player_id = call.user_id
    and (e.item_id = item.id or (e.set_type = equip_item.set_type and e.slot = place));
  insert into game.equipment (player_id, set_type, slot, item_id)
  values (call.user_id, equip_item.set_type, place, item.id);
  return game.end_equipment_call(call, set_type, 'Item equipped successfully');
end
$$;

create or replace function game.unequip_item(call game.call, slot text, set_type text)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
begin
  if reply.status is not null then
    return reply;
  end if;
  delete from game.equipment as e
  where e.player_id = call.user_id
    and e.set_type = unequip_item.set_type
    and e.slot = unequip_item.slot;
  return game.end_equipment_call(call, set_type, 'Item unequipped successfully');
end
$$;

-- Stores a draw of a whole number of a range, and returns the number.
create or replace function game.roll_between(
  player_id bigint, what text, drawn bigint, least_value integer, most_value integer
)
returns integer
language plpgsql
as $$
declare
  result integer := game.scale_draw(drawn, least_value, most_value);
begin
  insert into game.rolls (player_id, kind, chance, drawn, result)
  values (
    player_id, what, jsonb_build_object('from', least_value, 'to', most_value), drawn, result::text
  );
  return result;
end
$$;

-- A common weapon, armor and helmet, once per player: six draws, in the order of the stats below.
create or replace function game.take_starter_items(call game.call, drawn bigint[])
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  me bigint := call.user_id;
  low integer;
  high integer;
begin
  if reply.status is not null then
    return reply;
  end if;
  if exists (select from game.items as i where i.player_id = me)
    or exists (
      select
      from game.players as p
      where p.user_id = me
        and p.starter_items_at is not null
    )
  then
    return game.refuse(400, 'Player already has items');
  end if;
  select r.stat_min, r.stat_max into low, high
  from game.rarities as r
  where r.rarity = 'common';
  insert into game.items (
    player_id, item_type, name, rarity, attack_bonus, defense_bonus, hp_bonus, properties, icon
  )
  values
    (
      me, 'weapon', 'Notched Shortsword', 'common',
      game.roll_between(me, 'weapon attack', drawn[1], low, high),
      game.roll_between(me, 'weapon defense', drawn[2], 0, low / 2),
      0, '{"description": "Its first owner won with it. Once."}', 'Icon1.png'
    ),
    (
      me, 'armor', 'Patched Gambeson', 'common', 0,
      game.roll_between(me, 'armor defense', drawn[3], low, high),
      game.roll_between(me, 'armor hp', drawn[4], 2 * low, 2 * high),
      '{"description": "More patches than gambeson."}', null
    ),
    (
      me, 'helmet', 'Dented Cap', 'common', 0,
      game.roll_between(me, 'helmet defense', drawn[5], low / 2, high / 2),
      game.roll_between(me, 'helmet hp', drawn[6], low, high),
      '{"description": "The dent is on the outside. Good."}', null
    );
  update game.players as p
  set starter_items_at = clock_timestamp()
  where p.user_id = me;
  return game.end_call(
    call, jsonb_build_object('message', 'Starter items added to inventory')
  );
end
$$;
