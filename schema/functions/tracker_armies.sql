-- Armies: who may read one, and what their owner changes.

-- An army as clients read it.
create or replace function tracker.army_json(army tracker.armies) returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
      'id', $1.id,
      'owner_id', $1.owner_id,
      'name', $1.name,
      'faction_id', $1.faction_id,
      'detachment', $1.detachment,
      'points_value', $1.points_value,
      'army_list', jsonb_build_object('units', $1.units),
      'units_total', $1.units_total,
      'list_complete', $1.units_total = $1.points_value,
      'visibility', $1.visibility,
      'version', $1.version,
      'created_at', shared.iso_time($1.created_at),
      'updated_at', shared.iso_time($1.updated_at)
    )
$$;

create or replace function tracker.army_reply(army tracker.armies, status integer default 200)
returns tracker.reply
language sql
stable
as $$
  select row(
      $2,
      jsonb_build_object('army', tracker.army_json($1)),
      jsonb_build_object('ETag', format('"%s"', $1.version))
        || case
          when $2 = 201 then jsonb_build_object('Location', '/v1/armies/' || $1.id)
          else '{}'
        end,
      false
    )::tracker.reply
$$;

create or replace function tracker.refuse_army(army_id text) returns tracker.reply
language sql
immutable
as $$
  select tracker.refuse(
      404, 'ARMY_NOT_FOUND', 'No such army', jsonb_build_object('army_id', $1)
    )
$$;

-- Whether somebody may read an army: a private one is for its owner, for opponents in a battle with
-- it, for organisers with whom it is registered, and for admins.
create or replace function tracker.may_read_army(army tracker.armies, caller tracker.caller)
returns boolean
language sql
stable
as $$
  select ($1).visibility = 'public'
    or ($1).owner_id = ($2).id
    or ($2).role = 'admin'
    or tracker.fights_army(($1).id, ($2).id)
    or tracker.organizes_army(($1).id, ($2).id)
$$;

create or replace function tracker.get_army(call tracker.call, army_id text) returns tracker.reply
language plpgsql
stable
as $$
declare
  begun record;
  army tracker.armies;
begin
  begun := tracker.begin_call(call);
  if (begun.reply).status is not null then
    return begun.reply;
  end if;
  select a.* into army
  from tracker.armies as a
  where a.id = get_army.army_id
    and a.deleted_at is null;
  if not found or not tracker.may_read_army(army, begun.caller) then
    return tracker.refuse_army(army_id);
  end if;
  return tracker.army_reply(army);
end
$$;

-- Makes an army of the caller's; `problem`: what is wrong with the body, for who may send one.
create or replace function tracker.create_army(
  call tracker.call, army_id text, army jsonb, problem jsonb
)
returns tracker.reply
language plpgsql
as $$
declare
  begun record;
  reply tracker.reply;
  made tracker.armies;
begin
  begun := tracker.begin_call(call);
  if (begun.reply).status is not null then
    return begun.reply;
  end if;
  reply := tracker.find_answer(call);
  if reply.status is not null then
    return reply;
  elsif problem is not null then
    return tracker.end_call(call, row(422, problem, '{}', false));
  end if;
  insert into tracker.armies (
    id, owner_id, name, faction_id, detachment, points_value, units, units_total, visibility
  )
  values (
    army_id, (begun.caller).id, army ->> 'name', army ->> 'faction_id', army ->> 'detachment',
    (army ->> 'points_value')::integer, army -> 'units', (army ->> 'units_total')::integer,
    army ->> 'visibility'
  )
  returning * into made;
  return tracker.end_call(call, tracker.army_reply(made, 201));
end
$$;

-- Begins a change of an army: its row, locked, or the reply that refuses the change or repeats an
-- earlier answer. Versions: those of which the caller means one; null: any.
create or replace function tracker.open_army(
  call tracker.call, army_id text, problem jsonb, versions integer[],
  out army tracker.armies, out reply tracker.reply
)
language plpgsql
as $$
declare
  begun record;
  stored tracker.armies;
  is_owner boolean;
