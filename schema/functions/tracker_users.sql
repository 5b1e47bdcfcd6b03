-- Users as the tracker shows them, and what they have played.

-- What a user has played: zeros for who never did.
create or replace function tracker.count_played(
  user_id text, out total_battles integer, out tournament_wins integer
)
language sql
stable
as $$
  select coalesce(max(p.total_battles), 0), coalesce(max(p.tournament_wins), 0)
  from tracker.players as p
  where p.user_id = $1
$$;

-- A user as somebody sees them: the e-mail is for themselves and for admins.
create or replace function tracker.user_json(found record, caller tracker.caller) returns jsonb
language plpgsql
stable
as $$
declare
  played record;
begin
  played := tracker.count_played(found.public_id);
  return jsonb_build_object(
    'id', found.public_id,
    'username', found.username,
    'email', case when caller.role = 'admin' or caller.id = found.public_id then found.email end,
    'display_name', found.display_name,
    'role', tracker.to_role(found.role),
    'profile_image_url', found.profile_image_url,
    'tournament_wins', played.tournament_wins,
    'total_battles', played.total_battles,
    'created_at', shared.iso_time(found.created_at),
    'updated_at', shared.iso_time(found.updated_at)
  );
end
$$;

create or replace function tracker.refuse_user(user_id text) returns tracker.reply
language sql
immutable
as $$
  select tracker.refuse(
      404, 'USER_NOT_FOUND', 'No such user', jsonb_build_object('user_id', $1)
    )
$$;

create or replace function tracker.get_user(call tracker.call, user_id text) returns tracker.reply
language plpgsql
stable
as $$
declare
  begun record;
  found_user record;
begin
  begun := tracker.begin_call(call);
  if (begun.reply).status is not null then
    return begun.reply;
  end if;
  select u.* into found_user
  from accounts.find_users(user_id, null) as u;
  if not found then
    return tracker.refuse_user(user_id);
  end if;
  return row(
    200, jsonb_build_object('user', tracker.user_json(found_user, begun.caller)), '{}', false
  )::tracker.reply;
end
$$;

-- Gives a user a role, as an admin wants it who is another one.
create or replace function tracker.change_user(
  call tracker.call, user_id text, role text, problem jsonb, address_hash text
)
returns tracker.reply
language plpgsql
as $$
declare
  begun record;
  found_user record;
  reply tracker.reply;
begin
  begun := tracker.begin_call(call);
  if (begun.reply).status is not null then
    return begun.reply;
  end if;
  perform
  from accounts.find_users(user_id, null) as u;
  if not found then
    return tracker.refuse_user(user_id);
  elsif (begun.caller).role <> 'admin' or (begun.caller).id = user_id then
    return tracker.refuse(
      403, 'FORBIDDEN', 'Only another admin may change a role', '{"required": "admin"}'
    );
  end if;
  reply := tracker.find_answer(call);
  if reply.status is not null then
    return reply;
  elsif problem is not null then
    return tracker.end_call(call, row(422, problem, '{}', false));
  end if;
  perform accounts.change_role(user_id, role, call.user_id, address_hash);
  select u.* into found_user
  from accounts.find_users(user_id, null) as u;
  return tracker.end_call(
    call,
    row(200, jsonb_build_object('user', tracker.user_json(found_user, begun.caller)), '{}', false)
  );
end
$$;

-- A page of the users whose names begin with a text, the newest first.
create or replace function tracker.list_users(
  caller tracker.caller, prefix text, after_at timestamptz, after_id text, most integer,
  skipped integer
)
returns table (created_at timestamptz, id text, shown jsonb)
language sql
stable
as $$
  select u.created_at, u.public_id, tracker.user_json(u, row(($1).id, 'player')::tracker.caller)
    || '{"email": null}'
  from accounts.find_users(null, $2) as u
  where $3 is null
    or (u.created_at, u.public_id) < ($3, $4)
  order by u.created_at desc, u.public_id desc
  limit $5
  offset $6
$$;

-- Whoever was erased: their armies go, and what was kept of their requests; battles stay with them as
-- nobody who is named.
create or replace function tracker.erase_player(erased_id text, erased_user_id bigint) returns void
language plpgsql
as $$
declare
  event record;
begin
  perform tracker.leave_tournaments(erased_id);
  delete from tracker.armies as a
  where a.owner_id = erased_id;
  delete from tracker.idempotency as i
  where i.user_id = erased_user_id;
  for event in
    select e.room, e.seq, e.payload
    from tracker.battle_players as p
    cross join lateral live.read_last_events(
      'tracker:' || p.battle_id, array['battle_status'], 2147483647, 0
    ) as e
    where p.user_id = erased_id
  loop
    perform live.change_event(
      event.room,
      event.seq,
      jsonb_build_object(
        'battle',
        jsonb_set(
          event.payload -> 'battle',
          '{players}',
          (
            select jsonb_agg(
                case
                  when o.value ->> 'user_id' = erased_id
                    then o.value || '{"display_name": "Deleted player"}'
                  else o.value
                end
                order by o.ordinality
              )
            from jsonb_array_elements(event.payload -> 'battle' -> 'players')
              with ordinality as o (value, ordinality)
          )
        )
      )
    );
  end loop;
end
$$;

-- The rows that are kept about a user since a moment, as game.export_records has those of a player.
create or replace function tracker.export_records(exported_id text, after timestamptz, most integer)
returns table (list text, at timestamptz, record jsonb)
language sql
stable
as $$
  (
    select 'armies', a.created_at, tracker.army_json(a)
    from tracker.armies as a
    where a.owner_id = $1
      and a.created_at > $2
    order by a.created_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'tracker_battles', p.created_at, b.state
    from tracker.battle_players as p
    join tracker.battles as b on b.id = p.battle_id
    where p.user_id = $1
      and p.created_at > $2
    order by p.created_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'tournament_registrations', r.registered_at,
      tracker.participant_json(r) || jsonb_build_object('tournament_id', r.tournament_id)
    from tracker.registrations as r
    where r.user_id = $1
      and r.registered_at > $2
    order by r.registered_at
    fetch first ($3) rows with ties
  )
$$;
