-- Operators of the game: who may, and what they read.

-- The reply that refuses a caller who is not of the role, `staff` or `admin`, which is staff too;
-- none to one who is.
create or replace function game.check_operator(call game.call, role text) returns game.reply
language plpgsql
stable
as $$
declare
  caller record;
begin
  select c.role, c.is_active, c.must_change_password into caller
  from accounts.caller(call.user_id, call.version) as c;
  if not found then
    return game.refuse(401, 'Could not validate credentials');
  elsif not caller.is_active then
    return game.refuse(403, 'Inactive user');
  elsif caller.must_change_password then
    return game.refuse(403, 'Password change required');
  elsif caller.role <> 'admin' and caller.role <> check_operator.role then
    return game.refuse(403, 'Not allowed');
  end if;
  return null;
end
$$;

-- Movements of a player's gold and gems below a number, null for all, newest first.
create or replace function game.list_movements(
  call game.call, player_id bigint, before bigint, most integer, reason text
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.check_operator(call, 'staff');
  movements jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  perform
  from game.players as p
  where p.user_id = list_movements.player_id;
  if not found then
    return game.refuse(404, 'Player not found');
  end if;
  perform accounts.note('ledger.read', player_id, call.user_id::text, reason, null);
  select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', l.id,
          'at', game.to_time(l.occurred_at),
          'kind', l.kind,
          'amount', l.amount,
          'balance_after', l.balance_after,
          'cause', l.cause,
          'reference', l.reference,
          'actor', l.actor,
          'reason', l.reason
        )
        order by l.id desc
      ),
      '[]'
    )
  into movements
  from (
    select m.*
    from game.ledger as m
    where m.player_id = list_movements.player_id
      and m.id < coalesce(before, 9223372036854775807)
    order by m.id desc
    limit most
  ) as l;
  return row(200, movements)::game.reply;
end
$$;

-- Players who claimed loot of battles in which they dealt less than a hundredth of the damage, with
-- how often and how much, most often first.
create or replace function game.list_contributions(
  call game.call, days integer, most integer, reason text
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.check_operator(call, 'staff');
  since timestamptz := clock_timestamp() - make_interval(hours => 24 * days);
  found_players jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  perform accounts.note(
    'contribution.read', null, call.user_id::text, reason, jsonb_build_object('days', days)
  );
  with claims as (
    select t.player_id, t.total_damage_dealt, t.rewards, t.claimed_at
    from game.participants as t
    where (t.rewards ->> 'contribution_percent')::numeric <= 1
      and t.claimed_at > since
      and t.total_damage_dealt * 100::numeric < (
        select sum(o.total_damage_dealt)
        from game.participants as o
        where o.battle_id = t.battle_id
      )
  ), sums as (
    select c.player_id, count(*) as claims, max(c.claimed_at) as last_at,
      sum(c.total_damage_dealt) as damage, sum((c.rewards ->> 'gold')::bigint) as gold,
      sum((c.rewards ->> 'xp')::bigint) as xp,
      sum(jsonb_array_length(c.rewards -> 'items')) as items
    from claims as c
    group by c.player_id
    order by claims desc, gold desc, c.player_id
    limit most
  )
  select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'player_id', s.player_id,
          'username', p.username,
          'claims', s.claims,
          'all_claims', (
            select count(*)
            from game.participants as a
            where a.player_id = s.player_id
              and a.claimed_at > since
          ),
          'damage', s.damage,
          'gold', s.gold,
          'xp', s.xp,
          'items', s.items,
          'last_claimed_at', game.to_time(s.last_at)
        )
        order by s.claims desc, s.gold desc, s.player_id
      ),
      '[]'
    )
  into found_players
  from sums as s
  join game.players as p on p.user_id = s.player_id;
  return row(200, jsonb_build_object('days', days, 'players', found_players))::game.reply;
end
$$;
