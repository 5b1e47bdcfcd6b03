-- Tilt events of a Discord bot, and their signals one row each. Chunks of 90 days: a bot sends little,
-- and each chunk that a read has to consider costs it some 20 us of planning.

comment on schema tilt is 'Tilt events of a Discord bot.';

create table tilt.events (
  id uuid not null,
  occurred_at timestamptz not null,
  user_id text not null check (length(user_id) between 1 and 64),
  tilt_score numeric not null check (tilt_score between 0 and 100),
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

comment on table tilt.events is 'One measurement of how tilted a Discord user is.';
comment on column tilt.events.id is 'UUID version 8 of the content, which carries occurred_at in ms';
comment on column tilt.events.occurred_at is 'When it was measured, as sent, to the millisecond';
comment on column tilt.events.user_id is 'Discord id of the user';
comment on column tilt.events.tilt_score is '0 to 100, exact as sent, so that sums are exact';
comment on column tilt.events.signals is 'What the score was made of, as sent: a JSON array';
comment on column tilt.events.context is 'Where it was measured, as sent';
comment on column tilt.events.created_at is 'When it was stored';

create table tilt.signals (
  event_id uuid not null,
  ordinal smallint not null,
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

comment on table tilt.signals is 'A signal of a tilt event, written together with it.';
comment on column tilt.signals.event_id is 'tilt.events.id';
comment on column tilt.signals.ordinal is 'The signal''s place in its event, from 1';
comment on column tilt.signals.occurred_at is 'That of its event';
comment on column tilt.signals.user_id is 'That of its event';
comment on column tilt.signals.type is 'What kind of signal it is, such as rage';
comment on column tilt.signals.severity is '0 to 10; null: not sent';
comment on column tilt.signals.confidence is '0 to 1; null: not sent';

-- A late event is refused together with its signals, and no signal is counted without its event.
insert into rollups.sources (name, time_column, part_of)
values ('tilt.events', 'occurred_at', null),
  ('tilt.signals', 'occurred_at', 'tilt.events');
