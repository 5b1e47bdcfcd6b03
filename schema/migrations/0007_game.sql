-- The web game: its players.

create table game.players (
  user_id bigint primary key,
  username text not null,
  created_at timestamptz not null default now()
);

comment on table game.players is 'A user who plays the web game.';
comment on column game.players.user_id is 'The player''s id, which is the user''s';
comment on column game.players.username is 'The user''s name';
comment on column game.players.created_at is 'When the user first came to the game';
