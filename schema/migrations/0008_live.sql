-- Rooms: what happened in each, in an order that clients can follow.

create table live.rooms (
  room text primary key,
  head_seq bigint not null default 0 check (head_seq >= 0),
  epoch text not null default replace(gen_random_uuid()::text, '-', ''),
  created_at timestamptz not null default clock_timestamp(),
  last_event_at timestamptz not null default clock_timestamp()
);

comment on table live.rooms is 'A room in which something has happened, such as a battle.';
comment on column live.rooms.room is 'Its name, <kind>:<id> or <kind>';
comment on column live.rooms.head_seq is 'The number of its last event; 0: none';
comment on column live.rooms.epoch is 'A random text: numbers of another epoch mean nothing here';
comment on column live.rooms.created_at is 'When the first event was appended';
comment on column live.rooms.last_event_at is 'When the last one was';

create table live.events (
  room text not null,
  seq bigint not null check (seq > 0),
  occurred_at timestamptz not null,
  type text not null,
  payload jsonb not null
);

select create_hypertable('live.events', by_range('occurred_at', interval '7 days'));

create unique index events_by_seq on live.events (room, seq desc, occurred_at);

comment on table live.events is 'Something that happened in a room.';
comment on column live.events.room is 'In which room';
comment on column live.events.seq is 'Its number, consecutive from 1 in each room';
comment on column live.events.occurred_at is
  'When it was appended; never earlier than the event before';
comment on column live.events.type is 'What happened, as clients read it, such as attack';
comment on column live.events.payload is 'What clients are sent, but for type and number';
