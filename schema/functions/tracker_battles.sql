-- Battles: who may read one, and what changes it. Their rules are in functions/tracker/battles, which
-- reads a battle, makes events of what is asked, and stores them if nobody was faster.

-- The battles, still to be played or being played, in which an army fights.
create or replace function tracker.list_open_battles_of_army(army_id text) returns text[]
language sql
stable
as $$
  select coalesce(array_agg(b.id order by b.id), '{}')
  from tracker.battle_players as p
  join tracker.battles as b on b.id = p.battle_id
  where p.army_id = $1
    and b.status in ('setup', 'in_progress')
$$;

-- Whether somebody has, or had, an army against them in a battle.
create or replace function tracker.fights_army(army_id text, user_id text) returns boolean
language sql
stable
as $$
  select exists (
      select
      from tracker.battle_players as p
      join tracker.battle_players as o using (battle_id)
      where p.army_id = $1
        and o.user_id = $2
    )
$$;

-- Whether somebody may read a battle: a private one is for its players, organisers of its tournament
-- and admins.
create or replace function tracker.may_read_battle(battle tracker.battles, caller tracker.caller)
returns boolean
language sql
stable
as $$
  select ($1).visibility = 'public'
    or ($2).role = 'admin'
    or ($1).state -> 'players' ? ($2).id
    or coalesce(tracker.is_organizer(($1).tournament_id, ($2).id), false)
$$;

-- What a battle's object holds beside its state: the players' names, and who of them watches it.
create or replace function tracker.battle_people(battle tracker.battles) returns jsonb
language plpgsql
stable
as $$
declare
  user_ids text[] := array(select jsonb_object_keys(battle.state -> 'players'));
begin
  return jsonb_build_object(
    'names', accounts.list_display_names(user_ids),
    'connected', array(
      select m.member ->> 'user_id'
      from live.list_members(array['tracker:' || battle.id]) as m
      where m.member ->> 'user_id' = any(user_ids)
    )
  );
end
$$;

-- The moment, to the millisecond: what events have.
create or replace function tracker.get_moment() returns timestamptz
language sql
volatile
as $$
  select date_trunc('milliseconds', clock_timestamp(), 'UTC')
$$;

create or replace function tracker.refuse_battle(battle_id text) returns tracker.reply
language sql
immutable
as $$
  select tracker.refuse(
      404, 'BATTLE_NOT_FOUND', 'No such battle', jsonb_build_object('battle_id', $1)
    )
$$;

-- The refusal of one change too many of a battle within a minute, each of which is counted here. The
-- transaction does not wait for the disk: it has nothing to lose but the count.
create or replace function tracker.count_change(battle_id text, most integer) returns tracker.reply
language plpgsql
as $$
declare
  counted record;
  wait_for bigint;
begin
  select c.* into counted
  from shared.count_in_window('battle:' || battle_id, 60) as c;
  perform set_config('synchronous_commit', 'off', true);
  if counted.counted <= most then
    return null;
  end if;
  wait_for := greatest(1, ceil(counted.resets_at - extract(epoch from clock_timestamp()))::bigint);
  return tracker.refuse(
    429,
    'RATE_LIMITED',
    'Too many changes of this battle',
    jsonb_build_object('scope', 'battle_update', 'limit', most, 'retry_after', wait_for),
    jsonb_build_object(
      'X-RateLimit-Limit', most::text,
      'X-RateLimit-Remaining', '0',
      'X-RateLimit-Reset', counted.resets_at::text,
      'Retry-After', wait_for::text
    )
  );
end
$$;

-- Until it counted requests.
drop function if exists tracker.open_battle(tracker.call, text, boolean, integer);

-- A battle for somebody who reads it, or wants to change it; or the reply that refuses them, or that
-- the same request got before. `changes`: whether they want to change it; `most`: how many changes a
-- minute it takes, of which this is one (null: it was counted before).
-- `limit_key`: what counts their requests of an hour, `most_requests` of them, of which this is one
-- (null: it was counted before); or which `is_free`. For one too many `counted` is all there is.
create or replace function tracker.open_battle(
  call tracker.call, battle_id text, changes boolean, most integer, limit_key text default null,
  most_requests integer default null, is_free boolean default false
)
returns table (
  reply tracker.reply, caller_id text, caller_role text, is_player boolean, is_organizer boolean,
  state jsonb, people jsonb, moment timestamptz, last_event jsonb, is_needed boolean,
  counted integer, resets_at bigint
)
language plpgsql
as $$
declare
  begun record;
  battle tracker.battles;
