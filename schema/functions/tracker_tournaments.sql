-- Tournaments: how one looks, who may do what to it, and its state. Every change locks the
-- tournament's row first and its battles after it.

-- Whether a user is a tournament's organiser, or a co-organiser.
create or replace function tracker.owns(tournament tracker.tournaments, user_id text)
returns boolean
language sql
immutable
as $$
  select $2 = ($1).organizer_id or $2 = any(($1).co_organizer_ids)
$$;

-- The tables of a tournament in their order.
create or replace function tracker.get_tables(tournament tracker.tournaments) returns integer[]
language sql
immutable
as $$
  select coalesce(
      ($1).tables,
      array(select generate_series(1, greatest(($1).max_participants / 2, 1)))
    )
$$;

-- A tournament as clients read it, with those rounds. Who organises it, and after its end everybody,
-- reads what its draws were made from.
create or replace function tracker.tournament_json(
  tournament tracker.tournaments, caller tracker.caller, rounds jsonb
)
returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'id', ($1).id,
      'status', ($1).status,
      'organizer_id', ($1).organizer_id,
      'co_organizer_ids', ($1).co_organizer_ids,
      'name', ($1).name,
      'description', ($1).description,
      'location', ($1).location,
      'time_zone', ($1).time_zone,
      'format', ($1).format,
      'start_date', shared.iso_time(($1).start_date),
      'end_date', shared.iso_time(
        coalesce(($1).end_date, ($1).start_date + interval '9 hours')
      ),
      'entry_fee', ($1).entry_fee::double precision,
      'prize_pool', coalesce(
        ($1).prize_pool, ($1).entry_fee * ($1).max_participants
      )::double precision,
      'rules', ($1).rules || jsonb_build_object(
        'swiss_rounds', coalesce(to_jsonb(($1).swiss_rounds), ($1).rules -> 'swiss_rounds')
      ),
      'tables', tracker.get_tables($1),
      'max_participants', ($1).max_participants,
      'current_participants', ($1).current_participants,
      'waitlist_count', ($1).waitlist_count,
      'current_round', ($1).current_round,
      'rounds', $3,
      'champion_id', ($1).champion_id,
      'pairing_seed', case
        when ($1).status in ('completed', 'cancelled')
          or ($2).role = 'admin'
          or tracker.owns($1, ($2).id)
        then ($1).pairing_seed
      end,
      'version', ($1).version,
      'created_at', shared.iso_time(($1).created_at),
      'updated_at', shared.iso_time(($1).updated_at)
    )
$$;

create or replace function tracker.tournament_reply(
  tournament tracker.tournaments,
  caller tracker.caller,
  more jsonb default '{}',
  status integer default 200
)
returns tracker.reply
language sql
stable
as $$
  select row(
      $4,
      jsonb_build_object(
        'tournament', tracker.tournament_json($1, $2, tracker.list_rounds(($1).id))
      ) || $3,
      jsonb_build_object('ETag', format('"%s"', ($1).version))
        || case
          when $4 = 201 and $3 = '{}'
          then jsonb_build_object('Location', '/v1/tournaments/' || ($1).id)
          else '{}'
        end,
      false
    )::tracker.reply
$$;

create or replace function tracker.refuse_tournament(tournament_id text) returns tracker.reply
language sql
immutable
as $$
  select tracker.refuse(
      404,
      'TOURNAMENT_NOT_FOUND',
      'No such tournament',
      jsonb_build_object('tournament_id', $1)
    )
$$;

create or replace function tracker.refuse_state(
  tournament tracker.tournaments, reason text, message text
)
returns tracker.reply
language sql
immutable
as $$
  select tracker.refuse(
      409,
      'INVALID_TOURNAMENT_STATE',
      $3,
      jsonb_build_object('status', ($1).status, 'reason', $2)
    )
$$;

