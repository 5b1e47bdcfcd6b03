-- Reports of chat messages.

-- Reports somebody's message, once a player: the first report stays.
create or replace function game.report_message(call game.call, message_id bigint, reason text)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.begin_call(call);
  message game.chat_messages;
  report_id bigint;
begin
  if reply.status is not null then
    return reply;
  end if;
  select m.* into message
  from game.chat_messages as m
  where m.id = message_id
    and m.deleted_at is null
    and m.type = 'message';
  if not found then
    return game.refuse(404, 'Message not found');
  elsif message.user_id = call.user_id then
    return game.refuse(400, 'This message is your own');
  end if;
  insert into game.chat_reports (message_id, reporter_id, reason)
  values (message.id, call.user_id, report_message.reason)
  on conflict on constraint chat_reports_message_id_reporter_id_key do nothing
  returning id into report_id;
  if report_id is null then
    select r.id into report_id
    from game.chat_reports as r
    where r.message_id = message.id
      and r.reporter_id = call.user_id;
  end if;
  return game.end_call(
    call, jsonb_build_object('message', 'Message reported', 'report_id', report_id)
  );
end
$$;

-- Reports below a number, null for all, newest first, each with its message as it was written.
create or replace function game.list_reports(
  call game.call, before bigint, most integer, reason text
)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.check_operator(call, 'staff');
  reports jsonb;
begin
  if reply.status is not null then
    return reply;
  end if;
  perform accounts.note('reports.read', null, call.user_id::text, reason, null);
  select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', r.id,
          'at', game.to_time(r.reported_at),
          'reason', r.reason,
          'reporter_id', r.reporter_id,
          'reporter', p.username,
          'message', jsonb_build_object(
            'id', m.id,
            'room', m.room,
            'user_id', m.user_id,
            'username', m.username,
            'text', m.text,
            'sent_at', game.to_time(m.sent_at),
            'deleted_at', game.to_time(m.deleted_at)
          )
        )
        order by r.id desc
      ),
      '[]'
    )
  into reports
  from (
    select c.*
    from game.chat_reports as c
    where c.id < coalesce(before, 9223372036854775807)
    order by c.id desc
    limit most
  ) as r
  join game.players as p on p.user_id = r.reporter_id
  join game.chat_messages as m on m.id = r.message_id;
  return row(200, reports)::game.reply;
end
$$;
