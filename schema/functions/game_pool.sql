-- The pool: three standard battles and a raid that wait for players, whenever somebody looks.

-- Makes an enemy of a battle, with a name of its type that the draw chooses.
create or replace function game.make_enemy(
  battle_id bigint, enemy_type text, level integer, hp integer, attack integer, defense integer,
  drawn bigint
)
returns void
language sql
as $$
  insert into game.battle_enemies (
    battle_id, name, type, icon, level, hp_current, hp_max, attack, defense
  )
  select $1, n.name, n.type, n.icon, $3, $4, $4, $5, $6
  from (
    select e.name, e.type, e.icon, row_number() over (order by e.name) - 1 as place,
      count(*) over () as names
    from game.enemies as e
    where e.type = $2
  ) as n
  where n.place = ($7 * n.names) >> 32
$$;

-- Makes a standard battle; null where its place of the pool is taken. Draws: two an enemy.
create or replace function game.make_battle(
  difficulty text, wave integer, drawn bigint[], place text default null
)
returns bigint
language plpgsql
as $$
declare
  rules game.difficulties;
  kinds text[];
  weights integer[];
  drawn_type text;
  kind game.enemy_types;
  strength integer := 1 + 2 * (wave - 1);
  battle_id bigint;
begin
  select d.* into rules
  from game.difficulties as d
  where d.difficulty = make_battle.difficulty;
  insert into game.battles (
    name, battle_type, difficulty, wave_number, pool_place, gold_reward, exp_reward
  )
  values (
    format('%s Battle - Wave %s', initcap(difficulty), wave), 'standard', difficulty, wave,
    place, 100 * wave * rules.reward_tenths / 10,
    50 * wave * rules.reward_tenths / 10
  )
  on conflict (pool_place) where status = 'waiting' do nothing
  returning id into battle_id;
  if battle_id is null then
    return null;
  end if;
  select array_agg(t.type order by t.type), array_agg(t.weight order by t.type)
  into kinds, weights
  from game.enemy_types as t;
  for number in 1..least(2 + wave, 10) loop
    drawn_type := game.roll_weighted(
      null, 'enemy', battle_id, kinds, weights, drawn[2 * number - 1]
    );
    select t.* into kind
    from game.enemy_types as t
    where t.type = drawn_type;
    perform game.make_enemy(
      battle_id, kind.type, strength,
      (100 + 50 * strength) * kind.hp_tenths * rules.hp_tenths / 100,
      (10 + 5 * strength) * kind.attack_tenths * rules.attack_tenths / 100,
      (5 + 3 * strength) * kind.defense_tenths * rules.defense_tenths / 100,
      drawn[2 * number]
    );
  end loop;
  return battle_id;
end
$$;

-- Makes a boss raid; null where the pool's place is taken.
create or replace function game.make_raid(
  difficulty text, drawn bigint, place text default null
)
returns bigint
language plpgsql
as $$
declare
  rules game.difficulties;
  strength constant integer := 10 + 5;
  battle_id bigint;
begin
  select d.* into rules
  from game.difficulties as d
  where d.difficulty = make_raid.difficulty;
  insert into game.battles (
    name, battle_type, difficulty, pool_place, required_level, stamina_cost, min_players,
    gold_reward, exp_reward, boss_phase
  )
  values (
    format('%s Boss Raid', initcap(difficulty)), 'boss_raid', difficulty, place,
    10, 20, 3, 1000 * 5 * rules.reward_tenths / 10, 500 * 5 * rules.reward_tenths / 10, 1
  )
  on conflict (pool_place) where status = 'waiting' do nothing
  returning id into battle_id;
  if battle_id is not null then
    perform game.make_enemy(
      battle_id, 'DRAGON', strength,
      (5000 + 500 * strength) * rules.hp_tenths * 30 / 10,
      (50 + 10 * strength) * rules.attack_tenths * 3 / 10,
      (30 + 5 * strength) * rules.defense_tenths * 2 / 10,
      drawn
    );
  end if;
  return battle_id;
end
$$;

-- Fills the places of the pool where no battle waits, and returns how many those were. Draws: 16 a
-- place, of which the first two decide difficulty and wave, and the others the enemies.
create or replace function game.keep_pool(drawn bigint[]) returns integer
language plpgsql
as $$
declare
  place text;
  own bigint[];
  chosen text;
  wave integer;
  battle_id bigint;
  made integer := 0;
  places constant text[] := array['easy', 'medium', 'hard', 'raid'];
begin
  for place in
    select p.place
    from unnest(places) with ordinality as p (place, rank)
    where not exists (
      select
      from game.battles as b
      where b.pool_place = p.place
        and b.status = 'waiting'
    )
    order by p.rank
  loop
    own := drawn[16 * array_position(places, place) - 15:16 * array_position(places, place)];
    chosen := case place
      when 'hard' then (array['hard', 'legendary'])[1 + (own[1] >> 31)]
      when 'raid' then (array['epic', 'legendary'])[1 + (own[1] >> 31)]
      else place
    end;
    wave := game.scale_draw(own[2], 1, 5);
    battle_id := case
      when place = 'raid' then game.make_raid(chosen, own[3], place)
      else game.make_battle(chosen, wave, own[3:16], place)
    end;
    if battle_id is not null then
      made := made + 1;
      insert into game.rolls (kind, reference, chance, drawn, result)
      select r.kind, battle_id, r.chance, r.drawn, r.result
      from (
        values
          (
            'difficulty', '{"hard": 1, "legendary": 1}'::jsonb, own[1], chosen, place = 'hard'
          ),
          ('difficulty', '{"epic": 1, "legendary": 1}', own[1], chosen, place = 'raid'),
          ('wave', '{"from": 1, "to": 5}', own[2], wave::text, place <> 'raid')
      ) as r (kind, chance, drawn, result, counts)
      where r.counts;
    end if;
  end loop;
  return made;
end
$$;

-- Gives up battles in which nobody struck for a day, and returns how many those were.
create or replace function game.abandon_battles() returns integer
language plpgsql
as $$
declare
  abandoned integer;
begin
  with idle as (
    select b.id
    from game.battles as b
    where b.status = 'in_progress'
      and coalesce(b.last_attack_at, b.started_at) < now() - interval '24 hours'
    for no key update skip locked
  )
  update game.battles as b
  set status = 'abandoned',
    ended_at = clock_timestamp()
  from idle as i
  where b.id = i.id;
  get diagnostics abandoned = row_count;
  return abandoned;
end
$$;
