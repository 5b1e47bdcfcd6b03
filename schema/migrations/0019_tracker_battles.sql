-- Battles of the tracker, and the events that make them.

create table tracker.battles (
  id text primary key check (id ~ '^btl_[0-9A-Za-z]{8,32}$'),
  tournament_id text,
  status text not null check (status in ('setup', 'in_progress', 'completed', 'cancelled')),
  visibility text not null check (visibility in ('public', 'private')),
  current_round integer not null check (current_round > 0),
  version bigint not null check (version > 0),
  due_at timestamptz check (due_at is null or status = 'in_progress'),
  state jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  completed_at timestamptz check ((completed_at is null) = (status <> 'completed'))
);

create index battles_by_time on tracker.battles (created_at desc, id desc);
create index battles_by_status on tracker.battles (status, current_round);
create index battles_by_status_in_order on tracker.battles (status, created_at desc, id desc);
create index battles_by_tournament on tracker.battles (tournament_id, status)
where tournament_id is not null;
create index battles_overdue on tracker.battles (due_at, id)
where due_at is not null;

comment on table tracker.battles is
  'A game of two players. `state` is what its events make of it; the columns beside it are of it.';
comment on column tracker.battles.id is 'btl_, then time and chance';
comment on column tracker.battles.tournament_id is 'The tournament that it belongs to; null: none';
comment on column tracker.battles.status is 'setup, in_progress, completed or cancelled';
comment on column tracker.battles.visibility is
  'Whether every user may read and watch it, or only its players and organisers';
comment on column tracker.battles.current_round is 'The round that is played, from 1 on';
comment on column tracker.battles.version is 'Its ETag, and the number of its last event';
comment on column tracker.battles.due_at is
  'When the clock makes its next event by itself; null: never, as it stands';
comment on column tracker.battles.state is
  'All of it, as functions/tracker/battles keeps it: rules, players with scores, turn, result';
comment on column tracker.battles.created_at is 'When it was made';
comment on column tracker.battles.updated_at is 'The time of its last event';
comment on column tracker.battles.completed_at is 'When it ended with a result; null: it did not';

create table tracker.battle_players (
  user_id text not null,
  battle_id text not null references tracker.battles on delete cascade,
  army_id text not null,
  created_at timestamptz not null,
  primary key (battle_id, user_id)
);

create index battle_players_in_order
on tracker.battle_players (user_id, created_at desc, battle_id desc);
create index battle_players_by_army on tracker.battle_players (army_id, battle_id);

comment on table tracker.battle_players is 'A player of a battle; each has two.';
comment on column tracker.battle_players.user_id is 'Who: a user''s id under /v1';
comment on column tracker.battle_players.battle_id is 'In which battle';
comment on column tracker.battle_players.army_id is
  'With which army; the battle holds a copy, for that one may change and go';
comment on column tracker.battle_players.created_at is 'When the battle was made';

create table tracker.battle_events (
  battle_id text not null references tracker.battles on delete cascade,
  seq bigint not null check (seq > 0),
  type text not null,
  actor_id text,
  actor_role text not null check (actor_role in ('player', 'organizer', 'admin', 'system')),
  source text not null check (source in ('rest', 'ws', 'system')),
  occurred_at timestamptz not null,
  data jsonb not null,
  before jsonb not null,
  after jsonb not null,
  request_id text,
  primary key (battle_id, seq)
);

comment on table tracker.battle_events is
  'A change of a battle. All of them, folded from the first on, are the battle.';
comment on column tracker.battle_events.battle_id is 'Of which battle';
comment on column tracker.battle_events.seq is 'Its number, consecutive from 1 in each battle';
comment on column tracker.battle_events.type is 'What happened, such as scores_updated';
comment on column tracker.battle_events.actor_id is
  'Who did it: a user''s id under /v1; null: the clock';
comment on column tracker.battle_events.actor_role is 'As what: player, organizer, admin or system';
comment on column tracker.battle_events.source is 'By a request, a socket or the clock';
comment on column tracker.battle_events.occurred_at is
  'When it happened; of what the clock did when it was due';
comment on column tracker.battle_events.data is 'What was asked for, in the words of its type';
comment on column tracker.battle_events.before is 'The parts of the battle that it changed, before it';
comment on column tracker.battle_events.after is 'The same parts after it';
comment on column tracker.battle_events.request_id is 'The request that did it; null: none';
