-- The tracker: what it knows of its players, their armies, and answers that are kept for repeats.

-- Who asks, and by which request, as the functions of the tracker take it.
create type tracker.call as (
  user_id bigint,
  version integer,  -- the token's `ver`
  session_id uuid,  -- the token's `sid`; null: a socket, which has none
  target text,  -- the method and the path
  key text,  -- Idempotency-Key, or one made of the body for creations without one; or null
  body_hash bytea,
  kept_seconds integer,  -- for how long the answer counts for the key
  request_id text
);

-- An answer: with a status of 400 and more `body` has code, message and details.
create type tracker.reply as (status integer, body jsonb, headers jsonb, is_replay boolean);

-- A user of the tracker whose token counts; `role`: player, organizer or admin.
create type tracker.caller as (id text, role text);

create table tracker.players (
  user_id text primary key,
  total_battles integer not null default 0 check (total_battles >= 0),
  tournament_wins integer not null default 0 check (tournament_wins >= 0)
);

comment on table tracker.players is 'What a user has played; who never did is not here.';
comment on column tracker.players.user_id is 'The user''s id under /v1';
comment on column tracker.players.total_battles is 'Completed battles';
comment on column tracker.players.tournament_wins is 'Tournaments that the user won';

create table tracker.armies (
  id text primary key check (id ~ '^army_[0-9A-Za-z]{8,32}$'),
  owner_id text not null,
  name text not null,
  faction_id text not null,
  detachment text not null,
  points_value integer not null check (points_value between 1 and 20000),
  units jsonb not null,
  units_total integer not null check (units_total between 0 and points_value),
  visibility text not null check (visibility in ('public', 'private')),
  version integer not null default 1 check (version > 0),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz
);

create index armies_by_time on tracker.armies (created_at desc, id desc)
where deleted_at is null;
create index armies_by_owner on tracker.armies (owner_id, created_at desc, id desc)
where deleted_at is null;
create index armies_by_faction on tracker.armies (faction_id, created_at desc, id desc)
where deleted_at is null;

comment on table tracker.armies is 'An army list. Battles and registrations hold copies of it.';
comment on column tracker.armies.id is 'army_, then time and chance';
comment on column tracker.armies.owner_id is 'Whose it is: a user''s id under /v1';
comment on column tracker.armies.name is 'Its name';
comment on column tracker.armies.faction_id is 'Its faction, in the owner''s words: there is no catalogue';
comment on column tracker.armies.detachment is 'Its detachment';
comment on column tracker.armies.points_value is 'Its size in points';
comment on column tracker.armies.units is
  'Its units, each with name, points, keywords and abilities, in the owner''s order';
comment on column tracker.armies.units_total is 'The sum of their points';
comment on column tracker.armies.visibility is
  'Whether every user may read it, or only those who need to';
comment on column tracker.armies.version is 'Its ETag: 1, and one more with each change';
comment on column tracker.armies.created_at is 'When it was made';
comment on column tracker.armies.updated_at is 'When it was last changed';
comment on column tracker.armies.deleted_at is 'When its owner deleted it; null: not yet';

create table tracker.idempotency (
  user_id bigint not null,
  target text not null,
  key text not null,
  body_hash bytea not null,
  status integer not null,
  response jsonb not null,
  headers jsonb not null,
  stored_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  primary key (user_id, target, key)
);

create index idempotency_by_expiry on tracker.idempotency (expires_at);

comment on table tracker.idempotency is 'An answer, for the same request sent again.';
comment on column tracker.idempotency.user_id is 'Who sent the request';
comment on column tracker.idempotency.target is 'Its method and path';
comment on column tracker.idempotency.key is
  'Its Idempotency-Key; of a creation without one a hash of its body';
comment on column tracker.idempotency.body_hash is 'SHA-256 of its body';
comment on column tracker.idempotency.status is 'The status of the answer';
comment on column tracker.idempotency.response is
  'The body of the answer; of a refusal its code, message and details';
comment on column tracker.idempotency.headers is 'Headers of the answer that others do not have';
comment on column tracker.idempotency.stored_at is 'When it was answered';
comment on column tracker.idempotency.expires_at is 'Until when it counts';
