-- Rooms of the game, for sockets: who may come in, and how a room is when they do.

-- A user at the door of a battle: no row if the token does not count, `has_battle` if there is one.
create or replace function game.admit_to_battle(user_id bigint, version integer, battle_id bigint)
returns table (
  username text, is_active boolean, level integer, has_battle boolean, is_participant boolean
)
language sql
stable
as $$
  select
    c.username,
    c.is_active,
    p.level,
    exists (
      select
      from game.battles as b
      where b.id = $3
    ),
    exists (
      select
      from game.participants as t
      where t.battle_id = $3
        and t.player_id = $1
    )
  from accounts.caller($1, $2) as c
  join game.players as p on p.user_id = c.id
$$;

-- A battle as a socket is told of it: the whole of it, its last messages and how far its room is, all
-- of the same moment.
create or replace function game.greet_to_battle(battle_id bigint, user_id bigint, most integer)
returns table (battle jsonb, messages jsonb, head_seq bigint, epoch text, others bigint)
language sql
stable
as $$
  select
    game.battle_details_json(b),
    coalesce(
      (
        select jsonb_agg(game.battle_log_json($1, e) order by e.seq)
        from live.read_last_events(
          'battle:' || $1, array['attack', 'enemy_defeated'], $3, 0
        ) as e
      ),
      '[]'
    ),
    h.head_seq,
    h.epoch,
    live.count_others('battle:' || $1, $2)
  from game.battles as b
  cross join live.get_head('battle:' || $1) as h
  where b.id = $1
$$;

-- The tavern as a socket is told of it: its last messages, oldest first, and how far its room is, all
-- of the same moment.
create or replace function game.greet_to_tavern(most integer)
returns table (messages jsonb, head_seq bigint, epoch text)
language sql
stable
as $$
  select
    coalesce(
      (
        select jsonb_agg(e.payload || jsonb_build_object('type', e.type) order by m.id)
        from (
          select c.*
          from game.chat_messages as c
          where c.room = 'tavern'
            and c.deleted_at is null
          order by c.id desc
          limit $1
        ) as m
        cross join lateral game.message_event(m::game.chat_messages) as e
      ),
      '[]'
    ),
    h.head_seq,
    h.epoch
  from live.get_head('tavern') as h
$$;
