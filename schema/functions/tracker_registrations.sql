-- Registrations: seats, the waiting list, seeds, and who comes late or leaves before the start.

-- An army as a battle or a registration copies it.
create or replace function tracker.copy_army(army tracker.armies) returns jsonb
language sql
immutable
as $$
  select jsonb_build_object(
      'name', $1.name,
      'faction_id', $1.faction_id,
      'detachment', $1.detachment,
      'points_value', $1.points_value
    )
$$;

-- A user in a tournament as clients read it.
create or replace function tracker.participant_json(registration tracker.registrations)
returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'user_id', ($1).user_id,
      'display_name', accounts.list_display_names(array[($1).user_id]) ->> ($1).user_id,
      'army_id', ($1).army_id,
      'army', ($1).army,
      'status', ($1).status,
      'seed', ($1).seed,
      'club', ($1).club,
      'fixed_table', ($1).fixed_table,
      'registered_at', shared.iso_time(($1).registered_at),
      'dropped_after_round', ($1).dropped_after_round,
      'waitlist_position', case
        when ($1).status = 'waitlisted'
        then (
          select count(*)
          from tracker.registrations as r
          where r.tournament_id = ($1).tournament_id
            and r.status = 'waitlisted'
            and r.number <= ($1).number
        )
      end
    )
$$;

-- The reply about a user in a tournament, which the caller has locked; `status`: 201 where they are new.
create or replace function tracker.participant_reply(
  tournament tracker.tournaments,
  caller tracker.caller,
  user_id text,
  status integer default 200
)
returns tracker.reply
language sql
stable
as $$
  select tracker.tournament_reply(
      $1, $2, jsonb_build_object('participant', tracker.participant_json(r)), $4
    )
  from tracker.registrations as r
  where r.tournament_id = ($1).id
    and r.user_id = $3
$$;

-- The users of a tournament, in the order of registration.
create or replace function tracker.list_participants(
  tournament_id text, status text, after integer, most integer, skipped integer
)
returns table (number integer, participant jsonb)
language sql
stable
as $$
  select r.number, tracker.participant_json(r)
  from tracker.registrations as r
  where r.tournament_id = $1
    and ($2 is null or r.status = $2)
    and ($3 is null or r.number > $3)
  order by r.number
  limit $4
  offset $5
$$;

-- What keeps an army of a user from a tournament; none is null. `is_own`: the user is who calls.
create or replace function tracker.check_army(
  tournament tracker.tournaments, army tracker.armies, user_id text, is_own boolean
)
returns tracker.reply
language plpgsql
immutable
as $$
begin
  if army.id is null or army.deleted_at is not null
    or (is_own and army.owner_id <> user_id and army.visibility = 'private')
  then
    return tracker.refuse_field('army_id', 'unknown', 'names an army that is unknown');
  elsif army.owner_id <> user_id and is_own then
    return tracker.refuse(
      403, 'FORBIDDEN', 'The army is another user''s', '{"required": "owner"}'
    );
  elsif army.owner_id <> user_id then
    return tracker.refuse_field('army_id', 'not_owner', 'names an army of another user');
  elsif army.points_value > (tournament.rules ->> 'points_limit')::integer then
    return tracker.refuse_field(
      'army_id', 'points_limit', 'names an army of more points than the tournament allows'
    );
  elsif not tournament.rules -> 'allowed_factions' ?| array['all', army.faction_id] then
    return tracker.refuse_field(
      'army_id', 'faction_not_allowed', 'names an army of a faction that the tournament does not allow'
    );
  end if;
  return null;
end
$$;

-- Registers a user with an army, or refuses: who is in already with that army stays as they are.
-- From the start on, who comes late sits out the rounds that are paired.
create or replace function tracker.take_seat(
  call tracker.call,
  tournament tracker.tournaments,
  caller tracker.caller,
  user_id text,
  sent jsonb
)
returns tracker.reply
language plpgsql
as $$
declare
  registration tracker.registrations;
  army tracker.armies;
  reply tracker.reply;
  is_full boolean := tournament.current_participants >= tournament.max_participants;