begin
  if limit_key is not null then
    select c.counted, c.resets_at into counted, resets_at
    from shared.try_count(limit_key, 3600, is_free) as c;
    if counted - (not is_free)::integer >= most_requests then
      return next;
      return;
    end if;
  end if;
  begun := tracker.begin_call(call);
  reply := begun.reply;
  if reply.status is not null then
    return next;
    return;
  end if;
  select b.* into battle
  from tracker.battles as b
  where b.id = open_battle.battle_id;
  if not found or not tracker.may_read_battle(battle, begun.caller) then
    reply := tracker.refuse_battle(battle_id);
    return next;
    return;
  end if;
  caller_id := (begun.caller).id;
  caller_role := (begun.caller).role;
  is_player := battle.state -> 'players' ? caller_id;
  is_organizer := battle.tournament_id is not null
    and tracker.is_organizer(battle.tournament_id, caller_id);
  if changes then
    if not is_player and not is_organizer and caller_role <> 'admin' then
      reply := tracker.refuse(
        403, 'FORBIDDEN', 'Only its players may change a battle', '{"required": "player"}'
      );
    end if;
    if reply.status is null then
      reply := tracker.find_answer(call);
    end if;
    if reply.status is null and most is not null then
      reply := tracker.count_change(battle_id, most);
    end if;
    if reply.status is not null then
      return next;
      return;
    end if;
    select tracker.battle_event_json(e) into last_event
    from tracker.battle_events as e
    where e.battle_id = battle.id
      and e.seq = battle.version;
    is_needed := tracker.is_result_needed(battle.id);
  end if;
  state := battle.state;
  people := tracker.battle_people(battle);
  moment := tracker.get_moment();
  return next;
end
$$;

-- An event as clients read it.
create or replace function tracker.battle_event_json(event tracker.battle_events) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'seq', $1.seq,
      'type', $1.type,
      'actor_id', $1.actor_id,
      'actor_role', $1.actor_role,
      'source', $1.source,
      'at', shared.iso_time($1.occurred_at),
      'data', $1.data,
      'before', $1.before,
      'after', $1.after,
      'request_id', $1.request_id
    )
$$;

-- Stores events of a battle, and what they make of it; each becomes a message of the battle's room,
-- of the number that it has. The caller has locked the battle, or just made it.
create or replace function tracker.store_events(
  battle_id text, state jsonb, due_at timestamptz, events jsonb
)
returns void
language plpgsql
as $$
declare
  old tracker.battles;
  event jsonb;
  seq bigint;
begin
  select b.* into old
  from tracker.battles as b
  where b.id = store_events.battle_id;
  update tracker.battles as b
  set status = store_events.state ->> 'status',
    current_round = (store_events.state ->> 'current_round')::integer,
    version = (store_events.state ->> 'version')::bigint,
    due_at = store_events.due_at,
    state = store_events.state,
    updated_at = (store_events.state ->> 'updated_at')::timestamptz,
    completed_at = (store_events.state ->> 'completed_at')::timestamptz
  where b.id = store_events.battle_id;
  insert into tracker.battle_events (
    battle_id, seq, type, actor_id, actor_role, source, occurred_at, data, before, after, request_id
  )
  select store_events.battle_id, e.seq, e.type, e.actor_id, e.actor_role, e.source, e.at, e.data,
    e.before, e.after, e.request_id
  from jsonb_to_recordset(events) as e (
      seq bigint, type text, actor_id text, actor_role text, source text, at timestamptz, data jsonb,
      before jsonb, after jsonb, request_id text
    );
  for event in select jsonb_array_elements(events) loop
    seq := live.append_at(
      'tracker:' || store_events.battle_id,
      event -> 'frame' ->> 'type',
      (event -> 'frame') - 'type',
      (event ->> 'at')::timestamptz
    );
    if seq <> (event ->> 'seq')::bigint then
      raise exception 'room of battle % is at % and not at %', battle_id, seq, event ->> 'seq';
    end if;
  end loop;
  perform tracker.count_battles(
    array(select jsonb_object_keys(store_events.state -> 'players')),
    (store_events.state ->> 'status' = 'completed')::integer - (old.status = 'completed')::integer
  );
  if old.tournament_id is not null then
    perform tracker.report_result(store_events.battle_id);
  end if;
