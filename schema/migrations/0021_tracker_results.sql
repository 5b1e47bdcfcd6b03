-- Results of the tracker, which its statistics are counted from: a row a player of each completed
-- battle of matched play that was played. They follow the battle, whoever changes it: one that is
-- corrected keeps the time at which it was completed, so that its week is counted again.

create table tracker.battle_results (
  completed_at timestamptz not null,
  battle_id text not null,
  user_id text not null,
  faction_id text not null,
  detachment text not null,
  mission text not null,
  is_mirror boolean not null,
  outcome text not null check (outcome in ('win', 'draw', 'loss')),
  victory_points integer not null,
  opponent_victory_points integer not null,
  is_first boolean,
  turns integer check (turns >= 0),
  turn_ms bigint check (turn_ms >= 0),
  check ((is_first is null) = (turns is null)),
  check ((is_first is null) = (turn_ms is null)),
  primary key (battle_id, user_id, completed_at)
);

select create_hypertable('tracker.battle_results', by_range('completed_at', interval '91 days'));

create index battle_results_by_player on tracker.battle_results (user_id, completed_at desc);

comment on table tracker.battle_results is
  'A player''s part in a completed battle of matched play; none of one that ended by forfeit.';
comment on column tracker.battle_results.completed_at is
  'When the battle was completed; a correction leaves it as it is';
comment on column tracker.battle_results.battle_id is 'Which battle';
comment on column tracker.battle_results.user_id is 'Whose part: a user''s id under /v1';
comment on column tracker.battle_results.faction_id is 'The faction that they played';
comment on column tracker.battle_results.detachment is 'The detachment of their army';
comment on column tracker.battle_results.mission is 'The name of the mission';
comment on column tracker.battle_results.is_mirror is 'Whether both played the same faction';
comment on column tracker.battle_results.outcome is
  'win, draw or loss; both have lost where an organiser says so';
comment on column tracker.battle_results.victory_points is 'Their total';
comment on column tracker.battle_results.opponent_victory_points is 'The total of the other player';
comment on column tracker.battle_results.is_first is
  'Whether they had the first turn; null: nobody said whose it was';
comment on column tracker.battle_results.turns is
  'How many turns of theirs began; null: is_first is';
comment on column tracker.battle_results.turn_ms is
  'Milliseconds that their clock ran; null: is_first is';

-- Enters what both players did in a battle, if it counts.
create function tracker.enter_results(battle tracker.battles) returns void
language sql
as $$
  insert into tracker.battle_results (
    completed_at, battle_id, user_id, faction_id, detachment, mission, is_mirror, outcome,
    victory_points, opponent_victory_points, is_first, turns, turn_ms
  )
  select $1.completed_at, $1.id, p.key, p.value #>> '{army,faction_id}',
    p.value #>> '{army,detachment}', $1.state #>> '{mission,name}',
    p.value #>> '{army,faction_id}' = o.value #>> '{army,faction_id}',
    case
      when $1.state ->> 'winner_id' = p.key then 'win'
      when $1.state ->> 'winner_id' is null and $1.state ->> 'result_type' <> 'double_loss'
        then 'draw'
      else 'loss'
    end,
    (p.value #> '{scores,victory_points}')::integer,
    (o.value #> '{scores,victory_points}')::integer,
    case when f.is_known then $1.state ->> 'first_player_id' = p.key end,
    case when f.is_known then (p.value -> 'turns')::integer end,
    case when f.is_known then (p.value -> 'time_used_ms')::bigint end
  from jsonb_each($1.state -> 'players') as p
  join jsonb_each($1.state -> 'players') as o on o.key <> p.key
  cross join lateral (
    select ($1.state -> 'is_first_turn_known')::boolean and p.value ? 'turns' and o.value ? 'turns'
  ) as f (is_known)
  where $1.status = 'completed'
    and $1.state ->> 'battle_type' = 'matched_play'
    and $1.state ->> 'result_type' <> 'forfeit'
$$;

create function tracker.follow_battle() returns trigger
language plpgsql
as $$
begin
  if old.status = 'completed' then
    delete from tracker.battle_results as r
    where r.battle_id = old.id
      and r.completed_at = old.completed_at;
  end if;
  if tg_op = 'UPDATE' and new.status = 'completed' then
    perform tracker.enter_results(new);
  end if;
  return null;
end
$$;

create trigger changes_results
after update of status, state on tracker.battles
for each row when (old.status = 'completed' or new.status = 'completed')
execute function tracker.follow_battle();

create trigger takes_results_away
after delete on tracker.battles
for each row when (old.status = 'completed')
execute function tracker.follow_battle();

-- What is known of the time before.
select tracker.enter_results(b)
from tracker.battles as b
where b.status = 'completed';
