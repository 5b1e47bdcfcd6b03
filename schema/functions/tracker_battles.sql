-- Battles: who may read one, and what changes it.

-- The battles, still to be played or being played, in which an army fights.
create or replace function tracker.list_open_battles_of_army(army_id text) returns text[]
language sql
stable
as $$
  select '{}'::text[]
$$;
