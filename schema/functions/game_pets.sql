-- Pets: eggs, hatching, feeding, and the two sets of three.

-- A bonus at the pet's level: its value at level 1, and growth in tenths a level.
create or replace function game.pet_bonus(first_value integer, tenths integer, level integer)
returns integer
language sql
immutable
as $$
  select $1 + $2 * ($3 - 1) / 10
$$;

-- The bonuses of a pet; those of an egg are 0.
create or replace function game.pet_stats(
  pet game.pets, out attack integer, out defense integer, out hp integer
)
language plpgsql
stable
as $$
declare
  focus game.pet_focuses;
begin
  if pet.is_egg then
    attack := 0;
    defense := 0;
    hp := 0;
    return;
  end if;
  select f.* into focus
  from game.pet_focuses as f
  where f.focus = pet.focus;
  attack := game.pet_bonus(
    coalesce(pet.first_attack, focus.attack), focus.attack_tenths, pet.level
  );
  defense := game.pet_bonus(
    coalesce(pet.first_defense, focus.defense), focus.defense_tenths, pet.level
  );
  hp := game.pet_bonus(coalesce(pet.first_hp, focus.hp), focus.hp_tenths, pet.level);
end
$$;

-- A pet as its owner reads it: of an egg nothing of the inside.
create or replace function game.pet_json(pet game.pets) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'id', $1.id,
      'species', case when not $1.is_egg then $1.species end,
      'focus', case when not $1.is_egg then $1.focus end,
      'name', case when $1.is_egg then 'Mystery Egg' else $1.name end,
      'is_egg', $1.is_egg,
      'level', $1.level,
      'exp', $1.exp,
      'exp_max', l.cost,
      'attack_bonus', s.attack,
      'defense_bonus', s.defense,
      'hp_bonus', s.hp,
      'created_at', game.to_time($1.created_at)
    )
  from game.pet_levels as l,
    game.pet_stats($1) as s
  where l.level = $1.level
$$;

create or replace function game.pet_set_json(player_id bigint, set_type text) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'id', game.set_id($1, $2), 'set_type', $2, 'pet_1', null, 'pet_2', null, 'pet_3', null
    ) || coalesce(jsonb_object_agg('pet_' || s.slot, game.pet_json(t)), '{}')
  from game.pet_slots as s
  join game.pets as t on t.id = s.pet_id
  where s.player_id = $1
    and s.set_type = $2
$$;

-- The sums of a set of pets.
create or replace function game.pet_set_stats(player_id bigint, set_type text) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'attack', coalesce(sum(b.attack), 0),
      'defense', coalesce(sum(b.defense), 0),
      'hp', coalesce(sum(b.hp), 0)
    )
  from game.pet_slots as s
  join game.pets as t on t.id = s.pet_id
  cross join lateral game.pet_stats(t) as b
  where s.player_id = $1
    and s.set_type = $2
$$;

create or replace function game.list_pets(call game.call) returns game.reply
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
      'pets', (
        select coalesce(jsonb_agg(game.pet_json(t) order by t.id desc), '[]')
        from game.pets as t
        where t.player_id = call.user_id
      ),
      'attack_set', game.pet_set_json(call.user_id, 'attack'),
      'defense_set', game.pet_set_json(call.user_id, 'defense')
    )
  )::game.reply;
end
$$;

create or replace function game.get_pet_stats(call game.call, set_type text) returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_caller(call);
begin
  if reply.status is not null then
    return reply;
  end if;
  return row(200, game.pet_set_stats(call.user_id, set_type))::game.reply;
end
$$;

-- The result that a draw falls on, by weights; stored as a roll.
create or replace function game.roll_weighted(
  player_id bigint, what text, reference bigint, results text[], weights integer[], drawn bigint
)
returns text
language plpgsql
as $$
declare
  point bigint := (drawn * (select sum(w) from unnest(weights) as w)) >> 32;
  chosen text;
begin
  select c.result into chosen
  from (
    select t.result, t.place, sum(t.weight) over (order by t.place) as up_to
    from unnest(results, weights) with ordinality as t (result, weight, place)
  ) as c
  where c.up_to > point
  order by c.place
  limit 1;
  insert into game.rolls (player_id, kind, reference, chance, drawn, result)
  values (
    player_id, what, reference,
    (
      select jsonb_object_agg(t.result, t.weight)
      from unnest(results, weights) as t (result, weight)
    ),
    drawn, chosen
  );
  return chosen;
end
$$;

create or replace function game.roll_focus(player_id bigint, pet_id bigint, drawn bigint)
returns text
language sql
as $$
  select game.roll_weighted(
      $1, 'focus', $2,
      array_agg(f.focus order by f.focus), array_agg(f.weight order by f.focus), $3
    )
  from game.pet_focuses as f
$$;

-- Sells a mystery egg, whose inside the two draws decide now.
create or replace function game.buy_egg(call game.call, species_draw bigint, focus_draw bigint)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  price constant bigint := 500;
  gold bigint;
  egg game.pets;
  purchase_id bigint;
