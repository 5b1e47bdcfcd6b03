-- Rooms of battles, for sockets: who may come in, and how a battle is when they do.

-- A user at the door of a battle: no row if the token does not count, `has_battle` if there is one.
-- By a ticket's token as well, whose session is known.
create or replace function tracker.admit_to_battle(
  user_id bigint, version integer, session_id uuid, battle_id text
)
returns table (
  is_active boolean, id text, role text, has_battle boolean, may_read boolean, is_player boolean
)
language plpgsql
stable
as $$
declare
  call tracker.call := row($1, $2, $3, null, null, null, null, null);
  caller tracker.caller;
  battle tracker.battles;
begin
  select u.id, u.role, u.is_active
  into caller.id, caller.role, admit_to_battle.is_active
  from tracker.find_user(call) as u;
  if is_active is null then
    return;
  end if;
  select b.* into battle
  from tracker.battles as b
  where b.id = $4;
  has_battle := found;
  id := caller.id;
  if has_battle then
    may_read := tracker.may_read_battle(battle, caller);
    is_player := battle.state -> 'players' ? caller.id;
    role := case
      when is_player then 'player'
      when tracker.is_organizer(battle.tournament_id, caller.id) then 'organizer'
      when caller.role = 'admin' then 'admin'
      else 'spectator'
    end;
  end if;
  return next;
end
$$;

-- Battles for whoever has been let in, each with how far its room is, all of the same moment.
create or replace function tracker.load_battles(battle_ids text[])
returns table (state jsonb, people jsonb, moment timestamptz, epoch text)
language sql
volatile
as $$
  select b.state, tracker.battle_people(b), tracker.get_moment(), h.epoch
  from tracker.battles as b
  cross join lateral live.get_head('tracker:' || b.id) as h
  where b.id = any($1)
$$;

-- Those of some users who may not read the battles that they watch.
create or replace function tracker.list_refused(battle_ids text[], user_ids bigint[])
returns table (battle_id text, user_id bigint)
language sql
stable
as $$
  select b.id, w.user_id
  from unnest($1, $2) as w (battle_id, user_id)
  join tracker.battles as b on b.id = w.battle_id
  left join accounts.list_people($2) as u on u.id = w.user_id
  where u.id is null
    or not tracker.may_read_battle(b, row(u.public_id, tracker.to_role(u.role))::tracker.caller)
$$;
