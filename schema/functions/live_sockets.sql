-- Sockets: opening and closing them, and posting a room's events to them in order.
--
-- One holder at a time posts a room's events, and the lock on the room's row of live.senders orders
-- what concerns it: taking events, and letting a socket take part. A socket that is not live yet
-- belongs to whoever brings it up to date, so that each socket has one writer at any moment.

-- Whether a socket could be opened: not when the user has as many as one may have. `resume_seq`: it asks
-- for the events after this one, of `resume_epoch`.
drop function if exists live.open_connection(
  text, text, bigint, integer, text, jsonb, boolean, integer
);
create or replace function live.open_connection(
  connection_id text, room text, user_id bigint, version integer, session_id uuid, role text,
  member jsonb, takes_batches boolean, resume_seq bigint, resume_epoch text, most integer
)
returns boolean
language plpgsql
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended($3::text, 20260306));
  if (select count(*) >= $11 from live.connections as c where c.user_id = $3) then
    return false;
  end if;
  insert into live.rooms as r (room)
  values ($2)
  on conflict on constraint rooms_pkey do nothing;
  insert into live.connections (
    connection_id, room, user_id, version, session_id, role, member, takes_batches, resume_seq,
    resume_epoch
  )
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  on conflict on constraint connections_pkey do nothing;
  if found then
    insert into live.openings (kind)
    values (split_part($2, ':', 1));
  end if;
  return true;
end
$$;

-- Locks sockets by their names in order, so that two who lock some of the same end in no deadlock.
create or replace function live.lock_connections(connection_ids text[]) returns void
language plpgsql
as $$
begin
  perform
  from live.connections as c
  where c.connection_id = any($1)
  order by c.connection_id
  for update;
end
$$;

-- How many sockets a room has, but no more than `most`. Whoever has appended to the room asks at the
-- end of the same statement: from then on the room is locked, and each socket that is let in later
-- looks for events itself. Volatile, for it must see the sockets of this moment.
create or replace function live.count_connections(room text, most integer) returns integer
language plpgsql
as $$
begin
  return (
    select count(*)
    from (
      select
      from live.connections as c
      where c.room = $1
      limit $2
    ) as found
  );
end
$$;

-- The message of an event: its payload with type and number.
create or replace function live.to_frame(event live.events) returns jsonb
language sql
immutable
as $$
  select $1.payload || jsonb_build_object('type', $1.type, 'seq', $1.seq)
$$;

-- How many posts are left of the budget that `rate` posts a second fill; below 0 where more were taken
-- at once than there were. From here to the end of the transaction others wait: whoever locks a sender
-- has done so before.
create or replace function live.refill_budget(rate integer) returns double precision
language sql
as $$
  insert into live.budget as b (posts_left, refilled_at)
  values ($1, clock_timestamp())
  on conflict on constraint budget_pkey do update
  set posts_left = least(
      $1, b.posts_left + $1 * extract(epoch from clock_timestamp() - b.refilled_at)
    ),
    refilled_at = clock_timestamp()
  returning b.posts_left
$$;

-- Takes posts from the budget, and counts them in their minute.
create or replace function live.charge_budget(posts bigint) returns void
language plpgsql
as $$
declare
  minute constant timestamptz := date_trunc('minute', clock_timestamp(), 'UTC');
begin
  update live.budget as b
  set posts_left = b.posts_left - $1,
    posts_before = case minute - b.minute_at
      when interval '0' then b.posts_before
      when interval '1 minute' then b.posts_in_minute
      else 0
    end,
    posts_in_minute = $1 + case b.minute_at when minute then b.posts_in_minute else 0 end,
    minute_at = minute;
end
$$;

-- Takes posts from the budget, and returns how many were left of those wanted.
create or replace function live.spend_posts(wanted bigint, rate integer) returns bigint
language plpgsql
as $$
declare
  granted constant bigint := greatest(0, least($1, floor(live.refill_budget($2))::bigint));
begin
  perform live.charge_budget(granted);
  return granted;