begin
  if reply.status is not null then
    return reply;
  end if;
  select p.gold into gold
  from game.players as p
  where p.user_id = call.user_id;
  if gold < price then
    return game.refuse(400, format('Insufficient gold (need %s, have %s)', price, gold));
  end if;
  insert into game.pets (player_id)
  values (call.user_id)
  returning * into egg;
  update game.pets as t
  set species = (
      select game.roll_weighted(
          call.user_id, 'species', egg.id, array_agg(s.species order by s.species),
          array_agg(s.egg_weight order by s.species), species_draw
        )
      from game.pet_species as s
      where s.egg_weight > 0
    ),
    focus = game.roll_focus(call.user_id, egg.id, focus_draw)
  where t.id = egg.id
  returning t.* into egg;
  insert into game.purchases (player_id, item_type, item_name, cost_gold)
  values (call.user_id, 'EGG', 'Mystery Egg', price)
  returning id into purchase_id;
  gold := game.change_balance(call.user_id, 'gold', -price, 'egg', purchase_id);
  return game.end_call(
    call,
    jsonb_build_object(
      'message', 'You have a mystery egg', 'egg', game.pet_json(egg), 'gold_remaining', gold
    ),
    201
  );
end
$$;

-- Hatches an egg under a name, null for its species'. The draws decide what is not decided yet.
create or replace function game.hatch_pet(
  call game.call, pet_id bigint, name text, species_draw bigint, focus_draw bigint
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  pet game.pets;
begin
  if reply.status is not null then
    return reply;
  end if;
  select t.* into pet
  from game.pets as t
  where t.id = hatch_pet.pet_id
    and t.player_id = call.user_id;
  if not found then
    return game.refuse(404, 'Pet not found');
  elsif not pet.is_egg then
    return game.refuse(400, 'Pet is already hatched');
  elsif name = '' then
    return game.refuse(400, 'Pet name is required');
  end if;
  if pet.species is null then
    select game.roll_weighted(
        call.user_id, 'species', pet.id, array_agg(s.species order by s.species),
        array_agg(s.random_weight order by s.species), species_draw
      )
    into pet.species
    from game.pet_species as s
    where s.random_weight > 0;
  end if;
  if pet.focus is null then
    pet.focus := game.roll_focus(call.user_id, pet.id, focus_draw);
  end if;
  update game.pets as t
  set species = pet.species,
    focus = pet.focus,
    name = coalesce(hatch_pet.name, initcap(pet.species)),
    is_egg = false
  where t.id = pet.id
  returning t.* into pet;
  return game.end_call(
    call,
    jsonb_build_object(
      'message', format('A %s hatched from the egg!', pet.species), 'pet', game.pet_json(pet)
    )
  );
end
$$;

-- Ends a change of a set of pets.
create or replace function game.end_pet_set_call(call game.call, set_type text, message text)
returns game.reply
language plpgsql
as $$
begin
  return game.end_call(
    call,
    jsonb_build_object(
      'message', message,
      'pet_set', game.pet_set_json(call.user_id, set_type),
      'stats', game.pet_set_stats(call.user_id, set_type)
    )
  );
end
$$;

-- Puts a pet into a slot of a set, out of any other; without a slot into the first free one.
create or replace function game.equip_pet(
  call game.call, pet_id bigint, slot integer, set_type text
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  pet game.pets;
  place integer := slot;
begin
  if reply.status is not null then
    return reply;
  end if;
  select t.* into pet
  from game.pets as t
  where t.id = equip_pet.pet_id
    and t.player_id = call.user_id;
  if not found then
    return game.refuse(404, 'Pet not found');
  elsif pet.is_egg then
    return game.refuse(400, 'Cannot equip an unhatched egg');
  end if;
  if place is null then
    select coalesce(min(n), 1) into place
    from generate_series(1, 3) as n
    where not exists (
      select
      from game.pet_slots as s
      where s.player_id = call.user_id
        and s.set_type = equip_pet.set_type
        and s.slot = n
        and s.pet_id <> pet.id
    );
  end if;
  delete from game.pet_slots as s
  where s.player_id = call.user_id
    and (s.pet_id = pet.id or (s.set_type = equip_pet.set_type and s.slot = place));
  insert into game.pet_slots (player_id, set_type, slot, pet_id)
  values (call.user_id, equip_pet.set_type, place, pet.id);
  return game.end_pet_set_call(call, set_type, 'Pet equipped successfully');
end
$$;

create or replace function game.unequip_pet(call game.call, slot integer, set_type text)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
begin
  if reply.status is not null then
    return reply;
  end if;
  delete from game.pet_slots as s
  where s.player_id = call.user_id
    and s.set_type = unequip_pet.set_type
    and s.slot = unequip_pet.slot;
  return game.end_pet_set_call(call, set_type, 'Pet unequipped successfully');
end
$$;
