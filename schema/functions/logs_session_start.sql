-- When a session began, as its server says with an event that has a session's key. A week before is
-- none: nobody plays for so long, and each hour of a session is a row.
create or replace function logs.session_start(at timestamptz, session_id text, metadata jsonb)
returns timestamptz
language sql
stable
as $$
  select moment
  from (
    select (metadata ->> 'sessionStart')::timestamptz as moment
    where session_id is not null
  ) as said
  where moment >= at - interval '168 hours'
$$;