end
$$;

-- Counts a battle more, or less, as completed for its players.
create or replace function tracker.count_battles(user_ids text[], change integer) returns void
language plpgsql
as $$
begin
  if change = 0 then
    return;
  end if;
  insert into tracker.players as p (user_id, total_battles)
  select id, greatest(change, 0)
  from unnest(user_ids) as id
  order by id
  on conflict on constraint players_pkey do update
  set total_battles = greatest(0, p.total_battles + change);
end
$$;

-- Stores what was made of a battle of a version: `stored`; `stale` where somebody was faster; or
-- `answered` with what the same request, or the same command by a socket, got before.
create or replace function tracker.commit_battle(
  call tracker.call, battle_id text, expected bigint, state jsonb, due_at timestamptz, events jsonb,
  answer tracker.reply, ref text
)
returns table (outcome text, reply tracker.reply, ref_answer jsonb)
language plpgsql
as $$
begin
  if ref is not null then
    ref_answer := live.begin_ref(call.user_id, ref);
  end if;
  reply := tracker.find_answer(call);
  if ref_answer is not null or reply.status is not null then
    outcome := 'answered';
    return next;
    return;
  end if;
  perform tracker.lock_tournament(battle_id, state ->> 'status');
  perform
  from tracker.battles as b
  where b.id = commit_battle.battle_id
    and b.version = expected
  for no key update;
  if not found then
    outcome := 'stale';
    return next;
    return;
  end if;
  if events <> '[]' then
    perform tracker.store_events(battle_id, state, due_at, events);
  end if;
  if answer.status is not null then
    perform tracker.end_call(call, answer);
  end if;
  if ref is not null then
    perform live.end_ref(
      call.user_id,
      ref,
      jsonb_build_object('seq', state -> 'version', 'version', state -> 'version')
    );
  end if;
  outcome := 'stored';
  return next;
end
$$;

-- Events of a battle after a number, oldest first.
create or replace function tracker.list_battle_events(battle_id text, after bigint, most integer)
returns setof jsonb
language sql
stable
as $$
  select tracker.battle_event_json(e)
  from tracker.battle_events as e
  where e.battle_id = $1
    and e.seq > $2
  order by e.seq
  limit $3
$$;

-- A page of the battles that somebody may read, the newest first: those of a player, of a tournament,
-- of a status, or all. Each in a statement of its own, so that each has its index.
create or replace function tracker.list_battles(
  caller tracker.caller, player_id text, status text, tournament_id text, after_at timestamptz,
  after_id text, most integer, skipped integer
)
returns table (created_at timestamptz, id text, state jsonb)
language plpgsql
as $$
begin
  return query execute format(
    $query$
      select b.created_at, b.id, b.state
      from %s
      where tracker.may_read_battle(b, $1)
        %s
        %s
      order by %s
      limit $7
      offset $8
    $query$,
    case
      when player_id is not null then
        'tracker.battle_players as p join tracker.battles as b on b.id = p.battle_id'
      else 'tracker.battles as b'
    end,
    concat(
      case when player_id is not null then ' and p.user_id = $2' end,
      case when status is not null then ' and b.status = $3' end,
      case when tournament_id is not null then ' and b.tournament_id = $4' end
    ),
    case
      when after_at is null then null
      when player_id is not null then 'and (p.created_at, p.battle_id) < ($5, $6)'
      else 'and (b.created_at, b.id) < ($5, $6)'
    end,
    case
      when player_id is not null then 'p.created_at desc, p.battle_id desc'
      else 'b.created_at desc, b.id desc'
    end
  )
  using caller, player_id, status, tournament_id, after_at, after_id, most, skipped;
end
$$;

