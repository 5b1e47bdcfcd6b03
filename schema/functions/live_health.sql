-- Who is connected, and what is left of a budget of `rate` posts a second.
create or replace function live.describe_sockets(rate integer) returns jsonb
language sql
volatile
as $$
  select jsonb_build_object(
    'rooms', c.rooms, 'sockets', c.sockets, 'waiting', c.waiting, 'users', c.users,
    'budget', jsonb_build_object(
      'rate', $1, 'left', b.posts_left, 'posts_per_second', round(b.posts_per_second::numeric, 2)
    )
  )
  from live.read_budget($1) as b
  cross join (
    select count(distinct room) as rooms, count(*) as sockets,
      count(*) filter (where not is_live) as waiting, count(distinct user_id) as users
    from live.connections
  ) as c
$$;