-- Enters what was done to a tournament, which the caller has locked, into its audit. `call` is null
-- where nobody asked for it.
create or replace function tracker.note_event(
  call tracker.call, caller tracker.caller, tournament tracker.tournaments, type text, data jsonb
)
returns void
language sql
as $$
  insert into tracker.tournament_events (
    tournament_id, seq, type, actor_id, actor_role, data, request_id
  )
  select ($3).id, coalesce(max(e.seq), 0) + 1, $4, ($2).id,
    case
      when ($2).id is null then 'system'
      when tracker.owns($3, ($2).id) then 'organizer'
      when ($2).role = 'admin' then 'admin'
      else 'player'
    end,
    $5, ($1).request_id
  from tracker.tournament_events as e
  where e.tournament_id = ($3).id
$$;

-- Counts a tournament's players and raises its version, after whatever changed it.
create or replace function tracker.touch_tournament(tournament_id text)
returns tracker.tournaments
language sql
as $$
  update tracker.tournaments as t
  set current_participants = c.confirmed,
    waitlist_count = c.waitlisted,
    version = t.version + 1,
    updated_at = clock_timestamp()
  from (
    select count(*) filter (where r.status = 'confirmed') as confirmed,
      count(*) filter (where r.status = 'waitlisted') as waitlisted
    from tracker.registrations as r
    where r.tournament_id = $1
  ) as c
  where t.id = $1
  returning t.*
$$;

-- Begins a change of a tournament: its row, locked, and who calls; or the reply that refuses the change
-- or repeats an earlier answer. `needs`: who may, `organizer`, `owner` (a co-organiser too) or
-- `player` (whoever may see it). `subject`: a user in the tournament, whom the path names and who may do
-- to themselves what an owner may if `needs` is `subject`. `battle_id`: a battle of its pairings, which
-- the path names.
create or replace function tracker.open_tournament(
  call tracker.call,
  tournament_id text,
  needs text,
  problem jsonb,
  versions integer[],
  subject text default null,
  battle_id text default null,
  out tournament tracker.tournaments,
  out caller tracker.caller,
  out reply tracker.reply
)
language plpgsql
as $$
declare
  begun record;
  stored tracker.tournaments;
  is_owner boolean;
begin
  begun := tracker.begin_call(call);
  caller := begun.caller;
  if (begun.reply).status is not null then
    reply := begun.reply;
    return;
  end if;
  select t.* into stored
  from tracker.tournaments as t
  where t.id = open_tournament.tournament_id
  for no key update;
  is_owner := tracker.owns(stored, caller.id) or caller.role = 'admin';
  if not found or (stored.status = 'draft' and not is_owner) then
    reply := tracker.refuse_tournament(tournament_id);
  elsif subject is not null
    and not exists (
      select
      from tracker.registrations as r
      where r.tournament_id = stored.id
        and r.user_id = subject
    )
  then
    reply := tracker.refuse(
      404, 'USER_NOT_FOUND', 'Nobody of this id is in the tournament',
      jsonb_build_object('user_id', subject)
    );
  elsif battle_id is not null
    and not exists (
      select
      from tracker.pairings as p
      where p.battle_id = open_tournament.battle_id
        and p.tournament_id = stored.id
    )
  then
    reply := tracker.refuse(
      404, 'BATTLE_NOT_FOUND', 'No such battle in the tournament',
      jsonb_build_object('battle_id', battle_id)
    );
  elsif needs = 'organizer' and caller.role <> 'admin' and caller.id <> stored.organizer_id
    or needs = 'owner' and not is_owner
    or needs = 'subject' and not is_owner and caller.id <> subject
  then
    reply := tracker.refuse(
      403, 'FORBIDDEN', 'Only organisers of the tournament may do that',
      jsonb_build_object('required', case needs when 'subject' then 'owner' else needs end)
    );
  else
    reply := tracker.find_answer(call);
  end if;
  if reply.status is not null then
    return;
  elsif problem is not null then
    reply := tracker.end_call(call, row(422, problem, '{}', false));
  elsif stored.version <> all(versions) then
    reply := tracker.end_call(
      call,
      tracker.refuse(
        409,
        'VERSION_CONFLICT',
        'The tournament has changed',
        jsonb_build_object(
          'current_version', stored.version,
          'tournament', tracker.tournament_json(stored, caller, tracker.list_rounds(stored.id))
        )
      )
    );
  else
    tournament := stored;
  end if;
