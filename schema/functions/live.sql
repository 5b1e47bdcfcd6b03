-- Rooms and their events. A domain that changes something appends what happened in the same
-- statement, so that state, event and number are one transaction and one round trip.

-- Appends an event that happened at a moment (null: now) to a room, which is made at its first one;
-- returns the event's number. Never before the event before it. From here to the end of the
-- transaction others who append to the room wait.
create or replace function live.append_at(
  room text, type text, payload jsonb, happened_at timestamptz
)
returns bigint
language plpgsql
as $$
declare
  next_seq bigint;
  at timestamptz;
begin
  insert into live.rooms as r (room, head_seq, last_event_at)
  values (append_at.room, 1, coalesce(happened_at, clock_timestamp()))
  on conflict on constraint rooms_pkey do update
  set head_seq = r.head_seq + 1,
    last_event_at = greatest(r.last_event_at, coalesce(happened_at, clock_timestamp()))
  returning r.head_seq, r.last_event_at into next_seq, at;
  insert into live.events (room, seq, occurred_at, type, payload)
  values (append_at.room, next_seq, at, append_at.type, append_at.payload);
  return next_seq;
end
$$;

-- Appends an event that happens now. Part of the statement that calls it: a call costs nothing more.
create or replace function live.append(room text, type text, payload jsonb) returns bigint
language sql
as $$
  select live.append_at($1, $2, $3, null)
$$;

-- The events of a room after a number, oldest first.
create or replace function live.read_events(room text, after bigint, most integer)
returns setof live.events
language sql
stable
as $$
  select e.*
  from live.events as e
  where e.room = $1
    and e.seq > $2
  order by e.seq
  limit $3
$$;

-- The events of a room of some types, newest first, but for the newest `skipped`.
create or replace function live.read_last_events(
  room text, types text[], most integer, skipped integer
)
returns setof live.events
language sql
stable
as $$
  select e.*
  from live.events as e
  where e.room = $1
    and e.type = any($2)
  order by e.seq desc
  limit $3
  offset $4
$$;

-- Puts another text where events of some rooms name somebody, whose name they hold below any of the
-- keys.
create or replace function live.replace_name(
  rooms text[], old_name text, new_name text, keys text[]
)
returns void
language sql
as $$
  update live.events as e
  set payload = e.payload || (
      select jsonb_object_agg(k, $3)
      from unnest($4) as k
      where e.payload ->> k = $2
    )
  where e.room = any($1)
    and exists (select from unnest($4) as k where e.payload ->> k = $2)
$$;

-- Puts other values into an event that clients may still read, such as no words in the place of some.
create or replace function live.change_event(room text, seq bigint, change jsonb) returns void
language sql
as $$
  update live.events as e
  set payload = e.payload || $3
  where e.room = $1
    and e.seq = $2
$$;

-- The events of some rooms after a moment that name somebody below any of the keys.
create or replace function live.find_events(
  rooms text[], name text, keys text[], after timestamptz
)
returns setof live.events
language sql
stable
as $$
  select e.*
  from live.events as e
  where e.room = any($1)
    and e.occurred_at > $4
    and exists (select from unnest($3) as k where e.payload ->> k = $2)
$$;