end
$$;

-- Takes all of some posts that belong together, or none where no more than `reserve` are left, which
-- are for others. Those that are more than there are, others wait for.
create or replace function live.take_posts(wanted bigint, rate integer, reserve integer)
returns boolean
language plpgsql
as $$
begin
  if live.refill_budget($2) < 1 + $3 then
    return false;
  end if;
  perform live.charge_budget($1);
  return true;
end
$$;

-- Takes a room's next events for `holder`, who has posted those up to `posted` (null: none yet), and
-- names the sockets to post them to, and how many posts the budget has for it. No row where there is
-- nothing to post, nobody to post it to, or another one is posting; the holder has then let go of the
-- room.
create or replace function live.claim_events(
  room text, holder text, posted bigint, lease interval, most integer, rate integer
)
returns table (last_seq bigint, frames jsonb, connections jsonb, posts bigint)
language plpgsql
as $$
declare
  sender live.senders;
  head bigint;
begin
  insert into live.senders as s (room)
  values ($1)
  on conflict on constraint senders_pkey do nothing;
  select s.* into sender
  from live.senders as s
  where s.room = $1
  for update;
  if sender.holder <> $2 and sender.lease_until > clock_timestamp() then
    return;
  end if;
  if sender.holder = $2 then
    sender.sent_seq := greatest(sender.sent_seq, least($3, sender.claimed_seq));
  end if;
  select jsonb_agg(
      jsonb_build_object(
        'connection_id', c.connection_id,
        'after_seq', c.after_seq,
        'role', c.role,
        'takes_batches', c.takes_batches
      )
    )
  into connections
  from live.connections as c
  where c.room = $1
    and c.is_live;
  if connections is not null then
    select max(e.seq), jsonb_agg(live.to_frame(e) order by e.seq)
    into last_seq, frames
    from live.read_events($1, sender.sent_seq, $5) as e;
  else
    select r.head_seq into head
    from live.rooms as r
    where r.room = $1;
    sender.claimed_seq := greatest(sender.claimed_seq, head);
    sender.sent_seq := sender.claimed_seq;
  end if;
  update live.senders as s
  set sent_seq = sender.sent_seq,
    claimed_seq = greatest(sender.claimed_seq, last_seq),
    holder = case when last_seq is not null then $2 end,
    lease_until = case when last_seq is not null then clock_timestamp() + $4 end
  where s.room = $1;
  if last_seq is not null then
    posts := live.spend_posts(
      jsonb_array_length(frames)::bigint * jsonb_array_length(connections), $6
    );
    return next;
  end if;
end
$$;

-- Lets a socket take part that has got a room's events up to `seen`, unless a sender took later ones
-- already: then these, at most `most`, are for the caller to post. No row for a socket that is gone.
-- Whoever let it in then lets the room's events be posted: there may be some that nobody took.
--
-- What its client asked for meanwhile comes first: `resume_seq` and `resume_epoch` are then for the
-- caller to answer, and nobody is let in.
--
-- Waits for whoever is appending to the room: they may have found nobody to post to.
drop function if exists live.join_room(text, bigint, interval, integer);
create or replace function live.join_room(
  connection_id text, seen bigint, busy interval, most integer
)
returns table (
  is_live boolean, last_seq bigint, frames jsonb, resume_seq bigint, resume_epoch text
)
language plpgsql
as $$
declare
  connection live.connections;
  sender live.senders;
  head bigint;
