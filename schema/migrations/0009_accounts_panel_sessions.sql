-- Sessions of the log panel: functions that let its staff in ask here, and need no key of tokens.

create table accounts.panel_sessions (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  user_id bigint not null references accounts.users on delete cascade,
  version integer not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create index panel_sessions_by_user on accounts.panel_sessions (user_id);
create index panel_sessions_by_expiry on accounts.panel_sessions (expires_at);

comment on table accounts.panel_sessions is
  'A login at the log panel, whose token counts until it expires.';
comment on column accounts.panel_sessions.token_hash is 'SHA-256 of the token, 32 bytes';
comment on column accounts.panel_sessions.user_id is 'Who logged in';
comment on column accounts.panel_sessions.version is
  'The user''s token_version at the login: another one ends the session';
comment on column accounts.panel_sessions.created_at is 'When the user logged in';
comment on column accounts.panel_sessions.expires_at is 'Until when the token works';