end
$$;

create or replace function tracker.get_tournament(call tracker.call, tournament_id text)
returns tracker.reply
language plpgsql
stable
as $$
declare
  begun record;
  stored tracker.tournaments;
begin
  begun := tracker.begin_call(call);
  if (begun.reply).status is not null then
    return begun.reply;
  end if;
  stored := tracker.see_tournament(tournament_id, begun.caller);
  if stored.id is null then
    return tracker.refuse_tournament(tournament_id);
  end if;
  return tracker.tournament_reply(stored, begun.caller);
end
$$;

-- A tournament that somebody may see: its draft is for those who organise it.
create or replace function tracker.see_tournament(tournament_id text, caller tracker.caller)
returns tracker.tournaments
language sql
stable
as $$
  select t.*
  from tracker.tournaments as t
  where t.id = $1
    and (t.status <> 'draft' or ($2).role = 'admin' or tracker.owns(t, ($2).id))
$$;

-- Tournaments that somebody may see, the newest first, without their rounds.
create or replace function tracker.list_tournaments(
  caller tracker.caller,
  status text,
  organizer_id text,
  before timestamptz,
  before_id text,
  most integer,
  skipped integer
)
returns table (created_at timestamptz, id text, tournament jsonb)
language sql
stable
as $$
  select t.created_at, t.id, tracker.tournament_json(t, $1, '[]')
  from tracker.tournaments as t
  where ($2 is null or t.status = $2)
    and ($3 is null or t.organizer_id = $3)
    and ($4 is null or (t.created_at, t.id) < ($4, $5))
    and (t.status <> 'draft' or ($1).role = 'admin' or tracker.owns(t, ($1).id))
  order by t.created_at desc, t.id desc
  limit $6
  offset $7
$$;

-- Users of a list whom nobody knows, or who have deleted their account.
create or replace function tracker.find_strangers(user_ids text[]) returns text[]
language sql
stable
as $$
  select coalesce(array_agg(i.id order by i.id), '{}')
  from unnest($1) as i (id)
  where not exists (
    select
    from accounts.find_users(i.id, null) as u
  )
$$;

-- What is wrong with the users and the time zone that a body of a tournament names; none is null.
create or replace function tracker.check_settings(call tracker.call, sent jsonb)
returns tracker.reply
language plpgsql
stable
as $$
declare
  strangers text[];
begin
  strangers := tracker.find_strangers(
    array(select jsonb_array_elements_text(coalesce(sent -> 'co_organizer_ids', '[]')))
  );
  if strangers <> '{}' then
    return tracker.refuse_field('co_organizer_ids', 'unknown', 'name a user who is unknown');
  elsif sent ->> 'organizer_id' is not null
    and tracker.find_strangers(array[sent ->> 'organizer_id']) <> '{}'
  then
    return tracker.refuse_field('organizer_id', 'unknown', 'names a user who is unknown');
  elsif sent ->> 'time_zone' is not null
    and sent ->> 'time_zone' <> 'UTC'
    and not exists (
      select
      from pg_timezone_names as z
      where z.name = sent ->> 'time_zone'
    )
  then
    return tracker.refuse_field('time_zone', 'unknown', 'is no IANA time zone');
  end if;
  return null;
end
$$;

-- Makes a tournament of the caller's. `anybody`: players may, as organisers of that one only.
create or replace function tracker.create_tournament(
  call tracker.call, tournament_id text, sent jsonb, problem jsonb, anybody boolean
)
returns tracker.reply
language plpgsql
as $$
declare
  begun record;
  reply tracker.reply;
  made tracker.tournaments;
