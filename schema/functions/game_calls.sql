-- Calls of the game: who may, what a repeated request is answered, and how an answer looks.

create or replace function game.refuse(status integer, detail text) returns game.reply
language sql
stable
as $$
  select row($1, to_jsonb($2))::game.reply
$$;

-- A moment as clients read it: ISO 8601, UTC, milliseconds, Z.
create or replace function game.to_time(moment timestamptz) returns text
language sql
stable
as $$
  select to_char($1 at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- A draw of 0 to 2^32 - 1 as a whole number of a range, its ends included.
create or replace function game.scale_draw(drawn bigint, least_value integer, most_value integer)
returns integer
language sql
immutable
as $$
  select ($2 + (($1 * ($3 - $2 + 1)) >> 32))::integer
$$;

-- The reply that refuses a caller; none to a caller whose token counts.
create or replace function game.check_caller(call game.call) returns game.reply
language plpgsql
stable
as $$
declare
  is_active boolean;
begin
  select c.is_active into is_active
  from accounts.caller(call.user_id, call.version) as c;
  if is_active is null then
    return game.refuse(401, 'Could not validate credentials');
  elsif not is_active then
    return game.refuse(403, 'Inactive user');
  end if;
  return null;
end
$$;

-- The answer that a request with the same key already got; none to go on. The caller has locked what
-- such requests wait for.
create or replace function game.find_answer(call game.call) returns game.reply
language plpgsql
as $$
declare
  stored game.idempotency;
begin
  select i.* into stored
  from game.idempotency as i
  where i.user_id = call.user_id
    and i.path = call.path
    and i.key = call.key
    and i.stored_at > clock_timestamp() - interval '24 hours';
  if not found then
    return null;
  elsif stored.body_hash <> call.body_hash then
    return game.refuse(409, 'This Idempotency-Key was sent with another body');
  end if;
  return row(stored.status, stored.response)::game.reply;
end
$$;

-- Begins a change: from here on the player's calls wait for each other. The reply is the caller's
-- refusal, or the answer that a request with the same key already got; none to go on.
create or replace function game.begin_call(call game.call) returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.check_caller(call);
  active_on timestamptz;
begin
  if reply.status is not null then
    return reply;
  end if;
  select p.active_on into active_on
  from game.players as p
  where p.user_id = call.user_id
  for update;
  if not found then
    return game.refuse(401, 'Could not validate credentials');
  elsif active_on is null or active_on < time_bucket('1 day', now()) then
    perform game.enter_visit(call.user_id);
  end if;
  if call.key is null then
    return null;
  end if;
  return game.find_answer(call);
end
$$;

-- Enters that a player, whom the caller has locked, plays today, which it is the first to see.
create or replace function game.enter_visit(player_id bigint) returns void
language sql
as $$
  with visitor as (
    update game.players
    set active_on = time_bucket('1 day', now())
    where user_id = $1
    returning user_id, created_at
  )
  insert into game.visits (player_id, joined_at)
  select user_id, created_at
  from visitor
$$;

-- Ends a change: the reply, kept for the same request sent again.
create or replace function game.end_call(call game.call, body jsonb, status integer default 200)
returns game.reply
language plpgsql
as $$
begin
  if call.key is not null then
    insert into game.idempotency as i (user_id, path, key, body_hash, status, response)
    values (call.user_id, call.path, call.key, call.body_hash, end_call.status, body)
    on conflict on constraint idempotency_pkey do update
    set body_hash = excluded.body_hash,
      status = excluded.status,
      response = excluded.response,
      stored_at = excluded.stored_at;
  end if;
  return row(status, body)::game.reply;
end
$$;

-- Changes a balance, with its row in the ledger, and returns it. It never exceeds 2^53 - 1: what
-- would is not given. The caller has locked the player and looked whether there is enough.
create or replace function game.change_balance(
  player_id bigint,
  kind text,
  amount bigint,
  cause text,
  reference bigint default null,
  actor text default null,
  reason text default null
)
returns bigint
language plpgsql
as $$
declare
  before bigint;
  balance bigint;
begin
  select case kind when 'gold' then p.gold else p.gems end into before
  from game.players as p
  where p.user_id = change_balance.player_id;
  balance := before + least(amount, 9007199254740991 - before);
  if balance = before then
    return balance;
  end if;
  with entered as (
    insert into game.ledger (
      player_id, kind, amount, balance_after, cause, reference, actor, reason
    )
    values (
      change_balance.player_id, change_balance.kind, balance - before, balance,
      change_balance.cause, change_balance.reference, change_balance.actor, change_balance.reason
    )
  )
  update game.players as p
  set gold = case kind when 'gold' then balance else p.gold end,
    gems = case kind when 'gem' then balance else p.gems end,
    updated_at = clock_timestamp()
  where p.user_id = change_balance.player_id;
  return balance;
end
$$;
