-- What every domain uses: API keys, rate limits and the audit trail.

create table shared.api_keys (
  key_id text primary key,
  digest bytea not null check (octet_length(digest) = 32),  -- SHA-256 of the whole key
  name text not null,
  scopes text[] not null,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);

create index api_keys_by_name on shared.api_keys (name, created_at desc);

-- Unlogged: a crash may forget at most a minute of counting, and no write waits for its log.
create unlogged table shared.limits (
  who text primary key,
  window_start bigint not null,
  spent integer not null
);

create table shared.audit (
  at timestamptz not null default now(),
  action text not null,
  subject text not null,
  actor text,
  counts jsonb
);

select create_hypertable('shared.audit', by_range('at', interval '90 days'));

create index audit_by_subject on shared.audit (subject, at desc);
