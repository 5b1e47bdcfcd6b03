-- Calls of the tracker: who may, what a repeated request is answered, and how an answer looks.

-- A refusal: what the caller may read of it is its code, its message and its details.
create or replace function tracker.refuse(
  status integer, code text, message text, details jsonb default '{}', headers jsonb default '{}'
)
returns tracker.reply
language sql
immutable
as $$
  select row(
      $1,
      jsonb_build_object('code', $2, 'message', $3, 'details', $4),
      $5,
      false
    )::tracker.reply
$$;

-- The refusal of a field.
create or replace function tracker.refuse_field(field text, rule text, message text)
returns tracker.reply
language sql
immutable
as $$
  select tracker.refuse(
      422,
      'VALIDATION_ERROR',
      $1 || ' ' || $3,
      jsonb_build_object(
        'fields',
        jsonb_build_array(jsonb_build_object('field', $1, 'rule', $2, 'message', $3))
      )
    )
$$;

-- What a user may do at the tracker: the panel's staff are players here.
create or replace function tracker.to_role(role text) returns text
language sql
immutable
as $$
  select case when $1 in ('organizer', 'admin') then $1 else 'player' end
$$;

-- Whose token it is, with null for `is_active` where it does not count; by a socket without session.
-- Who must choose another password first is a player until then.
create or replace function tracker.find_user(
  call tracker.call, out id text, out role text, out is_active boolean
)
language plpgsql
stable
as $$
begin
  if call.session_id is null then
    select c.public_id, tracker.to_role(case when not c.must_change_password then c.role end),
      c.is_active
    into find_user.id, find_user.role, find_user.is_active
    from accounts.caller(call.user_id, call.version) as c;
  else
    select c.public_id, tracker.to_role(case when not c.must_change_password then c.role end),
      c.is_active
    into find_user.id, find_user.role, find_user.is_active
    from accounts.session_caller(call.user_id, call.version, call.session_id) as c;
  end if;
end
$$;

-- Who calls; or the reply that refuses a caller whose token does not count.
create or replace function tracker.begin_call(
  call tracker.call, out caller tracker.caller, out reply tracker.reply
)
language plpgsql
stable
as $$
declare
  is_active boolean;
begin
  select u.id, u.role, u.is_active
  into caller.id, caller.role, is_active
  from tracker.find_user(call) as u;
  if is_active is null then
    reply := tracker.refuse(
      401, 'UNAUTHORIZED', 'The access token was revoked', '{"reason": "revoked"}'
    );
  elsif not is_active then
    reply := tracker.refuse(403, 'FORBIDDEN', 'Inactive user', '{"required": "active account"}');
  end if;
end
$$;

-- The answer that a request with the same key already got; none to go on. From here to the end of the
-- transaction the same request, sent at the same moment, waits.
create or replace function tracker.find_answer(call tracker.call) returns tracker.reply
language plpgsql
as $$
declare
  request text;
  stored tracker.idempotency;
begin
  if call.key is null then
    return null;
  end if;
  request := concat_ws(' ', call.user_id, call.target, call.key);
  perform pg_advisory_xact_lock(hashtextextended(request, 20260308));
  select i.* into stored
  from tracker.idempotency as i
  where i.user_id = call.user_id
    and i.target = call.target
    and i.key = call.key
    and i.expires_at > clock_timestamp();
  if not found then
    return null;
  elsif stored.body_hash <> call.body_hash then
    return tracker.refuse(
      409,
      'IDEMPOTENCY_CONFLICT',
      'This Idempotency-Key was sent with another body',
      '{"reason": "other_body"}'
    );
  end if;
  return row(stored.status, stored.response, stored.headers, true)::tracker.reply;
end
$$;

-- Ends a request: its answer, kept for the same request sent again. What a refusal says is kept as
-- well, but for those that another try may overcome; of a creation without a key only its success.
create or replace function tracker.end_call(call tracker.call, reply tracker.reply)
returns tracker.reply
language plpgsql
as $$
begin
  if call.key is not null
    and reply.status not in (401, 429)
    and reply.status < 500
    and (call.kept_seconds >= 3600 or reply.status < 400)
  then
    insert into tracker.idempotency as i (
      user_id, target, key, body_hash, status, response, headers, expires_at
    )
    values (
      call.user_id, call.target, call.key, call.body_hash, reply.status, reply.body,
      reply.headers, clock_timestamp() + make_interval(secs => call.kept_seconds)
    )
    on conflict on constraint idempotency_pkey do update
    set body_hash = excluded.body_hash,
      status = excluded.status,
      response = excluded.response,
      headers = excluded.headers,
      stored_at = excluded.stored_at,
      expires_at = excluded.expires_at;
  end if;
  return reply;
end
$$;
