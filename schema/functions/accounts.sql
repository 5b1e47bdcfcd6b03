-- The user whom a token names, for the statement that serves the request: one row or none. A token
-- of an older version is none, but a banned user is found by any token, to be told so.
create or replace function accounts.caller(user_id bigint, version integer)
returns table (
  id bigint,
  public_id text,
  username text,
  role text,
  is_active boolean,
  must_change_password boolean,
  muted_until timestamptz
)
language sql
stable
as $$
  select u.id, u.public_id, u.username, u.role, u.is_active, u.must_change_password, u.muted_until
  from accounts.users as u
  where u.id = $1
    and (u.token_version = $2 or not u.is_active)
    and u.deleted_at is null
$$;

-- The user of a session of the panel, by the hash of its token, with the version that the token has.
create or replace function accounts.panel_caller(token_hash bytea)
returns table (
  id bigint,
  version integer,
  username text,
  role text,
  is_active boolean,
  must_change_password boolean
)
language sql
stable
as $$
  select c.id, s.version, c.username, c.role, c.is_active, c.must_change_password
  from accounts.panel_sessions as s
  cross join lateral accounts.caller(s.user_id, s.version) as c
  where s.token_hash = $1
    and s.expires_at > now()
$$;

-- The same for a token of the tracker, which ends with its session. What stands for the session of an
-- API key is its id after zeros, and it ends with the key: no version counts, and no other logout.
create or replace function accounts.session_caller(user_id bigint, version integer, session_id uuid)
returns table (
  id bigint,
  public_id text,
  username text,
  role text,
  is_active boolean,
  must_change_password boolean,
  muted_until timestamptz
)
language sql
stable
as $$
  select c.*
  from accounts.caller($1, $2) as c
  where exists (
    select
    from accounts.sessions as s
    where s.id = $3
      and s.user_id = $1
      and s.revoked_at is null
  )
  union all
  select u.id, u.public_id, u.username, u.role, u.is_active, u.must_change_password, u.muted_until
  from shared.api_keys as k
  join accounts.users as u on u.id = k.user_id
  where $3 <= '00000000-0000-0000-0000-0000ffffffff'
    and k.key_id = right($3::text, 8)
    and k.user_id = $1
    and k.revoked_at is null
    and (k.expires_at is null or k.expires_at > now())
    and u.deleted_at is null
$$;

-- The public keys that verify the tracker's tokens, the newest first.
create or replace function accounts.public_keys()
returns table (kid text, public_jwk jsonb)
language sql
stable
as $$
  select k.kid, k.public_jwk
  from accounts.signing_keys as k
  where k.retired_at is null
    or k.retired_at > now()
  order by k.created_at desc
$$;

-- Exchanges the refresh token of a generation for its successor. The outcome is `exchanged`; `same`
-- for a request that was received before the exchange of that very token had committed, which gets
-- the same successor; or why it is refused: `revoked`, `expired`, or `reused`, which ends the session.
create or replace function accounts.exchange_refresh_token(
  session_id uuid,
  sent_generation integer,
  sent_hash bytea,
  successor_hash bytea,
  age double precision,
  lifetime double precision,
  caller_hash text
)
returns table (outcome text, user_id bigint)
language plpgsql
as $$
declare
  received_at timestamptz := statement_timestamp() - make_interval(secs => age);
  generation_before integer;
  session accounts.sessions;
begin
  -- Without waiting: what was committed when this request came to the database.
  select s.generation into generation_before
  from accounts.sessions as s
  where s.id = session_id;
  select s.* into session
  from accounts.sessions as s
  join accounts.users as u on u.id = s.user_id
  where s.id = session_id
    and u.is_active
    and u.token_version = s.version
  for update of s;
  if session.id is null or session.revoked_at is not null then
    return query select 'revoked', null::bigint;
  elsif sent_generation = session.generation and sent_hash = session.token_hash then
    if session.expires_at <= clock_timestamp() then
      return query select 'expired', null::bigint;
      return;
    end if;
    update accounts.sessions as s
    set generation = s.generation + 1,
      token_hash = successor_hash,
      rotated_at = clock_timestamp(),
      expires_at = clock_timestamp() + make_interval(secs => lifetime)
    where s.id = session_id;
    update accounts.users as u
    set last_seen_at = now()
    where u.id = session.user_id;
    return query select 'exchanged', session.user_id;
  elsif sent_generation = session.generation - 1
    and successor_hash = session.token_hash
    and (generation_before = sent_generation or received_at < session.rotated_at)
  then
    return query select 'same', session.user_id;
  else
    update accounts.sessions as s
    set revoked_at = now()
    where s.id = session_id;
    insert into accounts.audit (action, user_id, ip_hash, details)
    values (
      'token.reused', session.user_id, caller_hash, jsonb_build_object('session', session_id)
    );
    return query select 'reused', session.user_id;
  end if;
end
$$;

