-- What every domain uses: API keys, rate limits, the audit trail and parts of spooled items.

comment on schema shared is 'What every domain uses: API keys, rate limits, the audit trail, the ledger of migrations.';

create table shared.api_keys (
  key_id text primary key,
  key_hash bytea not null check (octet_length(key_hash) = 32),
  name text not null,
  scopes text[] not null,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);

create index api_keys_by_name on shared.api_keys (name, created_at desc);

comment on table shared.api_keys is 'An API key: who may call what. The key itself is not stored.';
comment on column shared.api_keys.key_id is 'The public part of the key, by which it is looked up';
comment on column shared.api_keys.key_hash is
  'SHA-256 of the whole key; of a game server''s key HMAC-SHA-256; 32 bytes';
comment on column shared.api_keys.name is 'Who holds it: a person, a bot, or a game server''s id';
comment on column shared.api_keys.scopes is 'What it may call, such as tilt:write';
comment on column shared.api_keys.created_at is 'When it was issued';
comment on column shared.api_keys.last_used_at is 'Its last use, to the minute; null: never used';
comment on column shared.api_keys.expires_at is 'From when on it is refused; null: it does not expire';
comment on column shared.api_keys.revoked_at is 'When it was revoked; null: it was not';

-- Unlogged: a crash may lose at most a minute of counting, and no write waits for its log.
create unlogged table shared.rate_limits (
  key text primary key,
  window_start bigint not null,
  count integer not null
);

comment on table shared.rate_limits is 'The requests that one caller made in the current window of one limit.';
comment on column shared.rate_limits.key is 'The limit and the caller, such as tilt:<key_id>';
comment on column shared.rate_limits.window_start is 'When the window began, in seconds since 1970';
comment on column shared.rate_limits.count is 'Requests, or events, in the window';

create table shared.audit (
  occurred_at timestamptz not null default now(),
  action text not null,
  subject text not null,
  actor text,
  counts jsonb
);

select create_hypertable('shared.audit', by_range('occurred_at', interval '90 days'));

create index audit_by_subject on shared.audit (subject, occurred_at desc);

comment on table shared.audit is 'Something that staff or an operator did: a key revoked, a person erased.';
comment on column shared.audit.occurred_at is 'When it was done';
comment on column shared.audit.action is 'What was done, such as ttt.erase';
comment on column shared.audit.subject is 'To whom or to what; a pseudonym where a person was erased';
comment on column shared.audit.actor is 'The key_id that did it; null: a command or the system';
comment on column shared.audit.counts is 'Rows changed, by table; null where none are counted';

create table shared.spool_parts (
  item text not null,
  part smallint not null,
  body text not null,
  received_at timestamptz not null default now(),
  primary key (item, part)
);

create index spool_parts_by_time on shared.spool_parts (received_at);

comment on table shared.spool_parts is
  'A part of a spooled item that no single queue message can carry, until all of its parts are here.';
comment on column shared.spool_parts.item is 'SHA-256 of the whole item, as hexadecimal digits';
comment on column shared.spool_parts.part is 'The part''s place in the item, from 0';
comment on column shared.spool_parts.body is 'The part of the item''s text';
comment on column shared.spool_parts.received_at is 'When the part came out of the queue';
