-- Gives whoever did something another name in the audit trail.
create or replace function shared.rename_actor(old_name text, new_name text) returns void
language sql
as $$
  update shared.audit
  set actor = $2
  where actor = $1
$$;
