-- Feeding pets: food is taken and experience given in one change.

-- The food of a player to take, and units of it: one of an item, or units that add up to an
-- experience, the largest first (each value divides the next, so that this finds an exact sum if
-- there is one), or one of the smallest. Their experience is null if there is none.
create or replace function game.choose_food(
  owner_id bigint, xp_amount bigint, food_item_id bigint
)
returns game.meal
language plpgsql
stable
as $$
declare
  meal game.meal := row('{}', '{}', 0)::game.meal;
  missing bigint := xp_amount;
  food game.items;
  value bigint;
  units bigint;
begin
  if food_item_id is not null or xp_amount is null then
    select array[i.id], array[1], (i.properties ->> 'pet_exp')::bigint into meal
    from game.items as i
    where i.player_id = owner_id
      and i.properties ? 'pet_exp'
      and (food_item_id is null or i.id = food_item_id)
    order by (i.properties ->> 'pet_exp')::bigint, i.id
    limit 1;
    return meal;
  end if;
  for food in
    select i.*
    from game.items as i
    where i.player_id = owner_id
      and i.properties ? 'pet_exp'
    order by (i.properties ->> 'pet_exp')::bigint desc, i.id
  loop
    value := (food.properties ->> 'pet_exp')::bigint;
    units := least(food.quantity, missing / value);
    missing := missing - units * value;
    if units > 0 then
      meal.item_ids := meal.item_ids || food.id;
      meal.units := meal.units || units::integer;
    end if;
  end loop;
  meal.experience := case when missing = 0 then xp_amount end;
  return meal;
end
$$;

-- Gives experience to a pet: as many levels as it pays for, up to 100, where the rest is lost.
create or replace function game.grow_pet(pet game.pets, gained bigint) returns game.pets
language plpgsql
stable
as $$
declare
  cost bigint;
begin
  pet.exp := least(pet.exp + gained, 9007199254740991);
  while pet.level < 100 loop
    select l.cost into cost
    from game.pet_levels as l
    where l.level = pet.level;
    exit when pet.exp < cost;
    pet.exp := pet.exp - cost;
    pet.level := pet.level + 1;
  end loop;
  if pet.level = 100 then
    pet.exp := 0;
  end if;
  return pet;
end
$$;

create or replace function game.feed_pet(
  call game.call, pet_id bigint, xp_amount bigint, food_item_id bigint
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  pet game.pets;
  grown game.pets;
  owned bigint;
  meal game.meal;
begin
  if reply.status is not null then
    return reply;
  end if;
  select t.* into pet
  from game.pets as t
  where t.id = feed_pet.pet_id
    and t.player_id = call.user_id;
  if not found then
    return game.refuse(404, 'Pet not found');
  elsif pet.is_egg then
    return game.refuse(400, 'Cannot feed an unhatched egg');
  end if;
  meal := game.choose_food(call.user_id, xp_amount, food_item_id);
  if meal.experience is null and (food_item_id is not null or xp_amount is null) then
    return game.refuse(400, 'No pet food');
  elsif meal.experience is null then
    select coalesce(sum(i.quantity * (i.properties ->> 'pet_exp')::bigint), 0) into owned
    from game.items as i
    where i.player_id = call.user_id
      and i.properties ? 'pet_exp';
    return game.refuse(
      400, format('No pet food adding up to %s XP (you have %s XP)', xp_amount, owned)
    );
  elsif pet.level = 100 then
    return game.refuse(400, 'Pet is already at max level');
  end if;
  perform game.take_units(i, m.units)
  from unnest(meal.item_ids, meal.units) as m (item_id, units)
  join game.items as i on i.id = m.item_id;
  grown := game.grow_pet(pet, meal.experience);
  update game.pets as t
  set level = grown.level,
    exp = grown.exp
  where t.id = pet.id;
  return game.end_call(
    call,
    jsonb_build_object(
      'message', format('%s ate %s XP', grown.name, meal.experience),
      'levels_gained', grown.level - pet.level,
      'new_level', grown.level,
      'exp', grown.exp,
      'exp_max', (select l.cost from game.pet_levels as l where l.level = grown.level),
      'stats', (
        select jsonb_build_object('attack', s.attack, 'defense', s.defense, 'hp', s.hp)
        from game.pet_stats(grown) as s
      ),
      'pet', game.pet_json(grown),
      'leveled_up', grown.level > pet.level
    )
  );
end
$$;
