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

-- Whether a later round of a tournament was paired by the result of a battle.
create or replace function tracker.is_result_needed(battle_id text) returns boolean
language sql
stable
as $$
  select false
$$;

-- What a tournament makes of a change of one of its battles, in the transaction that stores it; called
-- after each.
create or replace function tracker.report_result(battle_id text) returns void
language sql
as $$
  select
$$;

-- What a battle that names a tournament is to it, and by what rules it is played there: null for no
-- such tournament; `status` of the tournament, `battle_id` of a pairing of the current round of
-- exactly these players, `score_caps`, and `needs_winner` where nobody may draw.
create or replace function tracker.find_tournament(tournament_id text, user_ids text[])
returns jsonb
language sql
stable
as $$
  select null::jsonb
$$;
