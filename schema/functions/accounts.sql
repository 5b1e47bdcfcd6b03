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

-- The same for a token of the tracker, which ends with its session.
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
$$;