begin
  begun := tracker.begin_call(call);
  if (begun.reply).status is not null then
    reply := begun.reply;
    return;
  end if;
  select a.* into stored
  from tracker.armies as a
  where a.id = open_army.army_id
  for no key update;
  is_owner := stored.owner_id = (begun.caller).id or (begun.caller).role = 'admin';
  if not found
    or not tracker.may_read_army(stored, begun.caller)
    or (stored.deleted_at is not null and not is_owner)
  then
    reply := tracker.refuse_army(army_id);
  elsif not is_owner then
    reply := tracker.refuse(
      403, 'FORBIDDEN', 'Only its owner may change an army', '{"required": "owner"}'
    );
  else
    reply := tracker.find_answer(call);
  end if;
  if reply.status is not null then
    return;
  elsif stored.deleted_at is not null then
    reply := tracker.refuse_army(army_id);
  elsif problem is not null then
    reply := tracker.end_call(call, row(422, problem, '{}', false));
  elsif stored.version <> all(versions) then
    reply := tracker.end_call(
      call,
      tracker.refuse(
        409,
        'VERSION_CONFLICT',
        'The army has changed',
        jsonb_build_object(
          'current_version', stored.version, 'army', tracker.army_json(stored)
        )
      )
    );
  else
    army := stored;
  end if;
end
$$;

-- Changes an army: what `change` does not hold stays.
create or replace function tracker.change_army(
  call tracker.call, army_id text, change jsonb, problem jsonb, versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  army tracker.armies;
  points integer;
  total integer;
begin
  opened := tracker.open_army(call, army_id, problem, versions);
  if (opened.reply).status is not null then
    return opened.reply;
  end if;
  army := opened.army;
  points := coalesce((change ->> 'points_value')::integer, army.points_value);
  total := coalesce((change ->> 'units_total')::integer, army.units_total);
  if change ->> 'faction_id' <> army.faction_id then
    return tracker.end_call(
      call, tracker.refuse_field('faction_id', 'immutable', 'cannot change')
    );
  elsif total > points then
    return tracker.end_call(
      call,
      tracker.refuse_field(
        'army_list.units', 'units_exceed_points_value', 'have more points than points_value'
      )
    );
  end if;
  update tracker.armies as a
  set name = coalesce(change ->> 'name', a.name),
    detachment = coalesce(change ->> 'detachment', a.detachment),
    points_value = points,
    units = coalesce(change -> 'units', a.units),
    units_total = total,
    visibility = coalesce(change ->> 'visibility', a.visibility),
    version = a.version + 1,
    updated_at = clock_timestamp()
  where a.id = army.id
  returning a.* into army;
  return tracker.end_call(call, tracker.army_reply(army));
end
$$;

-- Deletes an army that no battle and no tournament needs; battles that are over keep their copies.
create or replace function tracker.delete_army(
  call tracker.call, army_id text, versions integer[]
)
returns tracker.reply
language plpgsql
as $$
declare
  opened record;
  tournaments text[];
  battles text[];
begin
  opened := tracker.open_army(call, army_id, null, versions);
  if (opened.reply).status is not null then
    return opened.reply;
  end if;
  battles := tracker.list_open_battles_of_army(army_id);
  tournaments := tracker.list_tournaments_of_army(army_id);
  if battles <> '{}' or tournaments <> '{}' then
    return tracker.end_call(
      call,
      tracker.refuse(
        409,
        'ARMY_IN_USE',
        'A battle or a tournament needs this army',
        jsonb_build_object('battle_ids', battles, 'tournament_ids', tournaments)
      )
    );
  end if;
  update tracker.armies as a
  set deleted_at = clock_timestamp(),
    version = a.version + 1
  where a.id = delete_army.army_id;
  return tracker.end_call(call, row(204, '{}', '{}', false));
end
$$;

-- A page of the armies that somebody may read, the newest first: those of an owner, or of a faction,
-- or all. Each in a statement of its own, so that each has its index.
create or replace function tracker.list_armies(
  caller tracker.caller, owner_id text, faction_id text, after_at timestamptz, after_id text,
  most integer, skipped integer
)
returns table (created_at timestamptz, id text, army jsonb)
language plpgsql
stable
as $$
begin
  return query execute format(
    $query$
      select a.created_at, a.id, tracker.army_json(a)
      from tracker.armies as a
      where a.deleted_at is null
        and (a.visibility = 'public' or a.owner_id = $1 or $2)
        %s
        %s
        %s
      order by a.created_at desc, a.id desc
      limit $7
      offset $8
    $query$,
    case when owner_id is not null then 'and a.owner_id = $3' end,
    case when faction_id is not null then 'and a.faction_id = $4' end,
    case when after_at is not null then 'and (a.created_at, a.id) < ($5, $6)' end
  )
  using caller.id, caller.role = 'admin', owner_id, faction_id, after_at, after_id, most, skipped;
end
$$;
