-- Changing a tournament's settings: what may change when, and what they must be.

-- What of a change a tournament that has started refuses: the name of the first such setting, or null.
create or replace function tracker.find_fixed_setting(
  tournament tracker.tournaments, caller tracker.caller, sent jsonb
)
returns text
language sql
stable
as $$
  select min(f.name)
  from (
    select e.key as name
    from jsonb_each($3 - 'rules') as e
    where e.key in ('format', 'entry_fee', 'prize_pool', 'pairing_seed')
      and e.value is distinct from tracker.tournament_json($1, $2, '[]') -> e.key
    union all
    select 'rules.' || r.key
    from jsonb_each(coalesce($3 -> 'rules', '{}')) as r
    where r.key not in ('missions', 'swiss_rounds')
      and r.value is distinct from ($1).rules -> r.key
    union all
    select 'rules.missions'
    from generate_series(0, ($1).current_round - 1) as i
    where $3 #> '{rules,missions}' is not null
      and $3 #> array['rules', 'missions', i::text]
        is distinct from ($1).rules #> array['missions', i::text]
  ) as f
$$;

-- What is wrong with a tournament's settings after a change; none is null.
create or replace function tracker.check_change(
  tournament tracker.tournaments, sent jsonb
)
returns tracker.reply
language plpgsql
stable
as $$
begin
  if tournament.max_participants < tournament.current_participants then
    return tracker.refuse_field(
      'max_participants', 'below_confirmed', 'must not be less than the confirmed players'
    );
  elsif cardinality(tournament.tables) < tournament.max_participants / 2 then
    return tracker.refuse_field('tables', 'too_few', 'must be a table for every two seats');
  elsif tournament.end_date < tournament.start_date then
    return tracker.refuse_field('end_date', 'before_start', 'must not be before start_date');
  elsif (sent #>> '{rules,swiss_rounds}')::integer < tournament.current_round then
    return tracker.refuse_field(
      'rules.swiss_rounds', 'below_current_round', 'must not be less than the current round'
    );
  end if;
  return null;
end
$$;

-- Changes a tournament: what `sent` does not hold stays, null is the default, and rules merge by key.
create or replace function tracker.change_tournament(
  call tracker.call, tournament_id text, sent jsonb, problem jsonb, versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  reply tracker.reply;
  changed tracker.tournaments;
  fixed text;
begin
  opened := tracker.open_tournament(call, tournament_id, 'owner', problem, versions);
  if (opened.reply).status is not null then
    return opened.reply;
  end if;
  changed := opened.tournament;
  if sent ->> 'organizer_id' <> changed.organizer_id
    and (opened.caller).role <> 'admin'
    and (opened.caller).id <> changed.organizer_id
  then
    return tracker.end_call(
      call,
      tracker.refuse(
        403, 'FORBIDDEN', 'Only its organiser may hand the tournament over',
        '{"required": "organizer"}'
      )
    );
  elsif changed.status in ('completed', 'cancelled') then
    return tracker.end_call(call, tracker.refuse_state(changed, 'over', 'The tournament is over'));
  elsif changed.status = 'active' then
    fixed := tracker.find_fixed_setting(changed, opened.caller, sent);
    if fixed is not null then
      return tracker.end_call(
        call, tracker.refuse_state(changed, 'started', fixed || ' is fixed since the start')
      );
    end if;
  end if;
  changed.organizer_id := coalesce(sent ->> 'organizer_id', changed.organizer_id);
  changed.co_organizer_ids := case
    when sent ? 'co_organizer_ids'
    then array(select jsonb_array_elements_text(sent -> 'co_organizer_ids'))
    else changed.co_organizer_ids
  end;
  changed.name := coalesce(sent ->> 'name', changed.name);
  changed.description := tracker.pick(sent, 'description', changed.description);
  changed.location := tracker.pick(sent, 'location', changed.location);
  changed.time_zone := coalesce(sent ->> 'time_zone', changed.time_zone);
  changed.format := coalesce(sent ->> 'format', changed.format);
  changed.start_date := coalesce((sent ->> 'start_date')::timestamptz, changed.start_date);
  changed.end_date := tracker.pick(sent, 'end_date', changed.end_date::text)::timestamptz;
  changed.entry_fee := coalesce((sent ->> 'entry_fee')::numeric, changed.entry_fee);
  changed.prize_pool := tracker.pick(sent, 'prize_pool', changed.prize_pool::text)::numeric;
  changed.rules := changed.rules || coalesce(sent -> 'rules', '{}');
  changed.swiss_rounds := case
    when changed.status = 'active'
    then coalesce((sent #>> '{rules,swiss_rounds}')::integer, changed.swiss_rounds)
  end;
  changed.tables := case
    when sent ? 'tables' then tracker.to_integers(sent -> 'tables')
    else changed.tables
  end;
  changed.max_participants := coalesce(
    (sent ->> 'max_participants')::integer, changed.max_participants
  );
  changed.pairing_seed := coalesce(sent ->> 'pairing_seed', changed.pairing_seed);
  reply := coalesce(tracker.check_settings(call, sent), tracker.check_change(changed, sent));
  if reply.status is not null then
    return tracker.end_call(call, reply);
  end if;
  update tracker.tournaments as t
  set (
    organizer_id, co_organizer_ids, name, description, location, time_zone, format, start_date,
    end_date, entry_fee, prize_pool, rules, swiss_rounds, tables, max_participants, pairing_seed
  ) = row(
    changed.organizer_id, changed.co_organizer_ids, changed.name, changed.description,
    changed.location, changed.time_zone, changed.format, changed.start_date, changed.end_date,
    changed.entry_fee, changed.prize_pool, changed.rules, changed.swiss_rounds, changed.tables,
    changed.max_participants, changed.pairing_seed
  )
  where t.id = change_tournament.tournament_id;
  perform tracker.fill_seats(tournament_id);
  changed := tracker.touch_tournament(tournament_id);
  perform tracker.note_event(call, opened.caller, changed, 'changed', sent);
  return tracker.end_call(call, tracker.tournament_reply(changed, opened.caller));
end
$$;

-- What is sent under a name, also null; what was there before where nothing is.
create or replace function tracker.pick(sent jsonb, name text, before text) returns text
language sql
immutable
as $$
  select case when $1 ? $2 then $1 ->> $2 else $3 end
$$;