begin
  begun := tracker.begin_call(call);
  if (begun.reply).status is not null then
    return begun.reply;
  elsif (begun.caller).role = 'player' and not anybody then
    return tracker.refuse(
      403, 'FORBIDDEN', 'Only organisers may make tournaments', '{"required": "organizer"}'
    );
  end if;
  reply := tracker.find_answer(call);
  if reply.status is not null then
    return reply;
  elsif problem is not null then
    return tracker.end_call(call, row(422, problem, '{}', false));
  end if;
  reply := tracker.check_settings(call, sent);
  if reply.status is not null then
    return tracker.end_call(call, reply);
  end if;
  insert into tracker.tournaments (
    id, status, organizer_id, co_organizer_ids, name, description, location, time_zone, format,
    start_date, end_date, entry_fee, prize_pool, rules, tables, max_participants, pairing_seed
  )
  values (
    tournament_id, sent ->> 'status', (begun.caller).id,
    array(select jsonb_array_elements_text(sent -> 'co_organizer_ids')),
    sent ->> 'name', sent ->> 'description', sent ->> 'location', sent ->> 'time_zone',
    sent ->> 'format', (sent ->> 'start_date')::timestamptz, (sent ->> 'end_date')::timestamptz,
    (sent ->> 'entry_fee')::numeric, (sent ->> 'prize_pool')::numeric,
    sent -> 'rules', tracker.to_integers(sent -> 'tables'),
    (sent ->> 'max_participants')::integer, sent ->> 'pairing_seed'
  )
  returning * into made;
  perform tracker.note_event(call, begun.caller, made, 'created', sent);
  return tracker.end_call(call, tracker.tournament_reply(made, begun.caller, '{}', 201));
end
$$;

-- A JSON list of numbers; null where there is none.
create or replace function tracker.to_integers(numbers jsonb) returns integer[]
language sql
immutable
as $$
  select case
      when jsonb_typeof($1) = 'array'
      then array(
        select n.number::integer
        from jsonb_array_elements_text($1) with ordinality as n (number, place)
        order by n.place
      )
    end
$$;

-- Opens the registration of a draft.
create or replace function tracker.open_registration(
  call tracker.call, tournament_id text, problem jsonb, versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  changed tracker.tournaments;
begin
  opened := tracker.open_tournament(call, tournament_id, 'owner', problem, versions);
  if (opened.reply).status is not null then
    return opened.reply;
  elsif (opened.tournament).status <> 'draft' then
    return tracker.end_call(
      call, tracker.refuse_state(opened.tournament, 'not_a_draft', 'The tournament is no draft')
    );
  end if;
  update tracker.tournaments as t
  set status = 'registration'
  where t.id = open_registration.tournament_id;
  changed := tracker.touch_tournament(tournament_id);
  perform tracker.note_event(call, opened.caller, changed, 'registration_opened', '{}');
  return tracker.end_call(call, tracker.tournament_reply(changed, opened.caller));
end
$$;

-- What was done to a tournament after a number, oldest first.
create or replace function tracker.list_tournament_events(
  tournament_id text, after integer, most integer
)
returns table (seq integer, event jsonb)
language sql
stable
as $$
  select e.seq,
    jsonb_build_object(
      'seq', e.seq,
      'type', e.type,
      'actor_id', e.actor_id,
      'actor_role', e.actor_role,
      'at', shared.iso_time(e.occurred_at),
      'data', e.data,
      'request_id', e.request_id
    )
  from tracker.tournament_events as e
  where e.tournament_id = $1
    and e.seq > $2
  order by e.seq
  limit $3
$$;

-- Ends a change of a tournament that is locked: its version, its audit, and the reply, in which `more`
-- stands beside the tournament. Without a `type` nothing was changed.
create or replace function tracker.close_tournament(
  call tracker.call,
  caller tracker.caller,
  tournament_id text,
  type text,
  data jsonb,
  more jsonb
)
returns tracker.reply
language plpgsql
as $$
declare
  tournament tracker.tournaments;
begin
  if type is null then
    select t.* into tournament
    from tracker.tournaments as t
    where t.id = close_tournament.tournament_id;
  else
    tournament := tracker.touch_tournament(tournament_id);
    perform tracker.note_event(call, caller, tournament, type, data);
  end if;
  return tracker.end_call(call, tracker.tournament_reply(tournament, caller, more));
end
$$;
