-- Refused bodies of rounds and names, which wait for a fix and `make quarantine ARGS=replay`.
create or replace function ttt.describe_quarantine() returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
    'bodies', count(*), 'bytes', coalesce(sum(octet_length(body)), 0),
    'oldest_at', shared.iso_time(min(received_at))
  )
  from ttt.quarantine
$$;
