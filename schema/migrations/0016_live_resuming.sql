-- What a socket has asked for and was not answered yet, and what sees to its end: its session, its age
-- and its silence.

alter table live.connections
  add column resume_seq bigint check (resume_seq >= 0),
  add column resume_epoch text,
  add column session_id uuid,
  add column kept_at timestamptz,
  add column warned_at timestamptz;

comment on column live.connections.resume_seq is
  'The client asked for the events after this one, and whoever brings it up to date answers; null:
  nothing is asked';
comment on column live.connections.resume_epoch is 'The epoch of that number; null: not given';
comment on column live.connections.session_id is
  'The session whose token opened it; null: tokens of this kind have none';
comment on column live.connections.kept_at is
  'When it was last sent something that keeps it open; null: never';
comment on column live.connections.warned_at is
  'When it was asked to open another one in time, because of its age; null: not yet';

alter table live.tickets
  add column session_id uuid;

comment on column live.tickets.session_id is
  'The session whose token it was asked for with; null: tokens of this kind have none';