-- Audits what somebody did to a user, or to none, for the domain in which it was done.
create or replace function accounts.note(
  action text, user_id bigint, actor text, reason text, details jsonb
)
returns void
language sql
as $$
  insert into accounts.audit (action, user_id, actor, reason, details)
  values ($1, $2, $3, $4, $5)
$$;

-- The rows that are kept about a user since a moment, as game.export_records has those of a player;
-- no secret, and of others nothing.
create or replace function accounts.export_records(user_id bigint, after timestamptz, most integer)
returns table (list text, at timestamptz, record jsonb)
language sql
stable
as $$
  (
    select 'sessions', s.created_at,
      jsonb_build_object(
        'id', s.id,
        'created_at', shared.iso_time(s.created_at),
        'rotated_at', shared.iso_time(s.rotated_at),
        'expires_at', shared.iso_time(s.expires_at),
        'revoked_at', shared.iso_time(s.revoked_at)
      )
    from accounts.sessions as s
    where s.user_id = $1
      and s.created_at > $2
    order by s.created_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'panel_sessions', s.created_at,
      jsonb_build_object(
        'created_at', shared.iso_time(s.created_at), 'expires_at', shared.iso_time(s.expires_at)
      )
    from accounts.panel_sessions as s
    where s.user_id = $1
      and s.created_at > $2
    order by s.created_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'identities', i.linked_at,
      jsonb_build_object(
        'provider', i.provider, 'subject', i.subject, 'linked_at', shared.iso_time(i.linked_at)
      )
    from accounts.identities as i
    where i.user_id = $1
      and i.linked_at > $2
    order by i.linked_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'known_addresses', k.last_login_at,
      jsonb_build_object(
        'address_hash', k.address_hash, 'last_login_at', shared.iso_time(k.last_login_at)
      )
    from accounts.known_addresses as k
    where k.user_id = $1
      and k.last_login_at > $2
    order by k.last_login_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'password_resets', r.created_at,
      jsonb_build_object(
        'created_at', shared.iso_time(r.created_at),
        'expires_at', shared.iso_time(r.expires_at),
        'used_at', shared.iso_time(r.used_at)
      )
    from accounts.password_resets as r
    where r.user_id = $1
      and r.created_at > $2
    order by r.created_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'account_events', a.occurred_at,
      jsonb_build_object(
        'occurred_at', shared.iso_time(a.occurred_at),
        'action', a.action,
        'ip_hash', a.ip_hash,
        'reason', a.reason,
        'details', a.details
      )
    from accounts.audit as a
    where a.user_id = $1
      and a.occurred_at > $2
    order by a.occurred_at
    fetch first ($3) rows with ties
  )
$$;

-- The names that the tracker shows of users, by their ids under /v1.
create or replace function accounts.list_display_names(public_ids text[]) returns jsonb
language plpgsql
stable
as $$
begin
  return (
    select coalesce(jsonb_object_agg(u.public_id, u.display_name), '{}')
    from accounts.users as u
    where u.public_id = any($1)
  );
end
$$;

-- The ids under /v1 and the roles of users who are not erased.
create or replace function accounts.list_people(user_ids bigint[])
returns table (id bigint, public_id text, role text)
language sql
stable
as $$
  select u.id, u.public_id, u.role
  from accounts.users as u
  where u.id = any($1)
    and u.deleted_at is null
$$;

-- The users whose names begin with a text, or the one of an id under /v1, as others may see them:
-- whose e-mail is for whom the caller decides.
create or replace function accounts.find_users(public_id text, prefix text)
returns table (
  id bigint, public_id text, username text, email text, display_name text, profile_image_url text,
  role text, created_at timestamptz, updated_at timestamptz
)
language sql
stable
as $$
  select u.id, u.public_id, u.username, u.email, u.display_name, u.profile_image_url, u.role,
    u.created_at, u.updated_at
  from accounts.users as u
  where u.deleted_at is null
    and u.public_id = $1
  union all
  select u.id, u.public_id, u.username, u.email, u.display_name, u.profile_image_url, u.role,
    u.created_at, u.updated_at
  from accounts.users as u
  where u.deleted_at is null
    and lower(u.username) ~>=~ lower($2)
    and lower(u.username) ~<~ (lower($2) || chr(1114111))
$$;

-- Gives a user, by the id under /v1, a role; `actor` is who does it. Audited.
create or replace function accounts.change_role(
  public_id text, role text, actor bigint, address_hash text
)
returns void
language sql
as $$
  with before as (
    select u.id, u.role, u.is_active
    from accounts.users as u
    where u.public_id = $1
      and u.deleted_at is null
    for update
  ), changed as (
    update accounts.users as u
    set role = $2,
      updated_at = clock_timestamp()
    from before as b
    where u.id = b.id
  )
  insert into accounts.audit (action, user_id, actor, ip_hash, details)
  select 'user.changed', b.id, $3::text, $4,
    jsonb_build_object(
      'role', jsonb_build_array(b.role, $2),
      'is_active', jsonb_build_array(b.is_active, b.is_active)
    )
  from before as b
$$;
