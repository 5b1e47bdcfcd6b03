-- Gives what a member of the staff wrote the name that they have from now on.
create or replace function logs.rename_author(old_name text, new_name text) returns void
language sql
as $$
  update logs.notes
  set author = $2
  where author = $1;
  update logs.punishments
  set author = $2
  where author = $1;
  update logs.alt_allowlist
  set author = $2
  where author = $1
$$;