begin
  select c.* into connection
  from live.connections as c
  where c.connection_id = $1
  for update;
  if not found then
    return;
  end if;
  if connection.resume_seq is not null then
    update live.connections as c
    set is_live = false,
      after_seq = $2,
      busy_until = clock_timestamp() + $3,
      resume_seq = null,
      resume_epoch = null
    where c.connection_id = $1;
    is_live := false;
    resume_seq := connection.resume_seq;
    resume_epoch := connection.resume_epoch;
    return next;
    return;
  end if;
  insert into live.senders as s (room)
  values (connection.room)
  on conflict on constraint senders_pkey do nothing;
  select s.* into sender
  from live.senders as s
  where s.room = connection.room
  for update;
  select r.head_seq into head
  from live.rooms as r
  where r.room = connection.room
  for share;
  is_live := least(sender.claimed_seq, head) <= $2;
  if not is_live then
    select max(e.seq), jsonb_agg(live.to_frame(e) order by e.seq)
    into last_seq, frames
    from live.read_events(connection.room, $2, $4) as e;
  end if;
  update live.connections as c
  set is_live = join_room.is_live,
    after_seq = $2,
    busy_until = case when not join_room.is_live then clock_timestamp() + $3 end
  where c.connection_id = $1;
  -- What was appended while nobody was here is nobody's to post.
  update live.senders as s
  set claimed_seq = $2,
    sent_seq = $2
  where join_room.is_live
    and s.room = connection.room
    and coalesce(s.lease_until < clock_timestamp(), true)
    and not exists (
      select
      from live.connections as c
      where c.room = connection.room
        and c.is_live
        and c.connection_id <> $1
    );
  return next;
end
$$;

-- A room's head and epoch, and its events after `last_seq`, at most `most`.
create or replace function live.read_missed(room text, last_seq bigint, most integer)
returns table (head_seq bigint, epoch text, frames jsonb)
language sql
stable
as $$
  select r.head_seq, r.epoch, (
      select jsonb_agg(live.to_frame(e) order by e.seq)
      from live.read_events($1, $2, $3) as e
    )
  from live.rooms as r
  where r.room = $1
$$;

-- Takes a socket from the room's sender, to be brought up to date by the caller alone, with the
-- room's events after `last_seq`, at most `most`. `wait_for`: the caller's it is, but up to this event
-- a sender may be posting to it still, so that the caller asks again a little later, with this number.
-- One that somebody else brings up to date, or is about to greet, is not the caller's: that one is
-- asked to answer. No row for such a socket, and for one that is gone.
drop function if exists live.leave_sender(text, bigint, interval, bigint, integer);
create or replace function live.leave_sender(
  connection_id text, waited_for bigint, busy interval, last_seq bigint, of_epoch text,
  most integer
)
returns table (wait_for bigint, head_seq bigint, epoch text, frames jsonb)
language plpgsql
as $$
declare
  connection live.connections;
begin
  select c.* into connection
  from live.connections as c
  where c.connection_id = $1
  for update;
  if not found then
    return;
  end if;
  if $2 is null
    and (connection.greeted_at is null or connection.busy_until > clock_timestamp())
  then
    update live.connections as c
    set resume_seq = $4,
      resume_epoch = $5
    where c.connection_id = $1;
    return;
  end if;
  select coalesce($2, s.claimed_seq) into wait_for
  from live.senders as s
  where s.room = connection.room
    and s.lease_until > clock_timestamp()
    and s.sent_seq < coalesce($2, s.claimed_seq)
    and ($2 is not null or connection.is_live);
  select m.head_seq, m.epoch, m.frames
  into leave_sender.head_seq, leave_sender.epoch, leave_sender.frames
  from live.read_missed(connection.room, $4, case when wait_for is null then $6 else 0 end) as m;
  update live.connections as c
  set is_live = false,
    busy_until = clock_timestamp() + $3,
    -- Should the caller die, somebody else goes on from here.
    after_seq = case
      when $4 <= leave_sender.head_seq and coalesce($5 = leave_sender.epoch, true) then $4
      else c.after_seq
    end,
    -- What was asked before, and put off, the client does not wait for any more.
    resume_seq = case when $2 is not null then c.resume_seq end,
    resume_epoch = case when $2 is not null then c.resume_epoch end
  where c.connection_id = $1;
  return next;
end
$$;

