-- Sockets: who is connected to which room, and who posts a room's events to them.

create table live.connections (
  connection_id text primary key,
  room text not null,
  user_id bigint not null,
  version integer not null,
  role text not null,
  member jsonb not null,
  takes_batches boolean not null default false,
  is_live boolean not null default false,
  after_seq bigint not null default 0 check (after_seq >= 0),
  busy_until timestamptz,
  greeted_at timestamptz,
  opened_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  minute timestamptz not null default date_trunc('minute', clock_timestamp(), 'UTC'),
  messages integer not null default 0,
  bad_messages integer not null default 0
);

create index connections_by_room on live.connections (room);
create index connections_by_user on live.connections (user_id);

comment on table live.connections is 'An open socket.';
comment on column live.connections.connection_id is 'The gateway''s name of it';
comment on column live.connections.room is 'The room that it was opened to';
comment on column live.connections.user_id is 'Whose it is';
comment on column live.connections.version is 'The token_version with which it was opened';
comment on column live.connections.role is 'What the user may do in the room, as clients read it';
comment on column live.connections.member is 'What others in the room are shown of the user';
comment on column live.connections.takes_batches is
  'Whether the client understands several events in one message';
comment on column live.connections.is_live is
  'Whether the room''s sender posts to it; else it is still being brought up to date';
comment on column live.connections.after_seq is
  'The sender posts it only events after this one; if not live, it has got those up to this one';
comment on column live.connections.busy_until is
  'Until when somebody brings it up to date; null: nobody does';
comment on column live.connections.greeted_at is 'When it was sent `connected`; null: not yet';
comment on column live.connections.opened_at is 'When it was opened';
comment on column live.connections.seen_at is 'When the client last sent something';
comment on column live.connections.minute is 'The minute of `messages`';
comment on column live.connections.messages is 'How many messages the client sent in that minute';
comment on column live.connections.bad_messages is 'How many of them could not be read';

create table live.senders (
  room text primary key,
  claimed_seq bigint not null default 0 check (claimed_seq >= 0),
  sent_seq bigint not null default 0 check (sent_seq <= claimed_seq),
  holder text,
  lease_until timestamptz,
  presence_told_at timestamptz,
  is_presence_due boolean not null default false,
  check ((holder is null) = (lease_until is null))
);

comment on table live.senders is
  'How far a room''s events have been posted to its sockets. One at a time posts them.';
comment on column live.senders.room is 'Which room';
comment on column live.senders.claimed_seq is 'The last event that somebody took to post it';
comment on column live.senders.sent_seq is 'The last event that was posted';
comment on column live.senders.holder is 'Who is posting; null: nobody';
comment on column live.senders.lease_until is
  'When another one may go on, because the holder must have died';

comment on column live.senders.presence_told_at is 'When all were last told who is here';
comment on column live.senders.is_presence_due is
  'Whether somebody came or left since, of which all are told in a moment';

create table live.members (
  room text not null,
  user_id bigint not null,
  member jsonb not null,
  gone_at timestamptz,
  primary key (room, user_id)
);

comment on table live.members is
  'Who is in a room, as the others are shown: users, not sockets. A tab that is loaded again, or one
  of two that is closed, is nobody''s coming or going.';
comment on column live.members.room is 'Which room';
comment on column live.members.user_id is 'Who';
comment on column live.members.member is 'What the others are shown of the user';
comment on column live.members.gone_at is
  'When the last socket closed: a few seconds later the user has left';

create table live.tickets (
  hash bytea primary key,
  room text not null,
  user_id bigint not null,
  version integer not null,
  expires_at timestamptz not null
);

comment on table live.tickets is
  'What opens one socket within half a minute, so that no token stands in an address.';
comment on column live.tickets.hash is 'SHA-256 of the ticket';
comment on column live.tickets.room is 'The room that it opens';
comment on column live.tickets.user_id is 'Whose it is';
comment on column live.tickets.version is 'The token_version with which it was asked for';
comment on column live.tickets.expires_at is 'Until when it counts';

create table live.refs (
  user_id bigint not null,
  ref text not null,
  answer jsonb not null,
  stored_at timestamptz not null default clock_timestamp(),
  primary key (user_id, ref)
);

create index refs_by_age on live.refs (stored_at);

comment on table live.refs is
  'Commands that were done, by the name that the client gave each: sent again, they are not done again.';
comment on column live.refs.user_id is 'Who sent it';
comment on column live.refs.ref is 'The client''s name of it';
comment on column live.refs.answer is 'What was answered';
comment on column live.refs.stored_at is 'When it was done';

create table live.budget (
  id boolean primary key default true check (id),
  posts_left double precision not null,
  refilled_at timestamptz not null
);

comment on table live.budget is
  'How many posts to sockets are left: one row, filled by time up to a second''s worth.';
comment on column live.budget.id is 'Always true';
comment on column live.budget.posts_left is 'Posts that may be sent now';
comment on column live.budget.refilled_at is 'As of when';

comment on table live.rooms is
  'A room in which something has happened, or to which somebody was connected, such as a battle.';
