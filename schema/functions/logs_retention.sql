-- Deletes sessions, and what they are derived from beside raw rows, of days that are over. As long
-- as a session may be derived again, its row is there.
create or replace function logs.delete_old_sessions() returns void
language plpgsql
as $$
begin
  delete from logs.sessions
  where last_at < rollups.retained_from('logs.session_hours') - interval '48 hours';
  delete from logs.unmatched_ends
  where last_at < rollups.retained_from('logs.event_hours') - interval '48 hours';
  delete from logs.liveness_slots
  where slot < rollups.retained_from('logs.event_hours') - interval '48 hours';
end
$$;
