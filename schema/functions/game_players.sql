-- Makes the player of a user who has none, and returns the player's id.
create or replace function game.create_player(user_id bigint, username text) returns bigint
language sql
as $$
  insert into game.players (user_id, username)
  values ($1, $2)
  on conflict on constraint players_pkey do nothing;
  select $1
$$;

-- Takes a player's name away; what the player did stays.
create or replace function game.erase_player(user_id bigint) returns void
language sql
as $$
  update game.players
  set username = 'Deleted player'
  where user_id = $1
$$;
