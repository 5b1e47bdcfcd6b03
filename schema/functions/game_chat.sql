-- Messages of the tavern and of battles.

-- Messages of a room, the last but for the newest `skipped`, oldest first.
create or replace function game.list_chat_messages(
  call game.call, room text, most integer, skipped integer
)
returns game.reply
language plpgsql
stable
as $$
declare
  reply game.reply := game.check_caller(call);
  messages jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', m.id,
          'userId', m.user_id,
          'username', m.username,
          'text', m.text,
          'type', m.type,
          'timestamp', game.to_time(m.sent_at)
        )
        order by m.id
      ),
      '[]'
    )
  into messages
  from (
    select c.*
    from game.chat_messages as c
    where c.room = list_chat_messages.room
      and c.deleted_at is null
    order by c.id desc
    limit most
    offset skipped
  ) as m;
  return row(200, messages)::game.reply;
end
$$;

-- Text for a view that puts it into its page as HTML.
create or replace function game.escape_html(words text) returns text
language sql
immutable
as $$
  select replace(
      replace(
        replace(replace(replace($1, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'
      ),
      '''', '&#39;'
    )
$$;

-- A message as the event that a room hears of it by: of a battle `chat`, whose view takes HTML, of
-- the tavern `message`, whose view takes text.
create or replace function game.message_event(
  message game.chat_messages, out type text, out payload jsonb
)
language sql
stable
as $$
  select case when $1.room <> 'tavern' then 'chat' else $1.type end,
    jsonb_build_object(
      'id', $1.id,
      'userId', $1.user_id::text,
      'username', $1.username,
      'timestamp', game.to_time($1.sent_at)
    ) || case
      when $1.type = 'system' then jsonb_build_object('text', $1.text, 'message', $1.text)
      when $1.room = 'tavern' then jsonb_build_object('text', $1.text)
      else jsonb_build_object('player_name', $1.username, 'message', game.escape_html($1.text))
    end
$$;

-- The reply that refuses a player's words in a room: whoever is muted, no participant, or too quick.
-- Messages of a future, to which a clock was once set, count for nothing.
create or replace function game.check_speaker(
  player_id bigint, muted_until timestamptz, room text, at timestamptz
)
returns game.reply
language plpgsql
stable
as $$
declare
  named_id bigint := substring(room from '^battle:([0-9]{1,18})$')::bigint;
begin
  if muted_until > at then
    return game.refuse(403, format('You are muted until %s', game.to_time(muted_until)));
  elsif room <> 'tavern' then
    perform
    from game.battles as b
    where b.id = named_id;
    if not found then
      return game.refuse(404, 'Battle not found');
    end if;
    perform
    from game.participants as t
    where t.battle_id = named_id
      and t.player_id = check_speaker.player_id;
    if not found then
      return game.refuse(400, 'Not in this battle');
    end if;
  end if;
  perform
  from game.chat_messages as m
  where m.user_id = player_id
    and m.room = check_speaker.room
    and m.sent_at > at - interval '5 seconds'
    and m.sent_at <= at
  offset 4
  limit 1;
  if found then
    return game.refuse(429, 'Too many messages: at most 5 in 5 seconds');
  end if;
  return null;
end
$$;

-- Sends a message to a room, `tavern` or `battle:<id>`, which hears of it by an event: the reply is
-- that event with its number. The text is trimmed and has 1 to 500 characters.
create or replace function game.post_message(call game.call, room text, words text)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.check_caller(call);
  at timestamptz;
  message game.chat_messages;
  muted_until timestamptz;
  event record;
begin
  if reply.status is not null then
    return reply;
  end if;
  -- The player's messages take turns, so that each sees those before it.
  select p.username into message.username
  from game.players as p
  where p.user_id = call.user_id
  for update;
  if not found then
    return game.refuse(401, 'Could not validate credentials');
  end if;
  at := clock_timestamp();
  select c.muted_until into muted_until
  from accounts.caller(call.user_id, call.version) as c;
  reply := game.check_speaker(call.user_id, muted_until, room, at);
  if reply.status is not null then
    return reply;
  end if;
  insert into game.chat_messages (room, user_id, username, text, sent_at)
  values (room, call.user_id, message.username, words, at)
  returning * into message;
  select e.type, e.payload into event
  from game.message_event(message) as e;
  message.event_seq := live.append(room, event.type, event.payload);
  update game.chat_messages as m
  set event_seq = message.event_seq
  where m.id = message.id;
  return row(
    200,
    jsonb_build_object('seq', message.event_seq, 'type', event.type, 'payload', event.payload)
  )::game.reply;
end
$$;

-- Has the tavern hear of something, and keeps it like a message.
create or replace function game.post_system_message(words text) returns bigint
language plpgsql
as $$
declare
  message game.chat_messages;
  event record;
begin
  insert into game.chat_messages (room, username, type, text)
  values ('tavern', 'Tavern', 'system', words)
  returning * into message;
  select e.type, e.payload into event
  from game.message_event(message) as e;
  message.event_seq := live.append('tavern', event.type, event.payload);
  update game.chat_messages as m
  set event_seq = message.event_seq
  where m.id = message.id;
  return message.event_seq;
end
$$;

-- Takes words out of the event by which a room heard of a message.
create or replace function game.silence_message(message game.chat_messages, change jsonb)
returns void
language sql
as $$
  select live.change_event(
      $1.room, $1.event_seq,
      $2 || jsonb_build_object(
        case $1.room when 'tavern' then 'text' else 'message' end, '', 'deleted', true
      )
    )
$$;

-- Takes a message out of the history, and tells its room; once.
create or replace function game.delete_message(call game.call, message_id bigint, reason text)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.check_operator(call, 'staff');
  message game.chat_messages;
begin
  if reply.status is not null then
    return reply;
  end if;
  update game.chat_messages as m
  set deleted_at = clock_timestamp()
  where m.id = message_id
    and m.deleted_at is null
  returning m.* into message;
  if not found then
    return game.refuse(404, 'Message not found');
  end if;
  perform game.silence_message(message, '{}');
  perform live.append(
    message.room, 'message_deleted', jsonb_build_object('id', message.id)
  );
  perform accounts.note(
    'message.deleted', message.user_id, call.user_id::text, reason,
    jsonb_build_object('message_id', message.id)
  );
  return row(200, jsonb_build_object('message', 'Message deleted', 'id', message.id))::game.reply;
end
$$;

-- Takes a person's words out of all rooms, out of what they reported, and their name with them.
create or replace function game.erase_chat(user_id bigint) returns void
language sql
as $$
  select game.silence_message(
      m, '{"userId": null, "username": "Deleted player", "player_name": "Deleted player"}'
    )
  from game.chat_messages as m
  where m.user_id = $1
    and m.event_seq is not null;
  update game.chat_messages as m
  set user_id = null,
    username = 'Deleted player',
    text = '...',
    deleted_at = coalesce(m.deleted_at, now())
  where m.user_id = $1;
  update game.chat_reports as r
  set reason = '...'
  where r.reporter_id = $1
$$;
