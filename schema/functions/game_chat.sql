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
