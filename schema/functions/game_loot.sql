-- Loot of battles that are won: gold, experience, and perhaps an item.

-- An item of loot, which depends on type, rarity and the battle's required level.
create or replace function game.give_loot(
  owner_id bigint, battle_id bigint, required_level integer, item_type text, rarity text
)
returns game.items
language plpgsql
as $$
declare
  tenths integer;
  attack integer;
  defense integer := 0;
  hp integer := 0;
  item game.items;
begin
  select r.loot_tenths into tenths
  from game.rarities as r
  where r.rarity = give_loot.rarity;
  case
    when item_type = 'weapon' then
      attack := (15 + 2 * required_level) * tenths / 10;
    when item_type in ('helmet', 'armor') then
      attack := 3 * (5 + required_level) * tenths / 100;
      defense := (20 + 3 * required_level) * tenths / 10;
      hp := (50 + 10 * required_level) * tenths / 10;
    else
      attack := (16 + 3 * required_level) * tenths / 40;
      defense := attack;
      hp := (30 + 5 * required_level) * tenths / 10;
  end case;
  insert into game.items (
    player_id, item_type, name, rarity, level_requirement, attack_bonus, defense_bonus, hp_bonus,
    properties, icon
  )
  values (
    owner_id, item_type,
    format(
      '%s %s',
      case rarity
        when 'common' then 'Battered'
        when 'uncommon' then 'Sturdy'
        when 'rare' then 'Gleaming'
        when 'epic' then 'Runed'
        else 'Storied'
      end,
      initcap(item_type)
    ),
    rarity, required_level, attack, defense, hp,
    jsonb_build_object('source', 'battle_' || battle_id),
    (
      select c.icon
      from game.catalogue as c
      where c.type = upper(item_type)
        and c.rarity = upper(give_loot.rarity)
      order by c.price, c.id
      limit 1
    )
  )
  returning * into item;
  return item;
end
$$;

-- Rolls for an item of a battle's loot, and gives it; none where the chance says so. Three draws:
-- whether, of which type, how rare.
create or replace function game.roll_loot(
  player_id bigint, battle game.battles, drawn bigint[]
)
returns game.items
language plpgsql
as $$
declare
  rules game.difficulties;
  item_type text;
  rarity text;
begin
  select d.* into rules
  from game.difficulties as d
  where d.difficulty = battle.difficulty;
  if game.roll_weighted(
    player_id, 'drop', battle.id, array['item', 'nothing'],
    array[rules.drop_percent, 100 - rules.drop_percent], drawn[1]
  ) = 'nothing' then
    return null;
  end if;
  item_type := game.roll_weighted(
    player_id, 'loot type', battle.id,
    array['weapon', 'helmet', 'armor', 'boots', 'gloves', 'ring', 'amulet'],
    array[1, 1, 1, 1, 1, 1, 1], drawn[2]
  );
  rarity := game.roll_weighted(
    player_id, 'loot rarity', battle.id,
    array['common', 'uncommon', 'rare', 'epic', 'legendary'],
    array[
      rules.common_weight, rules.uncommon_weight, rules.rare_weight, rules.epic_weight,
      rules.legendary_weight
    ],
    drawn[3]
  );
  return game.give_loot(player_id, battle.id, battle.required_level, item_type, rarity);
end
$$;

-- The share of a battle's damage that a participant dealt, in percent; equal shares where nobody
-- dealt any.
create or replace function game.get_contribution(member game.participants) returns numeric
language plpgsql
stable
as $$
declare
  total numeric;
  members bigint;
begin
  select sum(t.total_damage_dealt), count(*) into total, members
  from game.participants as t
  where t.battle_id = member.battle_id;
  return case
    when total > 0 then member.total_damage_dealt * 100::numeric / total
    else 100::numeric / members
  end;
end
$$;

-- Until it had a least contribution.
drop function if exists game.claim_loot(game.call, bigint, bigint[]);

-- Claims the loot of a battle, once per participant: the full rewards, a fifth more for who did more
-- than half of the work, nothing for who did less than `least_percent` of it. Three draws for an item.
create or replace function game.claim_loot(
  call game.call, battle_id bigint, drawn bigint[], least_percent numeric default 0
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  battle game.battles;
  member game.participants;
  contribution numeric;
  fifths integer := 5;
  gold bigint;
  xp bigint;
  item game.items;
  items jsonb := '[]';
  level_up jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  select b.* into battle
  from game.battles as b
  where b.id = claim_loot.battle_id;
  if not found then
    return game.refuse(404, 'Battle not found');
  elsif battle.status <> 'completed' then
    return game.refuse(400, 'Battle not completed');
  end if;
  select t.* into member
  from game.participants as t
  where t.battle_id = battle.id
    and t.player_id = call.user_id;
  if not found then
    return game.refuse(400, 'Not in this battle');
  elsif member.claimed_at is not null then
    return game.refuse(400, 'Already claimed loot');
  end if;
  contribution := game.get_contribution(member);
  if contribution < least_percent then
    fifths := 0;
  elsif contribution > 50 then
    fifths := 6;
  end if;
  gold := battle.gold_reward * fifths / 5;
  xp := battle.exp_reward * fifths / 5;
  if fifths > 0 then
    item := game.roll_loot(call.user_id, battle, drawn);
  end if;
  if item.id is not null then
    items := jsonb_build_array(
      jsonb_build_object(
        'id', item.id, 'name', item.name, 'type', item.item_type, 'rarity', item.rarity
      )
    );
  end if;
  perform game.change_balance(call.user_id, 'gold', gold, 'claim', member.id);
  level_up := game.gain_xp(call, xp);
  update game.participants as t
  set claimed_at = clock_timestamp(),
    rewards = jsonb_build_object(
      'gold', gold, 'xp', xp, 'items', items, 'contribution_percent', round(contribution, 2)
    )
  where t.id = member.id
  returning t.* into member;
  perform game.tell_claim(call, member, level_up);
  return game.end_call(
    call,
    member.rewards
      || jsonb_build_object('success', true, 'level_up_info', level_up, 'error', null)
      || case
        when fifths > 0 then '{}'
        else jsonb_build_object(
          'message', format('Less than %s %% of the damage: no loot', trim_scale(least_percent))
        )
      end
  );
end
$$;

-- Appends a claim to the battle's room.
create or replace function game.tell_claim(
  call game.call, member game.participants, level_up jsonb
)
returns void
language plpgsql
as $$
declare
  username text;
begin
  select p.username into username
  from game.players as p
  where p.user_id = call.user_id;
  perform live.append(
    'battle:' || member.battle_id,
    'loot_claimed',
    jsonb_build_object(
      'player_name', username,
      'username', username,
      'gold', member.rewards -> 'gold',
      'xp', member.rewards -> 'xp',
      'gold_gained', member.rewards -> 'gold',
      'exp_gained', member.rewards -> 'xp',
      'items_count', jsonb_array_length(member.rewards -> 'items'),
      'leveled_up', level_up -> 'leveled_up'
    )
  );
end
$$;
