-- The economy as operators see it.

-- Gold and gems that were made and destroyed since a day, by day and kind, with the causes.
create or replace function game.list_flows(from_day timestamptz) returns jsonb
language sql
stable
as $$
  select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'day', to_char(f.day at time zone 'UTC', 'YYYY-MM-DD'),
          'kind', f.kind,
          'made', least(f.made, 9007199254740991),
          'destroyed', least(f.destroyed, 9007199254740991),
          'causes', f.causes
        )
        order by f.day, f.kind
      ),
      '[]'
    )
  from (
    select e.day, e.kind, sum(e.made) as made, sum(e.destroyed) as destroyed,
      jsonb_agg(
        jsonb_build_object(
          'cause', e.cause,
          'movements', e.movements,
          'made', least(e.made, 9007199254740991),
          'destroyed', least(e.destroyed, 9007199254740991)
        )
        order by e.cause
      ) as causes
    from game.economy_days as e
    where e.day >= $1
    group by e.day, e.kind
  ) as f
$$;

-- What players hold of a kind, those who were erased in `held` alone.
create or replace function game.describe_holdings(kind text, most integer) returns jsonb
language sql
stable
as $$
  with holding as (
    select p.user_id, p.username, p.erased_at is null as is_known,
      case $1 when 'gold' then p.gold else p.gems end as amount
    from game.players as p
  )
  select jsonb_build_object(
      'held', least(coalesce(sum(h.amount), 0), 9007199254740991),
      'players', count(*) filter (where h.is_known),
      'median', coalesce(
        percentile_disc(0.5) within group (order by h.amount) filter (where h.is_known), 0
      ),
      'top', (
        select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'player_id', t.user_id, 'username', t.username, 'amount', t.amount
              )
              order by t.amount desc, t.user_id
            ),
            '[]'
          )
        from (
          select *
          from holding
          where is_known
            and amount > 0
          order by amount desc, user_id
          limit $2
        ) as t
      )
    )
  from holding as h
$$;

-- Claims since a day that were offered an item, and items that they drew, by difficulty and stated
-- chance; difficulties without a claim too.
create or replace function game.list_drops(from_day timestamptz) returns jsonb
language sql
stable
as $$
  select jsonb_agg(
      jsonb_build_object(
        'difficulty', d.difficulty,
        'stated_percent', coalesce(c.percent, d.drop_percent),
        'offered', coalesce(c.offered, 0),
        'expected', round(coalesce(c.offered * c.percent / 100.0, 0), 2),
        'drawn', coalesce(c.drawn, 0),
        'drawn_percent', round(c.drawn * 100.0 / c.offered, 2)
      )
      order by d.rank, c.percent
    )
  from game.difficulties as d
  left join (
    select o.difficulty, o.percent, sum(o.offered) as offered, sum(o.drawn) as drawn
    from game.drop_days as o
    where o.day >= $1
    group by o.difficulty, o.percent
  ) as c on c.difficulty = d.difficulty
$$;

-- The economy of the last days, today included, for staff.
create or replace function game.describe_economy(call game.call, days integer, reason text)
returns game.reply
language plpgsql
as $$
declare
  reply game.reply := game.check_operator(call, 'staff');
  from_day timestamptz := time_bucket('1 day', now()) - make_interval(hours => 24 * (days - 1));
begin
  if reply.status is not null then
    return reply;
  end if;
  perform accounts.note('economy.read', null, call.user_id::text, reason, null);
  return row(
    200,
    jsonb_build_object(
      'days', days,
      'from_day', to_char(from_day at time zone 'UTC', 'YYYY-MM-DD'),
      'flows', game.list_flows(from_day),
      'gold', game.describe_holdings('gold', 10),
      'gems', game.describe_holdings('gem', 10),
      'drops', game.list_drops(from_day)
    )
  )::game.reply;
end
$$;