begin
  select r.* into registration
  from tracker.registrations as r
  where r.tournament_id = tournament.id
    and r.user_id = take_seat.user_id;
  if registration.status in ('confirmed', 'waitlisted') then
    if registration.army_id = sent ->> 'army_id' then
      return tracker.participant_reply(tournament, caller, user_id);
    end if;
    return tracker.refuse(
      409, 'ALREADY_REGISTERED', 'Registered already, with another army',
      jsonb_build_object('army_id', registration.army_id)
    );
  elsif registration.status in ('dropped', 'disqualified') then
    return tracker.refuse_state(
      tournament, registration.status, 'Who dropped is reinstated, and not registered again'
    );
  end if;
  select a.* into army
  from tracker.armies as a
  where a.id = sent ->> 'army_id'
  for share;
  reply := tracker.check_army(tournament, army, user_id, caller.id = user_id);
  if reply.status is not null then
    return reply;
  elsif is_full
    and not (tournament.status <> 'active' and coalesce((sent ->> 'join_waitlist')::boolean, false))
  then
    return tracker.refuse(
      409, 'TOURNAMENT_FULL', 'No seat is left',
      jsonb_build_object(
        'max_participants', tournament.max_participants,
        'current_participants', tournament.current_participants
      )
    );
  end if;
  update tracker.tournaments as t
  set last_registration = t.last_registration + 1
  where t.id = tournament.id
  returning t.* into tournament;
  insert into tracker.registrations as r (
    tournament_id, user_id, number, status, army_id, army, seed, club, absences
  )
  values (
    tournament.id, user_id, tournament.last_registration,
    case when is_full then 'waitlisted' else 'confirmed' end, army.id, tracker.copy_army(army),
    case when not is_full then tracker.next_seed(tournament.id) end, sent ->> 'club',
    tracker.make_absences(1, tournament.current_round, sent ->> 'missed_rounds')
  )
  on conflict on constraint registrations_pkey do update
  set number = excluded.number,
    status = excluded.status,
    army_id = excluded.army_id,
    army = excluded.army,
    seed = excluded.seed,
    club = excluded.club,
    absences = excluded.absences,
    registered_at = clock_timestamp();
  perform tracker.move_seed(tournament.id, user_id, (sent ->> 'seed')::integer);
  tournament := tracker.touch_tournament(tournament.id);
  perform tracker.note_event(
    call, caller, tournament, 'registered', sent || jsonb_build_object('user_id', user_id)
  );
  return tracker.participant_reply(tournament, caller, user_id, 201);
end
$$;

-- The seed behind the last one.
create or replace function tracker.next_seed(tournament_id text) returns integer
language sql
stable
as $$
  select coalesce(max(r.seed), 0) + 1
  from tracker.registrations as r
  where r.tournament_id = $1
$$;

-- What rounds count as that somebody misses, by number; nothing where it is a loss like any other.
create or replace function tracker.make_absences(first integer, last integer, credit text)
returns jsonb
language sql
immutable
as $$
  select coalesce(jsonb_object_agg(n, coalesce($3, 'loss')), '{}')
  from generate_series($1, $2) as n
$$;

-- Moves a player to a seed; those between move up or down by one. A seed behind the last is the last.
create or replace function tracker.move_seed(tournament_id text, user_id text, seed integer)
returns void
language sql
as $$
  with moved as (
    select r.seed as before, least($3, tracker.next_seed($1) - 1) as after
    from tracker.registrations as r
    where r.tournament_id = $1
      and r.user_id = $2
      and r.seed is not null
      and $3 is not null
  )
  update tracker.registrations as r
  set seed = case when r.user_id = $2 then m.after else r.seed + sign(m.before - m.after)::integer end
  from moved as m
  where r.tournament_id = $1
    and r.seed between least(m.before, m.after) and greatest(m.before, m.after)
$$;

-- Takes a player who has not started out of a tournament, and gives the seat to the first in line.
drop function if exists tracker.leave_event(text, text);
create or replace function tracker.free_seat(tournament_id text, user_id text) returns void
language sql
as $$
  with left_seat as (
    select r.seed
    from tracker.registrations as r
    where r.tournament_id = $1
      and r.user_id = $2
  )
  update tracker.registrations as r
  set status = case when r.user_id = $2 then 'withdrawn' else r.status end,
    absences = case when r.user_id = $2 then '{}' else r.absences end,
    seed = case when r.user_id <> $2 then r.seed - 1 end
  from left_seat as l
  where r.tournament_id = $1
    and (r.user_id = $2 or r.seed > l.seed);
  select tracker.fill_seats($1)
