-- What operators of the web game do and look for: grants, movements of a player, chat.

create table game.grants (
  id bigint generated always as identity primary key,
  player_id bigint not null references game.players on delete cascade,
  granted_at timestamptz not null default clock_timestamp(),
  actor bigint not null,
  reason text not null,
  gold bigint not null default 0,
  gems bigint not null default 0,
  xp bigint not null default 0,
  catalogue_id text references game.catalogue,
  quantity integer not null default 0,
  check ((catalogue_id is null) = (quantity = 0))
);

create index grants_by_player on game.grants (player_id, id desc);

comment on table game.grants is 'Something that an operator gave to a player, or took away.';
comment on column game.grants.id is 'The grant''s id, which its rows in game.ledger refer to';
comment on column game.grants.player_id is 'Whose gold, gems, experience or items';
comment on column game.grants.granted_at is 'When it was done';
comment on column game.grants.actor is 'The user id of the operator';
comment on column game.grants.reason is 'The operator''s reason';
comment on column game.grants.gold is 'Gold, negative for what was taken';
comment on column game.grants.gems is 'Gems, negative for what was taken';
comment on column game.grants.xp is 'Experience, negative for what was taken';
comment on column game.grants.catalogue_id is 'Which entry of the catalogue; null: none';
comment on column game.grants.quantity is 'How many units of it, negative for what was taken';

create table game.chat_reports (
  id bigint generated always as identity primary key,
  message_id bigint not null references game.chat_messages on delete cascade,
  reporter_id bigint not null references game.players on delete cascade,
  reason text not null check (length(reason) between 1 and 500),
  reported_at timestamptz not null default clock_timestamp(),
  unique (message_id, reporter_id)
);

create index chat_reports_by_reporter on game.chat_reports (reporter_id);

comment on table game.chat_reports is 'A player''s report of somebody''s message, one a player.';
comment on column game.chat_reports.id is 'The report''s id; later ones have greater ones';
comment on column game.chat_reports.message_id is 'Which message';
comment on column game.chat_reports.reporter_id is 'Who reported it';
comment on column game.chat_reports.reason is 'Why, in the words of who reported it';
comment on column game.chat_reports.reported_at is 'When it was first reported by them';

alter table game.chat_messages add column event_seq bigint;

comment on column game.chat_messages.event_seq is
  'The number of the event in live.events by which its room heard of it; null: there is none';

-- How often somebody wrote in a room a moment ago; it serves whatever the index before it did.
create index chat_messages_by_author on game.chat_messages (user_id, room, sent_at desc);
drop index game.chat_messages_by_user;

-- A player's movements in the order in which they happened: they take turns, and their transactions
-- may have begun in another one.
create index ledger_in_order on game.ledger (player_id, id desc);

-- Claims of hardly any contribution, which are few.
create index participants_of_little on game.participants (claimed_at)
where (rewards ->> 'contribution_percent')::numeric <= 1;
