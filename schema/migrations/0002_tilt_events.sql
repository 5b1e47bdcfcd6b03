-- Tilt events of a Discord bot, and their signals one row each. Chunks of 90 days: a bot sends little,
-- and each chunk that a read has to consider costs it some 20 us of planning.

create table tilt.events (
  id uuid not null,  -- version 8: carries occurred_at to the millisecond
  occurred_at timestamptz not null,
  user_id text not null check (length(user_id) between 1 and 64),
  tilt_score numeric not null check (tilt_score between 0 and 100),  -- exact, so that sums are
  signals jsonb not null check (jsonb_typeof(signals) = 'array'),
  context text not null check (length(context) <= 64),
  created_at timestamptz not null default now(),
  primary key (id, occurred_at)
);

select create_hypertable(
  'tilt.events', by_range('occurred_at', interval '90 days'), create_default_indexes => false
);

-- With the score, so that a user's part of a dirty bucket is counted from the index alone.
create index events_by_user on tilt.events (user_id, occurred_at desc, id desc) include (tilt_score);
create index events_by_time on tilt.events (occurred_at desc);

create table tilt.signals (
  event_id uuid not null,
  ordinal smallint not null,  -- the signal's place in its event, from 1
  occurred_at timestamptz not null,
  user_id text not null,
  type text not null,
  severity numeric check (severity between 0 and 10),
  confidence numeric check (confidence between 0 and 1),
  primary key (event_id, ordinal, occurred_at)
);

select create_hypertable(
  'tilt.signals', by_range('occurred_at', interval '90 days'), create_default_indexes => false
);

create index signals_by_user on tilt.signals (user_id, occurred_at desc);
