-- Grants: what an operator gives to a player, or takes away.

-- The reply that refuses what would make a balance negative, or greater than clients can read.
create or replace function game.check_change(what text, has bigint, change bigint)
returns game.reply
language plpgsql
immutable
as $$
begin
  if has + change < 0 then
    return game.refuse(409, format('Not enough %s (take %s, have %s)', what, -change, has));
  elsif has + change > 9007199254740991 then
    return game.refuse(409, format('Too much %s (give %s, have %s)', what, change, has));
  end if;
  return null;
end
$$;

-- The reply that refuses units of an entry which a player does not have, or cannot hold. Of equipment
-- what is worn stays.
create or replace function game.check_units(
  owner_id bigint, entry game.catalogue, units integer
)
returns game.reply
language plpgsql
stable
as $$
declare
  has bigint;
begin
  if entry.type = 'EGG' and units < 0 then
    return game.refuse(409, 'Eggs cannot be taken away');
  end if;
  select coalesce(sum(i.quantity), 0) into has
  from game.items as i
  where i.player_id = owner_id
    and i.catalogue_id = entry.id
    and not exists (select from game.equipment as e where e.item_id = i.id);
  if has + units < 0 then
    return game.refuse(
      409, format('Not enough %s (take %s, have %s)', entry.name, -units, has)
    );
  elsif entry.type in ('FOOD', 'CONSUMABLE') and has + units > 2147483647 then
    return game.refuse(409, format('Too much %s (give %s, have %s)', entry.name, units, has));
  end if;
  return null;
end
$$;

-- Takes units of an entry that a player has, of equipment the newest that is not worn.
create or replace function game.take_entry(
  owner_id bigint, entry game.catalogue, units integer
)
returns void
language plpgsql
as $$
begin
  if entry.type in ('FOOD', 'CONSUMABLE') then
    perform game.take_units(i, units)
    from game.items as i
    where i.player_id = owner_id
      and i.catalogue_id = entry.id
      and i.item_type = 'consumable';
    return;
  end if;
  delete from game.items as i
  where i.id in (
      select t.id
      from game.items as t
      where t.player_id = owner_id
        and t.catalogue_id = entry.id
        and not exists (select from game.equipment as e where e.item_id = t.id)
      order by t.id desc
      limit units
    );
end
$$;

-- Takes experience from a player, whom the caller has locked, with the levels that it reached and
-- their stat points. Where fewer are unspent, all that were spent are free again, and then they are
-- taken: points never outlive their level, or they could be earned twice.
create or replace function game.lose_xp(call game.call, lost bigint) returns void
language plpgsql
as $$
declare
  at timestamptz := clock_timestamp();
  player game.players := game.load_player(call, at);
  old_level integer := player.level;
  points integer;
begin
  player.xp := player.xp - lost;
  select max(l.level) into player.level
  from game.levels as l
  where l.total_xp <= player.xp
    and l.level <= 100;
  select coalesce(sum(case when reached % 10 = 0 then 8 else 3 end), 0) into points
  from generate_series(player.level + 1, old_level) as reached;
  if player.unspent_stat_points < points then
    player.unspent_stat_points := player.unspent_stat_points + (player.base_attack - 10)
      + (player.base_defense - 10) + (player.stamina_max - 100);
    player.base_attack := 10;
    player.base_defense := 10;
    player.stamina_max := 100;
  end if;
  update game.players as p
  set xp = player.xp,
    level = player.level,
    unspent_stat_points = greatest(player.unspent_stat_points - points, 0),
    base_attack = player.base_attack,
    base_defense = player.base_defense,
    stamina_max = player.stamina_max,
    stamina = least(player.stamina, game.get_stamina_max(player, at)),
    stamina_rest = player.stamina_rest,
    stamina_anchor = player.stamina_anchor,
    updated_at = at
  where p.user_id = call.user_id;
end
$$;

-- The reply that refuses a grant to a player, whom the caller has locked.
create or replace function game.check_grant(
  player game.players, wanted game.grants, entry game.catalogue
)
returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_change('gold', player.gold, wanted.gold);
begin
  if reply.status is null then
    reply := game.check_change('gems', player.gems, wanted.gems);
  end if;
  if reply.status is null then
    reply := game.check_change('experience', player.xp, wanted.xp);
  end if;
  if reply.status is null and entry.id is not null then
    reply := game.check_units(player.user_id, entry, wanted.quantity);
  end if;
  return reply;
