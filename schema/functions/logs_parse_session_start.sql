-- When a session began, as its server sends it with an event that has a session id. A time more
-- than a week before the event is ignored: nobody plays for so long, and each hour of a session is
-- a row.
create or replace function logs.parse_session_start(occurred_at timestamptz, session_id text,
metadata jsonb)
returns timestamptz
language sql
stable
as $$
  select moment
  from (
    select (metadata ->> 'sessionStart')::timestamptz as moment
    where session_id is not null
  ) as sent
  where moment >= occurred_at - interval '168 hours'
$$;
