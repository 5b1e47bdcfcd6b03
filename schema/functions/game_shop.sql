-- The shop: what it sells, and buying it.

create or replace function game.entry_json(entry game.catalogue) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'id', $1.id,
      'name', $1.name,
      'type', $1.type,
      'rarity', $1.rarity,
      'level', $1.level,
      'price', $1.price,
      'gem_price', $1.gem_price,
      'description', $1.description,
      'icon', $1.icon
    )
    || case $1.type
      when 'EGG' then jsonb_build_object(
        'pet_type', $1.pet_type,
        'focus', $1.focus,
        'pet_stats', jsonb_build_object(
          'attack', $1.attack, 'defense', $1.defense, 'hp', $1.hp
        )
      )
      when 'FOOD' then jsonb_build_object('pet_exp', $1.pet_exp)
      when 'CONSUMABLE' then jsonb_build_object(
        'potion_type', $1.potion_type,
        'effect_value', $1.effect_value,
        'duration', $1.duration
      )
      else jsonb_build_object(
        'stats', jsonb_build_object('attack', $1.attack, 'defense', $1.defense, 'hp', $1.hp)
      )
    end
$$;

create or replace function game.list_entries(call game.call) returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_caller(call);
  found_entries jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  select jsonb_build_object(
      'equipment', coalesce(
        jsonb_agg(game.entry_json(c) order by r.rank, c.price, c.id)
          filter (where c.type not in ('EGG', 'FOOD', 'CONSUMABLE')),
        '[]'
      ),
      'eggs', coalesce(
        jsonb_agg(game.entry_json(c) order by c.price, c.id) filter (where c.type = 'EGG'), '[]'
      ),
      'food', coalesce(
        jsonb_agg(game.entry_json(c) order by c.price, c.id) filter (where c.type = 'FOOD'), '[]'
      ),
      'potions', coalesce(
        jsonb_agg(game.entry_json(c) order by c.price, c.id)
          filter (where c.type = 'CONSUMABLE'),
        '[]'
      )
    )
  into found_entries
  from game.catalogue as c
  join game.rarities as r on r.rarity = lower(c.rarity)
  where c.is_sold;
  return row(200, found_entries)::game.reply;
end
$$;

-- Gives units of a catalogue entry to a player, whom the caller has locked; returns the id of the
-- item or the pet, of several the last one's. Potions and food stack; where a stack would exceed
-- what `quantity` holds, nothing is given, and the id is null.
create or replace function game.give_entry(
  owner_id bigint, entry game.catalogue, units integer default 1
)
returns bigint
language plpgsql
as $$
declare
  given bigint;
begin
  if entry.type in ('FOOD', 'CONSUMABLE') then
    insert into game.items as i (
      player_id, catalogue_id, item_type, name, rarity, level_requirement, quantity, properties,
      icon
    )
    values (
      owner_id, entry.id, 'consumable', entry.name, lower(entry.rarity), entry.level, units,
      case entry.type
        when 'FOOD' then jsonb_build_object(
          'pet_exp', entry.pet_exp, 'description', entry.description
        )
        else jsonb_build_object(
          'potion_type', lower(entry.potion_type),
          'effect_value', entry.effect_value,
          'duration', entry.duration,
          'description', entry.description,
          'icon', entry.icon
        )
      end,
      entry.icon
    )
    on conflict (player_id, catalogue_id) where item_type = 'consumable' do update
    set quantity = i.quantity + excluded.quantity
    where i.quantity <= 2147483647 - excluded.quantity
    returning i.id into given;
    return given;
  end if;
  for _ in 1..units loop
    if entry.type = 'EGG' then
      insert into game.pets (player_id, species, focus, first_attack, first_defense, first_hp)
      values (
        owner_id, entry.pet_type, entry.focus, entry.attack, entry.defense, entry.hp
      )
      returning id into given;
    else
      insert into game.items (
        player_id, catalogue_id, item_type, name, rarity, level_requirement, attack_bonus,
        defense_bonus, hp_bonus, properties, icon
      )
      values (
        owner_id, entry.id, lower(entry.type), entry.name, lower(entry.rarity), entry.level,
        entry.attack, entry.defense, entry.hp,
        jsonb_build_object('description', entry.description), entry.icon
      )
      returning id into given;
    end if;
  end loop;
  return given;
end
$$;

create or replace function game.purchase(call game.call, wanted text, with_gems boolean)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  player game.players;
  entry game.catalogue;
  given bigint;
  purchase_id bigint;
begin
  if reply.status is not null then
    return reply;
  end if;
  select c.* into entry
  from game.catalogue as c
  where c.id = wanted
    and c.is_sold;
  if not found then
    return game.refuse(400, 'Item not found in shop');
  end if;
  select p.* into player
  from game.players as p
  where p.user_id = call.user_id;
  if player.level < entry.level then
    return game.refuse(400, format('Requires level %s', entry.level));
  elsif with_gems and entry.gem_price is null then
    return game.refuse(400, 'Item cannot be bought with gems');
  elsif with_gems and player.gems < entry.gem_price then
    return game.refuse(
      400, format('Insufficient gems (need %s, have %s)', entry.gem_price, player.gems)
    );
  elsif not with_gems and player.gold < entry.price then
    return game.refuse(
      400, format('Insufficient gold (need %s, have %s)', entry.price, player.gold)
    );
  end if;
  given := game.give_entry(call.user_id, entry);
  if given is null then
    return game.refuse(400, 'You cannot carry more of this');
  end if;
  insert into game.purchases (player_id, item_type, item_name, cost_gold, cost_gems)
  values (
    call.user_id, entry.type, entry.name,
    case when with_gems then 0 else entry.price end,
    case when with_gems then entry.gem_price else 0 end
  )
  returning id into purchase_id;
  if with_gems then
    player.gems := game.change_balance(
      call.user_id, 'gem', -entry.gem_price, 'purchase', purchase_id
    );
  else
    player.gold := game.change_balance(
      call.user_id, 'gold', -entry.price, 'purchase', purchase_id
    );
  end if;
  return game.end_call(
    call,
    jsonb_build_object(
      'success', true,
      'message', format('Purchased %s!', entry.name),
      'item_id', given::text,
      'item_name', entry.name,
      'gold_remaining', player.gold,
      'gems_remaining', player.gems
    )
  );
end
$$;

create or replace function game.list_purchases(call game.call, most integer) returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_caller(call);
  found_purchases jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', u.id,
          'item_type', u.item_type,
          'item_name', u.item_name,
          'cost_gold', u.cost_gold,
          'cost_gems', u.cost_gems,
          'purchased_at', game.to_time(u.purchased_at)
        )
        order by u.id desc
      ),
      '[]'
    )
  into found_purchases
  from (
    select p.*
    from game.purchases as p
    where p.player_id = call.user_id
    order by p.id desc
    limit most
  ) as u;
  return row(200, found_purchases)::game.reply;
end
$$;