-- Takes sockets from the room's sender, who could not post to them: `seen` says what each has got.
create or replace function live.set_aside(connection_ids text[], seen bigint[]) returns void
language plpgsql
as $$
begin
  perform live.lock_connections($1);
  update live.connections as c
  set is_live = false,
    after_seq = lagging.seen,
    busy_until = null
  from unnest($1, $2) as lagging (connection_id, seen)
  where c.connection_id = lagging.connection_id
    and c.is_live;  -- else somebody has taken it meanwhile, and sees to it
end
$$;

-- Counts a user as in the room to which a socket was opened; whether they were not before.
create or replace function live.enter(connection_id text) returns boolean
language plpgsql
as $$
declare
  connection live.connections;
begin
  select c.* into connection
  from live.connections as c
  where c.connection_id = $1;
  if not found then
    return false;
  end if;
  insert into live.members as m (room, user_id, member)
  values (connection.room, connection.user_id, connection.member)
  on conflict on constraint members_pkey do nothing;
  if found then
    return true;
  end if;
  update live.members as m
  set gone_at = null
  where m.room = connection.room
    and m.user_id = connection.user_id
    and m.gone_at is not null;
  return false;
end
$$;

-- Forgets sockets that are closed, and notes whose last one it was in a room: these users, who leave
-- a little later if they do not come back.
create or replace function live.close_connections(connection_ids text[])
returns table (room text, user_id bigint)
language plpgsql
as $$
begin
  perform live.lock_connections($1);
  -- Sockets of one user that close at once take turns, so that one of them is the last.
  perform
  from live.members as m
  where exists (
      select
      from live.connections as c
      where c.connection_id = any($1)
        and c.room = m.room
        and c.user_id = m.user_id
    )
  order by m.room, m.user_id
  for update;
  return query
  with closed as (
    delete from live.connections as c
    where c.connection_id = any($1)
    returning c.room, c.user_id
  )
  update live.members as m
  set gone_at = coalesce(m.gone_at, clock_timestamp())
  from (select distinct d.room, d.user_id from closed as d) as last
  where m.room = last.room
    and m.user_id = last.user_id
    and not exists (
      select
      from live.connections as c
      where c.room = last.room
        and c.user_id = last.user_id
        and c.connection_id <> all($1)
    )
  returning m.room, m.user_id;
end
$$;

-- The users who have been gone for `grace`, of a room or of all rooms: from now on they have left.
create or replace function live.leave(room text, grace interval)
returns setof live.members
language sql
as $$
  delete from live.members as m
  where m.gone_at <= clock_timestamp() - $2
    and ($1 is null or m.room = $1)
    and not exists (
      select
      from live.connections as c
      where c.room = m.room
        and c.user_id = m.user_id
    )
  returning m.*
$$;

-- When all in a room may be told that somebody came or left: `now`, for which the posts are taken;
-- `later` (the caller sees to it, a second from now), `over` (the same, because the budget of `rate`
-- posts a second has no more than a tenth left) or `soon` (another one does). `is_due`: the caller is
-- the one who saw to it. More than `small` sockets are told once a second at most.
drop function if exists live.plan_presence(text, boolean);
create or replace function live.plan_presence(
  room text, is_due boolean, small integer, rate integer
)
returns text
language plpgsql
as $$
declare
  sender live.senders;
  is_early boolean;
  sockets constant bigint := (
    select count(*)
    from live.connections as c
    where c.room = $1
      and c.greeted_at is not null
  );
begin
  insert into live.senders as s (room)
  values ($1)
  on conflict on constraint senders_pkey do nothing;
  select s.* into sender
  from live.senders as s
  where s.room = $1
  for update;
  is_early := sockets > $3 and not $2
    and coalesce(sender.presence_told_at >= clock_timestamp() - interval '1 second', false);
  if not is_early and live.take_posts(sockets, $4, $4 / 10) then
    update live.senders as s
    set presence_told_at = clock_timestamp(),
      is_presence_due = false
    where s.room = $1;
    return 'now';
  elsif sender.is_presence_due and not $2 then
    return 'soon';
  end if;
  update live.senders as s
  set is_presence_due = true
  where s.room = $1;
  return case when is_early then 'later' else 'over' end;
