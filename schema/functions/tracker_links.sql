-- What tournaments say to armies and battles. Armies and battles ask nothing else of them.

-- Whether a user may do at a tournament what its organiser does.
create or replace function tracker.is_organizer(tournament_id text, user_id text) returns boolean
language sql
stable
as $$
  select false
$$;

-- Whether a user organises a tournament with which an army is registered.
create or replace function tracker.organizes_army(army_id text, user_id text) returns boolean
language sql
stable
as $$
  select false
$$;

-- The tournaments, still to be played or being played, with which an army is registered.
create or replace function tracker.list_tournaments_of_army(army_id text) returns text[]
language sql
stable
as $$
  select '{}'::text[]
$$;