end
$$;

-- Does what a grant says, which was checked; returns the id of the item or the pet that was given.
create or replace function game.apply_grant(
  call game.call, wanted game.grants, entry game.catalogue
)
returns bigint
language plpgsql
as $$
declare
  receiver game.call := call;
  grant_id bigint;
  given bigint;
begin
  receiver.user_id := wanted.player_id;
  insert into game.grants (
    player_id, actor, reason, gold, gems, xp, catalogue_id, quantity
  )
  values (
    wanted.player_id, wanted.actor, wanted.reason, wanted.gold, wanted.gems, wanted.xp, entry.id,
    wanted.quantity
  )
  returning id into grant_id;
  perform game.change_balance(
      wanted.player_id, c.kind, c.amount, 'grant', grant_id, wanted.actor::text, wanted.reason
    )
  from (values ('gold', wanted.gold), ('gem', wanted.gems)) as c (kind, amount)
  where c.amount <> 0;
  if wanted.xp > 0 then
    perform game.gain_xp(receiver, wanted.xp);
  elsif wanted.xp < 0 then
    perform game.lose_xp(receiver, -wanted.xp);
  end if;
  if wanted.quantity > 0 then
    given := game.give_entry(wanted.player_id, entry, wanted.quantity);
  elsif wanted.quantity < 0 then
    perform game.take_entry(wanted.player_id, entry, -wanted.quantity);
  end if;
  perform accounts.note(
    'player.granted', wanted.player_id, wanted.actor::text, wanted.reason,
    jsonb_strip_nulls(
      jsonb_build_object(
        'grant_id', grant_id,
        'gold', nullif(wanted.gold, 0),
        'gems', nullif(wanted.gems, 0),
        'xp', nullif(wanted.xp, 0),
        'item', entry.id,
        'quantity', nullif(wanted.quantity, 0)
      )
    )
  );
  return given;
end
$$;

-- What a grant changes of a player.
create or replace function game.wealth_json(player game.players) returns jsonb
language sql
immutable
as $$
  select jsonb_build_object(
    'gold', $1.gold,
    'gems', $1.gems,
    'xp', $1.xp,
    'level', $1.level,
    'unspent_stat_points', $1.unspent_stat_points
  )
$$;

-- Gives to a player, or takes away, all of it or nothing. A dry run is undone before it is answered.
create or replace function game.make_grant(
  call game.call,
  player_id bigint,
  gold bigint,
  gems bigint,
  xp bigint,
  item text,
  quantity integer,
  reason text,
  is_dry_run boolean
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.check_operator(call, 'admin');
  wanted game.grants;
  entry game.catalogue;
  before game.players;
  after game.players;
  given bigint;
begin
  if reply.status is not null then
    return reply;
  end if;
  select p.* into before
  from game.players as p
  where p.user_id = make_grant.player_id
    and p.erased_at is null
  for update;
  reply := game.find_answer(call);
  if reply.status is not null then
    return reply;
  elsif before.user_id is null then
    return game.refuse(404, 'Player not found');
  end if;
  if item is not null then
    select c.* into entry
    from game.catalogue as c
    where c.id = item;
    if not found then
      return game.refuse(404, 'Item not found');
    end if;
  end if;
  wanted.player_id := player_id;
  wanted.actor := call.user_id;
  wanted.reason := reason;
  wanted.gold := gold;
  wanted.gems := gems;
  wanted.xp := xp;
  wanted.quantity := case when entry.id is null then 0 else quantity end;
  reply := game.check_grant(before, wanted, entry);
  if reply.status is not null then
    return reply;
  end if;
  begin
    given := game.apply_grant(call, wanted, entry);
    select p.* into after
    from game.players as p
    where p.user_id = make_grant.player_id;
    if is_dry_run then
      raise exception using errcode = 'TYDRY', message = 'A dry run changes nothing';
    end if;
  exception when sqlstate 'TYDRY' then
    given := null;  -- nobody has that item
  end;
  reply := row(
    200,
    jsonb_build_object(
      'dry_run', is_dry_run,
      'player_id', player_id,
      'username', before.username,
      'before', game.wealth_json(before),
      'after', game.wealth_json(after),
      'item', case
        when entry.id is not null then jsonb_build_object(
          'id', given, 'item', entry.id, 'name', entry.name, 'quantity', quantity
        )
      end
    )
  );
  return case when is_dry_run then reply else game.end_call(call, reply.body) end;
end
$$;