$$;

-- Gives free seats of a tournament that has not started to those who have waited longest.
create or replace function tracker.fill_seats(tournament_id text) returns void
language sql
as $$
  with free as (
    select t.max_participants - count(r.user_id) as seats
    from tracker.tournaments as t
    left join tracker.registrations as r
    on r.tournament_id = t.id and r.status = 'confirmed'
    where t.id = $1
      and t.status in ('draft', 'registration')
    group by t.id
  ), promoted as (
    select r.user_id, row_number() over (order by r.number) as place
    from tracker.registrations as r
    where r.tournament_id = $1
      and r.status = 'waitlisted'
  )
  update tracker.registrations as r
  set status = 'confirmed',
    seed = tracker.next_seed($1) - 1 + p.place
  from promoted as p
  join free as f on p.place <= f.seats
  where r.tournament_id = $1
    and r.user_id = p.user_id
$$;

-- Registers the caller.
create or replace function tracker.register_player(
  call tracker.call, tournament_id text, sent jsonb, problem jsonb, versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  reply tracker.reply;
begin
  opened := tracker.open_tournament(call, tournament_id, 'player', problem, versions);
  if (opened.reply).status is not null then
    return opened.reply;
  elsif (opened.tournament).status <> 'registration' then
    reply := tracker.refuse_state(
      opened.tournament, 'registration_closed', 'Registration is not open'
    );
  else
    reply := tracker.take_seat(
      call, opened.tournament, opened.caller, (opened.caller).id, sent
    );
  end if;
  return tracker.end_call(call, reply);
end
$$;

-- Registers somebody for an organiser, also after the start of a Swiss tournament.
create or replace function tracker.enter_player(
  call tracker.call, tournament_id text, sent jsonb, problem jsonb, versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  reply tracker.reply;
  tournament tracker.tournaments;
begin
  opened := tracker.open_tournament(call, tournament_id, 'owner', problem, versions);
  if (opened.reply).status is not null then
    return opened.reply;
  end if;
  tournament := opened.tournament;
  if tournament.status in ('completed', 'cancelled') then
    reply := tracker.refuse_state(tournament, 'over', 'The tournament is over');
  elsif tournament.status = 'active' and tournament.format <> 'swiss' then
    reply := tracker.refuse_state(tournament, 'bracket', 'Nobody comes late to a bracket');
  elsif tournament.status = 'active'
    and tournament.current_round >= (tournament.rules ->> 'late_entry_until_round')::integer
    and not exists (
      select
      from tracker.registrations as r
      where r.tournament_id = tournament.id
        and r.user_id = sent ->> 'user_id'
        and r.status in ('confirmed', 'waitlisted')
    )
  then
    reply := tracker.refuse_state(
      tournament, 'late_entry_closed', 'The last round that somebody may start in is paired'
    );
  elsif tracker.find_strangers(array[sent ->> 'user_id']) <> '{}' then
    reply := tracker.refuse_field('user_id', 'unknown', 'names a user who is unknown');
  else
    reply := tracker.take_seat(call, tournament, opened.caller, sent ->> 'user_id', sent);
  end if;
  return tracker.end_call(call, reply);
end
$$;

-- Takes the caller out of a tournament that has not started.
create or replace function tracker.withdraw_player(
  call tracker.call, tournament_id text, problem jsonb, versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  tournament tracker.tournaments;
  status text;
begin
  opened := tracker.open_tournament(call, tournament_id, 'player', problem, versions);
  if (opened.reply).status is not null then
    return opened.reply;
  end if;
  tournament := opened.tournament;
  select r.status into status
  from tracker.registrations as r
  where r.tournament_id = tournament.id
    and r.user_id = (opened.caller).id;
  if not found then
    return tracker.end_call(
      call, tracker.refuse_state(tournament, 'not_registered', 'You are not registered')
    );
  elsif tournament.status not in ('draft', 'registration') then
    return tracker.end_call(
      call, tracker.refuse_state(tournament, 'started', 'The tournament has started: drop instead')
    );
  elsif status <> 'withdrawn' then
    perform tracker.free_seat(tournament.id, (opened.caller).id);
    tournament := tracker.touch_tournament(tournament.id);
    perform tracker.note_event(
      call, opened.caller, tournament, 'withdrawn',
      jsonb_build_object('user_id', (opened.caller).id)
    );
  end if;
  return tracker.end_call(call, tracker.tournament_reply(tournament, opened.caller));
end
$$;

-- Changes what an organiser may change of a player; null takes a club or a table away.
create or replace function tracker.change_participant(
  call tracker.call,
  tournament_id text,
  user_id text,
  sent jsonb,
  problem jsonb,
  versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  tournament tracker.tournaments;
  chosen tracker.armies;
  reply tracker.reply;
begin
  opened := tracker.open_tournament(call, tournament_id, 'owner', problem, versions, user_id);
  if (opened.reply).status is not null then
    return opened.reply;
  end if;
  tournament := opened.tournament;
  if tournament.status in ('completed', 'cancelled') then
    reply := tracker.refuse_state(tournament, 'over', 'The tournament is over');
  elsif tournament.status = 'active' and sent ?| array['seed', 'army_id'] then
    reply := tracker.refuse_state(tournament, 'started', 'Seeds and armies are fixed since the start');
  elsif (sent ->> 'fixed_table')::integer <> all(tracker.get_tables(tournament)) then
    reply := tracker.refuse_field('fixed_table', 'unknown', 'is no table of the tournament');
  elsif sent ? 'army_id' then
    select a.* into chosen
    from tracker.armies as a
    where a.id = sent ->> 'army_id'
    for share;
    reply := tracker.check_army(tournament, chosen, user_id, false);
  end if;
  if reply.status is not null then
    return tracker.end_call(call, reply);
  end if;
  update tracker.registrations as r
  set club = tracker.pick(sent, 'club', r.club),
    fixed_table = tracker.pick(sent, 'fixed_table', r.fixed_table::text)::integer,
    army_id = coalesce(chosen.id, r.army_id),
    army = case when chosen.id is null then r.army else tracker.copy_army(chosen) end
  where r.tournament_id = tournament.id
    and r.user_id = change_participant.user_id;
  perform tracker.move_seed(tournament.id, user_id, (sent ->> 'seed')::integer);
  tournament := tracker.touch_tournament(tournament.id);
  perform tracker.note_event(
    call, opened.caller, tournament, 'participant_changed',
    sent || jsonb_build_object('user_id', user_id)
  );
  reply := tracker.participant_reply(tournament, opened.caller, user_id);
  reply.body := reply.body - 'tournament';
  return tracker.end_call(call, reply);
end
$$;

-- Leaves a player out of one coming round, which counts as a loss.
create or replace function tracker.set_absence(
  call tracker.call,
  tournament_id text,
  user_id text,
  sent jsonb,
  problem jsonb,
  versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  tournament tracker.tournaments;
  reply tracker.reply;
begin
  opened := tracker.open_tournament(call, tournament_id, 'owner', problem, versions, user_id);
  if (opened.reply).status is not null then
    return opened.reply;
  end if;
  tournament := opened.tournament;
  if tournament.status in ('completed', 'cancelled') then
    reply := tracker.refuse_state(tournament, 'over', 'The tournament is over');
  elsif tournament.format <> 'swiss' then
    reply := tracker.refuse_state(tournament, 'bracket', 'Nobody misses a round of a bracket');
  elsif (sent ->> 'round')::integer <= tournament.current_round then
    reply := tracker.refuse_field('round', 'paired', 'is paired already');
  end if;
  if reply.status is not null then
    return tracker.end_call(call, reply);
  end if;
  update tracker.registrations as r
  set absences = r.absences || jsonb_build_object(sent ->> 'round', 'loss')
  where r.tournament_id = tournament.id
    and r.user_id = set_absence.user_id;
  tournament := tracker.touch_tournament(tournament.id);
  perform tracker.note_event(
    call, opened.caller, tournament, 'absent', sent || jsonb_build_object('user_id', user_id)
  );
  return tracker.end_call(call, tracker.participant_reply(tournament, opened.caller, user_id));
end
$$;

-- Takes a player back who dropped: from the next round on they are paired again. A bracket takes nobody
-- back once it went on without them.
create or replace function tracker.reinstate_player(
  call tracker.call,
  tournament_id text,
  user_id text,
  sent jsonb,
  problem jsonb,
  versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  tournament tracker.tournaments;
  reply tracker.reply;
  registration tracker.registrations;
begin
  opened := tracker.open_tournament(call, tournament_id, 'owner', problem, versions, user_id);
  if (opened.reply).status is not null then
    return opened.reply;
  end if;
  tournament := opened.tournament;
  select r.* into registration
  from tracker.registrations as r
  where r.tournament_id = tournament.id
    and r.user_id = reinstate_player.user_id;
  if tournament.status <> 'active' then
    reply := tracker.refuse_state(tournament, 'not_active', 'The tournament is not being played');
  elsif registration.status not in ('dropped', 'disqualified') then
    reply := tracker.refuse_state(tournament, registration.status, 'The player has not dropped');
  elsif tracker.find_strangers(array[user_id]) <> '{}' then
    reply := tracker.refuse_state(tournament, 'erased', 'The player has deleted their account');
  elsif tournament.format <> 'swiss' and registration.dropped_after_round < tournament.current_round then
    reply := tracker.refuse_state(
      tournament, 'bracket', 'The bracket went on without the player: others passed on'
    );
  elsif tournament.current_participants >= tournament.max_participants then
    reply := tracker.refuse(
      409, 'TOURNAMENT_FULL', 'No seat is left',
      jsonb_build_object(
        'max_participants', tournament.max_participants,
        'current_participants', tournament.current_participants
      )
    );
  end if;
  if reply.status is not null then
    return tracker.end_call(call, reply);
  end if;
  update tracker.registrations as r
  set status = 'confirmed',
    dropped_after_round = null,
    absences = r.absences || tracker.make_absences(
      registration.dropped_after_round + 1, tournament.current_round, sent ->> 'missed_rounds'
    )
  where r.tournament_id = tournament.id
    and r.user_id = registration.user_id;
  tournament := tracker.touch_tournament(tournament.id);
  perform tracker.note_event(
    call, opened.caller, tournament, 'reinstated', sent || jsonb_build_object('user_id', user_id)
  );
  return tracker.end_call(call, tracker.participant_reply(tournament, opened.caller, user_id));
end
$$;

-- Takes a user out of every tournament that is not over, as its co-organiser too. A game of theirs that
-- is open is lost as soon as its organisers go on with the tournament.
create or replace function tracker.leave_tournaments(user_id text) returns void
language plpgsql
as $$
declare
  tournament tracker.tournaments;
begin
  for tournament in
    select t.*
    from tracker.tournaments as t
    where t.status in ('draft', 'registration', 'active')
      and exists (
        select
        from tracker.registrations as r
        where r.tournament_id = t.id
          and r.user_id = leave_tournaments.user_id
          and r.status in ('confirmed', 'waitlisted')
      )
    order by t.id
    for no key update
  loop
    if tournament.status = 'active' then
      update tracker.registrations as r
      set status = case r.status when 'waitlisted' then 'withdrawn' else 'dropped' end,
        dropped_after_round = case r.status when 'confirmed' then tournament.current_round end
      where r.tournament_id = tournament.id
        and r.user_id = leave_tournaments.user_id;
    else
      perform tracker.free_seat(tournament.id, user_id);
    end if;
    tournament := tracker.touch_tournament(tournament.id);
    perform tracker.note_event(
      null, null, tournament, 'dropped', jsonb_build_object('user_id', user_id, 'kind', 'erased')
    );
  end loop;
  update tracker.tournaments as t
  set co_organizer_ids = array_remove(t.co_organizer_ids, leave_tournaments.user_id),
    version = t.version + 1,
    updated_at = clock_timestamp()
  where t.status in ('draft', 'registration', 'active')
    and leave_tournaments.user_id = any(t.co_organizer_ids);
end
$$;
