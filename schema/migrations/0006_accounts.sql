-- Accounts: one user store for the web game, the log panel and the tracker.

create table accounts.users (
  id bigint generated always as identity primary key,
  public_id text not null unique check (public_id ~ '^usr_[0-9A-Za-z]{8,32}$'),
  username text,
  email text,
  display_name text not null,
  profile_image_url text,
  password_hash text,
  must_change_password boolean not null default false,
  role text not null default 'player' check (role in ('player', 'organizer', 'staff', 'admin')),
  is_active boolean not null default true,
  token_version integer not null default 0,
  muted_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_seen_at timestamptz,
  deleted_at timestamptz,
  check (deleted_at is not null or (username is not null and email is not null)),
  check (
    deleted_at is null
    or (username is null and email is null and password_hash is null and not is_active)
  )
);

-- The order matters: of a name and an e-mail that are both taken, the e-mail is reported.
create unique index users_by_email on accounts.users (lower(email) text_pattern_ops);
create unique index users_by_username on accounts.users (lower(username) text_pattern_ops);

comment on table accounts.users is
  'A person with an account, of whatever door; an erased one keeps its ids and nothing else.';
comment on column accounts.users.id is 'The user id in tokens and in the web game';
comment on column accounts.users.public_id is 'The user id of /v1: usr_, then time and chance';
comment on column accounts.users.username is 'Unique, whatever its case; null: erased';
comment on column accounts.users.email is 'Unique, whatever its case; null: erased';
comment on column accounts.users.display_name is 'The name that the tracker shows';
comment on column accounts.users.profile_image_url is 'An https URL; null: no picture';
comment on column accounts.users.password_hash is
  'bcrypt over base64(HMAC-SHA-256(pepper, password)); null: no login by password';
comment on column accounts.users.must_change_password is
  'The password was chosen by somebody else, and the panel asks for a new one';
comment on column accounts.users.role is 'What the user may do: player, organizer, staff or admin';
comment on column accounts.users.is_active is 'False: banned or erased, every token is refused';
comment on column accounts.users.token_version is
  'Tokens carry it as ver; it is raised to end all sessions';
comment on column accounts.users.muted_until is 'Until when chat is refused; null: it is not';
comment on column accounts.users.created_at is 'When the account was made';
comment on column accounts.users.updated_at is 'When the user, or somebody for them, last changed it';
comment on column accounts.users.last_seen_at is
  'The last login or refresh of a session; null: there was none';
comment on column accounts.users.deleted_at is 'When the person was erased; null: they were not';

create table accounts.identities (
  provider text not null check (provider in ('steam', 'discord')),
  subject text not null check (subject <> ''),
  user_id bigint not null references accounts.users on delete cascade,
  linked_at timestamptz not null default now(),
  primary key (provider, subject)
);

create index identities_by_user on accounts.identities (user_id);

comment on table accounts.identities is
  'An account elsewhere that belongs to a user; each belongs to one user at most.';
comment on column accounts.identities.provider is 'Where that account is: steam or discord';
comment on column accounts.identities.subject is 'Its id there';
comment on column accounts.identities.user_id is 'The user it belongs to';
comment on column accounts.identities.linked_at is 'When it was linked';

create table accounts.known_addresses (
  user_id bigint not null references accounts.users on delete cascade,
  address_hash text not null,
  last_login_at timestamptz not null default now(),
  primary key (user_id, address_hash)
);

create index known_addresses_by_time on accounts.known_addresses (last_login_at);

comment on table accounts.known_addresses is
  'An address from which a user logged in: failed logins from elsewhere do not lock it out.';
comment on column accounts.known_addresses.user_id is 'Who logged in';
comment on column accounts.known_addresses.address_hash is
  'Keyed hash of the IPv4 address or IPv6 /64, as hexadecimal digits';
comment on column accounts.known_addresses.last_login_at is 'The last successful login from there';

create table accounts.sessions (
  id uuid primary key,
  user_id bigint not null references accounts.users on delete cascade,
  version integer not null,
  generation integer not null default 0 check (generation >= 0),
  token_hash bytea not null check (octet_length(token_hash) = 32),
  created_at timestamptz not null default now(),
  rotated_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);

create index sessions_by_user on accounts.sessions (user_id);
create index sessions_by_expiry on accounts.sessions (expires_at);

comment on table accounts.sessions is
  'A login of the tracker and the family of refresh tokens that follow from it.';
comment on column accounts.sessions.id is 'The sid of its access tokens';
comment on column accounts.sessions.user_id is 'Who logged in';
comment on column accounts.sessions.version is
  'The user''s token_version at the login: another one ends the session';
comment on column accounts.sessions.generation is 'How often its refresh token was exchanged';
comment on column accounts.sessions.token_hash is 'SHA-256 of the current refresh token, 32 bytes';
comment on column accounts.sessions.created_at is 'When the user logged in';
comment on column accounts.sessions.rotated_at is 'When the current refresh token was made';
comment on column accounts.sessions.expires_at is 'Until when the current refresh token works';
comment on column accounts.sessions.revoked_at is
  'When it ended by logout, reuse or erasure; null: it did not';

create table accounts.signing_keys (
  kid text primary key,
  sealed bytea not null,
  public_jwk jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  retired_at timestamptz,
  is_first boolean unique check (is_first)
);

comment on table accounts.signing_keys is
  'An RSA key of the tracker''s tokens; the newest signs, all that are not retired verify.';
comment on column accounts.signing_keys.kid is 'What tokens name it by';
comment on column accounts.signing_keys.sealed is 'The private key as PEM, encrypted by the functions';
comment on column accounts.signing_keys.public_jwk is 'The public key as /.well-known/jwks.json has it';
comment on column accounts.signing_keys.created_at is 'When it was made';
comment on column accounts.signing_keys.retired_at is
  'From when on its tokens are refused; null: not yet';
comment on column accounts.signing_keys.is_first is
  'True for the one key that was made because there was none; null for all others';

create table accounts.password_resets (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  user_id bigint not null references accounts.users on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);

create index password_resets_by_user on accounts.password_resets (user_id);

comment on table accounts.password_resets is 'A token that was mailed to choose a new password with.';
comment on column accounts.password_resets.token_hash is 'SHA-256 of the token, 32 bytes';
comment on column accounts.password_resets.user_id is 'Whose password it resets';
comment on column accounts.password_resets.created_at is 'When it was asked for';
comment on column accounts.password_resets.expires_at is 'From when on it is refused';
comment on column accounts.password_resets.used_at is
  'When it, or another of the same user, was used; null: it was not';

create table accounts.audit (
  occurred_at timestamptz not null default now(),
  action text not null,
  user_id bigint,
  actor text,
  ip_hash text,
  reason text,
  details jsonb
);

select create_hypertable('accounts.audit', by_range('occurred_at', interval '90 days'));

create index audit_by_user on accounts.audit (user_id, occurred_at desc);

comment on table accounts.audit is
  'Something that happened to an account: a failed login, a change of role, a ban, a reset.';
comment on column accounts.audit.occurred_at is 'When it happened';
comment on column accounts.audit.action is 'What happened, such as login.failed';
comment on column accounts.audit.user_id is 'To whose account; null: to none that exists';
comment on column accounts.audit.actor is
  'Who did it: the id of a user, or operator; null: whoever sent the request';
comment on column accounts.audit.ip_hash is
  'Keyed hash of the caller''s address, as hexadecimal digits; null: an operator''s command';
comment on column accounts.audit.reason is 'The reason that was given; null: none was needed';
comment on column accounts.audit.details is 'What changed, such as the role before and after';