-- Battles whose clock makes an event by itself, and nobody has looked: in the order of its time.
create or replace function tracker.list_overdue_battles(
  after_at timestamptz, after_id text, most integer
)
returns table (due_at timestamptz, id text)
language sql
stable
as $$
  select b.due_at, b.id
  from tracker.battles as b
  where b.due_at <= clock_timestamp()
    and (b.due_at, b.id) > ($1, $2)
  order by b.due_at, b.id
  limit $3
$$;

-- What a new battle needs to know: its players' names, whose the armies are and what is copied of
-- them, and what its tournament says; or the reply that refuses the caller, or that the same request
-- got before.
create or replace function tracker.prepare_battle(
  call tracker.call, user_ids text[], army_ids text[], tournament_id text
)
returns table (
  reply tracker.reply, caller_id text, caller_role text, is_organizer boolean, names jsonb,
  armies jsonb, tournament jsonb, moment timestamptz
)
language plpgsql
as $$
declare
  begun record;
begin
  begun := tracker.begin_call(call);
  reply := begun.reply;
  if reply.status is null then
    reply := tracker.find_answer(call);
  end if;
  if reply.status is not null then
    return next;
    return;
  end if;
  caller_id := (begun.caller).id;
  caller_role := (begun.caller).role;
  is_organizer := coalesce(tracker.is_organizer(tournament_id, caller_id), false);
  names := accounts.list_display_names(user_ids);
  select coalesce(
      jsonb_object_agg(
        a.id,
        jsonb_build_object(
          'owner_id', a.owner_id,
          'army', jsonb_build_object(
            'name', a.name,
            'faction_id', a.faction_id,
            'detachment', a.detachment,
            'points_value', a.points_value
          )
        )
      ),
      '{}'
    )
  into armies
  from tracker.armies as a
  where a.id = any(army_ids)
    and a.deleted_at is null;
  if tournament_id is not null then
    tournament := tracker.find_tournament(tournament_id, user_ids);
  end if;
  moment := tracker.get_moment();
  return next;
end
$$;

-- Keeps a battle with its first event: `stored`; `stale` where one of its armies is gone; or
-- `answered` with what the same request got before.
create or replace function tracker.insert_battle(
  call tracker.call, state jsonb, events jsonb, answer tracker.reply
)
returns table (outcome text, reply tracker.reply)
language plpgsql
as $$
declare
  armies text[];
  found_armies integer;
begin
  reply := tracker.find_answer(call);
  if reply.status is not null then
    outcome := 'answered';
    return next;
    return;
  end if;
  armies := array(
    select p.value ->> 'army_id'
    from jsonb_each(state -> 'players') as p
  );
  perform
  from tracker.armies as a
  where a.id = any(armies)
    and a.deleted_at is null
  order by a.id
  for share;
  get diagnostics found_armies = row_count;
  if found_armies < cardinality(armies) then
    outcome := 'stale';
    return next;
    return;
  end if;
  perform tracker.add_battle(state, events);
  if answer.status is not null then
    perform tracker.end_call(call, answer);
  end if;
  outcome := 'stored';
  return next;
end
$$;

-- Keeps a battle with its first event.
create or replace function tracker.add_battle(state jsonb, events jsonb) returns void
language plpgsql
as $$
declare
  battle_id text := state ->> 'id';
  made_at timestamptz := (state ->> 'created_at')::timestamptz;
begin
  insert into tracker.battles (
    id, tournament_id, status, visibility, current_round, version, state, created_at, updated_at
  )
  values (
    battle_id, state ->> 'tournament_id', 'setup', state ->> 'visibility', 1, 1, state, made_at,
    made_at
  );
  insert into tracker.battle_players (user_id, battle_id, army_id, created_at)
  select p.key, battle_id, p.value ->> 'army_id', made_at
  from jsonb_each(state -> 'players') as p;
  perform tracker.store_events(battle_id, state, null, events);
end
$$;

-- Keeps an answer that changes nothing, such as a refusal, for the same request sent again.
create or replace function tracker.keep_answer(call tracker.call, answer tracker.reply)
returns tracker.reply
language plpgsql
as $$
declare
  stored tracker.reply := tracker.find_answer(call);
begin
  if stored.status is not null then
    return stored;
  end if;
  return tracker.end_call(call, answer);
end
$$;