end
$$;

-- Rooms with events that nobody posts although somebody is there, as after a sender's death.
create or replace function live.list_unsent(rooms_after text, most integer) returns setof text
language sql
stable
as $$
  select s.room
  from live.senders as s
  join live.rooms as r using (room)
  where s.room > $1
    and s.sent_seq < r.head_seq
    and coalesce(s.lease_until < clock_timestamp(), true)
    and exists (
      select
      from live.connections as c
      where c.room = s.room
        and c.is_live
    )
  order by s.room
  limit $2
$$;

-- How far a room is, and in which epoch: as of the statement that asks.
create or replace function live.get_head(room text)
returns table (head_seq bigint, epoch text)
language sql
stable
as $$
  select r.head_seq, r.epoch
  from live.rooms as r
  where r.room = $1
$$;

-- Who is in some rooms, as the others are shown.
create or replace function live.list_members(rooms text[]) returns table (room text, member jsonb)
language sql
stable
as $$
  select m.room, m.member
  from live.members as m
  where m.room = any($1)
  order by m.room, m.user_id
$$;

-- How many users are in a room besides one.
create or replace function live.count_others(room text, user_id bigint) returns bigint
language sql
stable
as $$
  select count(*)
  from live.members as m
  where m.room = $1
    and m.user_id <> $2
$$;

-- Whether a user has a socket open. Who signs the user out asks at the end of the same statement, to
-- have it closed after the commit; the sweep finds one that is being opened meanwhile.
create or replace function live.is_connected(user_id bigint) returns boolean
language sql
stable
as $$
  select exists (
    select
    from live.connections as c
    where c.user_id = $1
  )
$$;

-- What a user's command was answered that has this name, if it was done already. From here to the end
-- of the transaction the same command, sent at the same moment, waits.
create or replace function live.begin_ref(user_id bigint, ref text) returns jsonb
language plpgsql
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 20260307));
  return (
    select r.answer
    from live.refs as r
    where r.user_id = $1
      and r.ref = $2
      and r.stored_at > clock_timestamp() - interval '24 hours'
  );
end
$$;

-- Keeps what a user's command was answered, in the transaction that did it.
create or replace function live.end_ref(user_id bigint, ref text, answer jsonb) returns void
language sql
as $$
  insert into live.refs as r (user_id, ref, answer)
  values ($1, $2, $3)
  on conflict on constraint refs_pkey do update
  set answer = excluded.answer,
    stored_at = excluded.stored_at
$$;

-- What is left of the budget that `rate` posts a second fill, and how many posts a second there were
-- in the last minute.
create or replace function live.read_budget(rate integer)
returns table (posts_left bigint, posts_per_second double precision)
language sql
volatile
as $$
  select
    floor(
      greatest(
        0, least($1, b.posts_left + $1 * extract(epoch from clock_timestamp() - b.refilled_at))
      )
    )::bigint,
    case
      when age < 60 then (b.posts_in_minute + b.posts_before * (60 - age) / 60) / 60
      when age < 120 then b.posts_in_minute * (120 - age) / 3600
      else 0
    end
  from live.budget as b
  cross join lateral (
    select least(extract(epoch from clock_timestamp() - b.minute_at)::double precision, 1e6) as age
  ) as since
  union all
  select $1, 0
  where not exists (select from live.budget)
$$;

-- Gives all rooms another epoch and forgets who was connected, as after a restored backup: clients may
-- have seen numbers that will be given again. How many rooms there are.
create or replace function live.renew_epochs() returns bigint
language plpgsql
as $$
declare
  rooms bigint;
begin
  update live.rooms
  set epoch = replace(gen_random_uuid()::text, '-', '');
  get diagnostics rooms = row_count;
  update live.senders
  set claimed_seq = 0,
    sent_seq = 0,
    holder = null,
    lease_until = null;
  delete from live.connections;
  delete from live.members;
  return rooms;
end
$$;
