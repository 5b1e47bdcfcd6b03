-- What is kept about a player, to take along, and how a player is erased.

-- Takes a player's name and words away; what the player did stays.
create or replace function game.erase_player(user_id bigint) returns void
language sql
as $$
  -- Waits for a call of the player that has begun: what it appends is renamed too.
  select
  from game.players as p
  where p.user_id = $1
  for update;
  select live.replace_name(
      array(
        select 'battle:' || t.battle_id
        from game.participants as t
        where t.player_id = $1
      ),
      p.username, 'Deleted player', array['player_name', 'username', 'defeated_by']
    )
  from game.players as p
  where p.user_id = $1;
  select game.erase_chat($1);
  update game.players
  set username = 'Deleted player',
    erased_at = now()
  where user_id = $1;
  update game.pets
  set name = initcap(species)
  where player_id = $1
    and not is_egg;
  delete from game.idempotency
  where user_id = $1
$$;

-- Gives a player the name that their user has from now on, also where it stands in what happened.
create or replace function game.rename_player(user_id bigint, username text) returns void
language sql
as $$
  select
  from game.players as p
  where p.user_id = $1
  for update;
  select live.replace_name(
      array(
        select 'battle:' || t.battle_id
        from game.participants as t
        where t.player_id = $1
      ) || 'tavern'::text,
      p.username, $2, array['player_name', 'username', 'defeated_by']
    )
  from game.players as p
  where p.user_id = $1;
  update game.chat_messages as m
  set username = $2
  where m.user_id = $1;
  update game.players as p
  set username = $2,
    updated_at = now()
  where p.user_id = $1
$$;

-- A player as they are now, for them to take along; null for who is none.
create or replace function game.export_player(user_id bigint) returns jsonb
language sql
stable
as $$
  select to_jsonb(p) - 'erased_at' || jsonb_build_object(
      'stamina_anchor', game.to_time(p.stamina_anchor),
      'starter_items_at', game.to_time(p.starter_items_at),
      'active_on', game.to_time(p.active_on),
      'created_at', game.to_time(p.created_at),
      'updated_at', game.to_time(p.updated_at),
      'buffs', array(
        select game.buff_json(b)
        from game.buffs as b
        where b.player_id = $1
        order by b.id
      ),
      'equipment', array(
        select to_jsonb(e) - 'player_id'
        from game.equipment as e
        where e.player_id = $1
        order by e.set_type, e.slot
      ),
      'pet_slots', array(
        select to_jsonb(s) - 'player_id'
        from game.pet_slots as s
        where s.player_id = $1
        order by s.set_type, s.slot
      )
    )
  from game.players as p
  where p.user_id = $1
$$;

-- The rows that are kept about a player since a moment, each with the list that it belongs to and its
-- time: of each list the oldest, and all that are as old as the last of these. Of an egg nothing of
-- the inside; what rollups are counted from says the same as `battles`.
create or replace function game.export_records(user_id bigint, after timestamptz, most integer)
returns table (list text, at timestamptz, record jsonb)
language sql
stable
as $$
  (
    select 'items', i.created_at,
      to_jsonb(i) - 'player_id' || jsonb_build_object('created_at', game.to_time(i.created_at))
    from game.items as i
    where i.player_id = $1
      and i.created_at > $2
    order by i.created_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'pets', t.created_at, game.pet_json(t)
    from game.pets as t
    where t.player_id = $1
      and t.created_at > $2
    order by t.created_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'purchases', u.purchased_at,
      to_jsonb(u) - 'player_id' || jsonb_build_object('purchased_at', game.to_time(u.purchased_at))
    from game.purchases as u
    where u.player_id = $1
      and u.purchased_at > $2
    order by u.purchased_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'battles', t.joined_at,
      to_jsonb(t) - 'player_id' || jsonb_build_object(
        'joined_at', game.to_time(t.joined_at), 'claimed_at', game.to_time(t.claimed_at)
      )
    from game.participants as t
    where t.player_id = $1
      and t.joined_at > $2
    order by t.joined_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'battle_events', e.occurred_at,
      e.payload || jsonb_build_object(
        'room', e.room, 'seq', e.seq, 'type', e.type, 'timestamp', game.to_time(e.occurred_at)
      )
    from live.find_events(
        array(
          select 'battle:' || t.battle_id
          from game.participants as t
          where t.player_id = $1
        ),
        (select p.username from game.players as p where p.user_id = $1),
        array['player_name', 'username', 'defeated_by'],
        $2
      ) as e
    order by e.occurred_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'chat_messages', m.sent_at,
      to_jsonb(m) - 'user_id' || jsonb_build_object(
        'sent_at', game.to_time(m.sent_at), 'deleted_at', game.to_time(m.deleted_at)
      )
    from game.chat_messages as m
    where m.user_id = $1
      and m.sent_at > $2
    order by m.sent_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'chat_reports', c.reported_at,
      to_jsonb(c) - 'reporter_id' || jsonb_build_object('reported_at', game.to_time(c.reported_at))
    from game.chat_reports as c
    where c.reporter_id = $1
      and c.reported_at > $2
    order by c.reported_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'grants', g.granted_at,
      to_jsonb(g) - array['player_id', 'actor']
        || jsonb_build_object('granted_at', game.to_time(g.granted_at))
    from game.grants as g
    where g.player_id = $1
      and g.granted_at > $2
    order by g.granted_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'ledger', l.occurred_at,
      to_jsonb(l) - array['player_id', 'actor']
        || jsonb_build_object('occurred_at', game.to_time(l.occurred_at))
    from game.ledger as l
    where l.player_id = $1
      and l.occurred_at > $2
    order by l.occurred_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'rolls', r.occurred_at,
      to_jsonb(r) - 'player_id' || jsonb_build_object('occurred_at', game.to_time(r.occurred_at))
    from game.rolls as r
    where r.player_id = $1
      and r.occurred_at > $2
    order by r.occurred_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'visits', v.visited_at,
      to_jsonb(v) - 'player_id' || jsonb_build_object(
        'visited_at', game.to_time(v.visited_at), 'joined_at', game.to_time(v.joined_at)
      )
    from game.visits as v
    where v.player_id = $1
      and v.visited_at > $2
    order by v.visited_at
    fetch first ($3) rows with ties
  )
  union all
  (
    select 'repeatable_requests', q.stored_at,
      jsonb_build_object(
        'path', q.path,
        'key', q.key,
        'status', q.status,
        'response', q.response,
        'stored_at', game.to_time(q.stored_at)
      )
    from game.idempotency as q
    where q.user_id = $1
      and q.stored_at > $2
    order by q.stored_at
    fetch first ($3) rows with ties
  )
$$;
