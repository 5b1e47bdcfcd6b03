-- What rollups of the game are counted from, beside the ledger: days on which players played, battles
-- that ended, and claims. Each is written once and never changed, so that an attack, which happens far
-- more often, marks nothing.

alter table game.players add column active_on timestamptz;

comment on column game.players.active_on is
  'Start of the last UTC day on which the player asked for a change; null: never';

create table game.visits (
  visited_at timestamptz not null default now(),
  player_id bigint not null,
  joined_at timestamptz not null
);

select create_hypertable('game.visits', by_range('visited_at', interval '30 days'));

create index visits_by_player on game.visits (player_id, visited_at desc);

comment on table game.visits is
  'A day, by UTC, on which a player came to the game or asked for a change.';
comment on column game.visits.visited_at is 'When they first did on that day';
comment on column game.visits.player_id is 'Which player';
comment on column game.visits.joined_at is 'When the player first came to the game';

create table game.battle_results (
  ended_at timestamptz not null,
  battle_id bigint not null,
  player_id bigint not null,
  battle_type text not null,
  difficulty text not null,
  outcome text not null check (outcome in ('completed', 'abandoned')),
  attacks bigint not null,
  damage bigint not null,
  primary key (battle_id, player_id, ended_at)
);

select create_hypertable('game.battle_results', by_range('ended_at', interval '30 days'));

comment on table game.battle_results is 'A player''s part in a battle that ended.';
comment on column game.battle_results.ended_at is 'When the battle ended';
comment on column game.battle_results.battle_id is 'Which battle';
comment on column game.battle_results.player_id is 'Which player';
comment on column game.battle_results.battle_type is 'standard or boss_raid';
comment on column game.battle_results.difficulty is 'How hard the battle was';
comment on column game.battle_results.outcome is 'completed: all enemies are defeated; or abandoned';
comment on column game.battle_results.attacks is 'How many blows the player struck';
comment on column game.battle_results.damage is 'Damage of these blows, overkill too';

create table game.claims (
  claimed_at timestamptz not null,
  battle_id bigint not null,
  player_id bigint not null,
  battle_type text not null,
  difficulty text not null,
  gold game.amount not null,
  xp game.amount not null,
  drop_percent integer check (drop_percent between 0 and 100),
  rarity game.rarity,
  primary key (battle_id, player_id, claimed_at)
);

select create_hypertable('game.claims', by_range('claimed_at', interval '30 days'));

comment on table game.claims is 'Loot that a player claimed.';
comment on column game.claims.claimed_at is 'When';
comment on column game.claims.battle_id is 'Of which battle';
comment on column game.claims.player_id is 'Which player';
comment on column game.claims.battle_type is 'standard or boss_raid';
comment on column game.claims.difficulty is 'How hard the battle was';
comment on column game.claims.gold is 'Gold that it held';
comment on column game.claims.xp is 'Experience that it held';
comment on column game.claims.drop_percent is
  'The chance of an item; null: the player had done too little to be offered any loot';
comment on column game.claims.rarity is 'The tier of the item that was drawn; null: none was';

-- Enters who did what in a battle that ended; its last end counts.
create function game.enter_result(battle game.battles) returns void
language sql
as $$
  delete from game.battle_results
  where battle_id = $1.id;
  insert into game.battle_results (
    ended_at, battle_id, player_id, battle_type, difficulty, outcome, attacks, damage
  )
  select $1.ended_at, $1.id, t.player_id, $1.battle_type, $1.difficulty, $1.status,
    t.attacks_count, t.total_damage_dealt
  from game.participants as t
  where t.battle_id = $1.id
$$;

-- Enters a claim; a participant's last one counts.
create function game.enter_claim(member game.participants) returns void
language sql
as $$
  delete from game.claims
  where battle_id = $1.battle_id
    and player_id = $1.player_id;
  insert into game.claims (
    claimed_at, battle_id, player_id, battle_type, difficulty, gold, xp, drop_percent, rarity
  )
  select $1.claimed_at, $1.battle_id, $1.player_id, b.battle_type, b.difficulty,
    ($1.rewards -> 'gold')::bigint, ($1.rewards -> 'xp')::bigint,
    case when ($1.rewards -> 'gold')::bigint > 0 then d.drop_percent end,
    $1.rewards #>> '{items,0,rarity}'
  from game.battles as b
  join game.difficulties as d on d.difficulty = b.difficulty
  where b.id = $1.battle_id
$$;

create function game.enter_new_result() returns trigger
language plpgsql
as $$
begin
  perform game.enter_result(new);
  return null;
end
$$;

create function game.enter_new_claim() returns trigger
language plpgsql
as $$
begin
  perform game.enter_claim(new);
  return null;
end
$$;

create trigger enters_result
after update of status on game.battles
for each row when (old.ended_at is null and new.ended_at is not null)
execute function game.enter_new_result();

create trigger enters_claim
after update of claimed_at on game.participants
for each row when (old.claimed_at is null and new.claimed_at is not null)
execute function game.enter_new_claim();

-- What is known of the time before.
select game.enter_result(b)
from game.battles as b
where b.ended_at is not null;

select game.enter_claim(t)
from game.participants as t
where t.claimed_at is not null;

with known as (
  select p.user_id, p.created_at as visited_at
  from game.players as p
  union all
  select l.player_id, l.occurred_at
  from game.ledger as l
  where l.actor is null
  union all
  select r.player_id, r.occurred_at
  from game.rolls as r
  where r.player_id is not null
)
insert into game.visits (visited_at, player_id, joined_at)
select min(k.visited_at), p.user_id, p.created_at
from known as k
join game.players as p on p.user_id = k.user_id
group by p.user_id, time_bucket('1 day', k.visited_at);

update game.players as p
set active_on = (
    select time_bucket('1 day', max(v.visited_at))
    from game.visits as v
    where v.player_id = p.user_id
  );
