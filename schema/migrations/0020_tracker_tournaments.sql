-- Tournaments of the tracker: who plays, who meets whom in which round and at which table, and what
-- was done. Users are named by their ids under /v1, which every answer and every draw is made of.

create table tracker.tournaments (
  id text primary key check (id ~ '^trn_[0-9A-Za-z]{8,32}$'),
  status text not null check (
    status in ('draft', 'registration', 'active', 'completed', 'cancelled')
  ),
  organizer_id text not null,
  co_organizer_ids text[] not null default '{}' check (cardinality(co_organizer_ids) <= 20),
  name text not null,
  description text,
  location text,
  time_zone text not null default 'UTC',
  format text not null check (
    format in ('swiss', 'single_elimination', 'double_elimination')
  ),
  start_date timestamptz not null,
  end_date timestamptz,
  entry_fee numeric(8, 2) not null default 0 check (entry_fee between 0 and 100000),
  prize_pool numeric(12, 2) check (prize_pool >= 0),
  rules jsonb not null,
  tables integer[],
  max_participants integer not null check (max_participants between 2 and 512),
  current_participants integer not null default 0,
  waitlist_count integer not null default 0 check (waitlist_count >= 0),
  last_registration integer not null default 0,
  current_round integer not null default 0 check (current_round >= 0),
  swiss_rounds integer check (swiss_rounds between 1 and 12),
  pairing_seed text not null,
  champion_id text,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  check (current_participants between 0 and max_participants)
);

create index tournaments_by_start on tracker.tournaments (status, start_date);
create index tournaments_by_organizer
on tracker.tournaments (organizer_id, created_at desc, id desc);
create index tournaments_newest on tracker.tournaments (created_at desc, id desc);

comment on table tracker.tournaments is 'A tournament: its settings, its state and its version.';
comment on column tracker.tournaments.id is 'trn_, then time and chance';
comment on column tracker.tournaments.status is
  'draft, registration, active, completed or cancelled; nothing leaves the last';
comment on column tracker.tournaments.organizer_id is 'Id of the user whose tournament it is';
comment on column tracker.tournaments.co_organizer_ids is
  'Ids of users who may do all but cancel the tournament or hand it over';
comment on column tracker.tournaments.name is 'Its name, as text';
comment on column tracker.tournaments.description is 'What it is about, as text';
comment on column tracker.tournaments.location is 'Where it is played, as text';
comment on column tracker.tournaments.time_zone is 'IANA name, for display alone';
comment on column tracker.tournaments.format is
  'swiss, single_elimination or double_elimination';
comment on column tracker.tournaments.start_date is 'When it begins';
comment on column tracker.tournaments.end_date is 'When it ends; null: nine hours after it begins';
comment on column tracker.tournaments.entry_fee is 'What a player pays, in the tournament''s currency';
comment on column tracker.tournaments.prize_pool is
  'All prizes, in the tournament''s currency; null: the fee of every seat';
comment on column tracker.tournaments.rules is 'Its rules, each with its value';
comment on column tracker.tournaments.tables is
  'Numbers of its tables in their order; null: 1 to half of the seats';
comment on column tracker.tournaments.max_participants is 'Seats';
comment on column tracker.tournaments.current_participants is
  'Confirmed players, while registration is open; from then on those who started or came late';
comment on column tracker.tournaments.waitlist_count is 'Players who wait for a seat';
comment on column tracker.tournaments.last_registration is
  'The number of the last registration: they are counted from 1';
comment on column tracker.tournaments.current_round is 'The last round that is paired; 0: none';
comment on column tracker.tournaments.swiss_rounds is
  'Rounds of a Swiss tournament that has started: what its rules say, or as many as its players need';
comment on column tracker.tournaments.pairing_seed is
  'What draws are made from; others than its organisers see it once the tournament is over';
comment on column tracker.tournaments.champion_id is
  'Id of the winner of a completed one; null: there is none';
comment on column tracker.tournaments.version is
  'Rises with every change of the tournament, its rounds and its results: its ETag';
comment on column tracker.tournaments.created_at is 'When it was made';
comment on column tracker.tournaments.updated_at is 'When its version rose last';
comment on column tracker.tournaments.started_at is 'When round 1 was paired; null: not yet';
comment on column tracker.tournaments.ended_at is
  'When it was completed or cancelled; null: not yet';

create table tracker.registrations (
  tournament_id text not null references tracker.tournaments (id) on delete cascade,
  user_id text not null,
  number integer not null,
  status text not null check (
    status in ('confirmed', 'waitlisted', 'withdrawn', 'dropped', 'disqualified')
  ),
  army_id text not null,
  army jsonb not null,
  seed integer check (seed >= 1),
  club text,
  fixed_table integer check (fixed_table >= 1),
  absences jsonb not null default '{}',
  dropped_after_round integer check (dropped_after_round >= 0),
  registered_at timestamptz not null default now(),
  primary key (tournament_id, user_id),
  unique (tournament_id, number),
  unique (tournament_id, seed) deferrable initially deferred
);

create index registrations_by_user on tracker.registrations (user_id, tournament_id);
create index registrations_by_army on tracker.registrations (army_id);

comment on table tracker.registrations is 'A user in a tournament: once, whatever became of it.';
comment on column tracker.registrations.tournament_id is 'The tournament';
comment on column tracker.registrations.user_id is 'Id of the user';
comment on column tracker.registrations.number is
  'Their place in the order of registration, from 1; who registers again gets a new one';
comment on column tracker.registrations.status is
  'confirmed, waitlisted, withdrawn before the start, dropped or disqualified since';
comment on column tracker.registrations.army_id is 'The army that was registered';
comment on column tracker.registrations.army is
  'Name, faction, detachment, points and list of that army as they were then';
comment on column tracker.registrations.seed is
  'Their place among the confirmed, from 1, by registration unless moved; null: has no seat';
comment on column tracker.registrations.club is 'Their club, whose members do not meet early';
comment on column tracker.registrations.fixed_table is 'A table that they do not leave';
comment on column tracker.registrations.absences is
  'Rounds that they miss, by number, and what each counts as: loss, draw or bye';
comment on column tracker.registrations.dropped_after_round is
  'The last round they were in the tournament for; null: they still are';
comment on column tracker.registrations.registered_at is 'When they registered, the last time';

create table tracker.rounds (
  tournament_id text not null references tracker.tournaments (id) on delete cascade,
  round_number integer not null check (round_number >= 1),
  is_stale boolean not null default false,
  report jsonb not null default '{}',
  paired_at timestamptz not null default now(),
  primary key (tournament_id, round_number)
);

comment on table tracker.rounds is 'A round of a tournament that is paired.';
comment on column tracker.rounds.tournament_id is 'The tournament';
comment on column tracker.rounds.round_number is 'Its number, from 1';
comment on column tracker.rounds.is_stale is
  'A correction of an earlier round would pair it otherwise; means nothing once a game has begun';
comment on column tracker.rounds.report is
  'Why it is paired as it is: order, cost, rematches, and sentences, as the API shows it';
comment on column tracker.rounds.paired_at is 'When it was paired, the last time';

create table tracker.pairings (
  battle_id text primary key references tracker.battles (id),
  tournament_id text not null,
  round_number integer not null,
  position integer not null check (position >= 1),
  player1_id text not null,
  player2_id text not null,
  table_number integer check (table_number >= 1),
  is_locked boolean not null default false,
  bracket text check (bracket in ('winners', 'losers', 'grand_final', 'third_place')),
  match_code text,
  status text not null default 'setup' check (
    status in ('setup', 'in_progress', 'completed', 'cancelled')
  ),
  winner_id text,
  result_type text,
  victory_points integer[] check (cardinality(victory_points) = 2),
  warnings text[] not null default '{}',
  unique (tournament_id, round_number, table_number) deferrable initially deferred,
  unique (tournament_id, round_number, match_code),
  unique (tournament_id, round_number, position) deferrable initially deferred,
  foreign key (tournament_id, round_number)
  references tracker.rounds (tournament_id, round_number) on delete cascade,
  check (player1_id <> player2_id),
  check ((bracket is null) = (match_code is null)),
  check ((status = 'completed') = (result_type is not null)),
  check ((status = 'completed') = (victory_points is not null))
);

comment on table tracker.pairings is
  'Two players who meet in a round. Each owns a battle, which reports its state and its result.';
comment on column tracker.pairings.battle_id is 'Its battle';
comment on column tracker.pairings.tournament_id is 'The tournament';
comment on column tracker.pairings.round_number is 'The round';
comment on column tracker.pairings.position is 'Its place in the round''s list, from 1';
comment on column tracker.pairings.player1_id is 'Id of the better listed player';
comment on column tracker.pairings.player2_id is 'Id of the other player';
comment on column tracker.pairings.table_number is 'The table that it is played at';
comment on column tracker.pairings.is_locked is
  'An organiser put these two together: pairing the round again keeps them';
comment on column tracker.pairings.bracket is
  'winners, losers, grand_final or third_place; null in Swiss';
comment on column tracker.pairings.match_code is 'Its place in the bracket, such as W2-1';
comment on column tracker.pairings.status is 'Of its battle';
comment on column tracker.pairings.winner_id is
  'Id of the winner; null: none yet, a draw, or both have lost';
comment on column tracker.pairings.result_type is 'How its battle ended; null: not yet';
comment on column tracker.pairings.victory_points is
  'The totals of players 1 and 2; null: the battle has not ended';
comment on column tracker.pairings.warnings is 'What is odd about its battle''s result';

create table tracker.round_players (
  tournament_id text not null,
  round_number integer not null,
  user_id text not null,
  battle_id text references tracker.pairings (battle_id) on delete cascade,
  bye_reason text check (bye_reason in ('odd_number', 'bracket', 'walkover')),
  primary key (tournament_id, round_number, user_id),
  foreign key (tournament_id, round_number)
  references tracker.rounds (tournament_id, round_number) on delete cascade,
  foreign key (tournament_id, user_id)
  references tracker.registrations (tournament_id, user_id),
  check ((battle_id is null) <> (bye_reason is null))
);

create index round_players_by_battle on tracker.round_players (battle_id);

comment on table tracker.round_players is
  'A player in a round: once, in a pairing or with a bye, whoever pairs it at the same time.';
comment on column tracker.round_players.tournament_id is 'The tournament';
comment on column tracker.round_players.round_number is 'The round';
comment on column tracker.round_players.user_id is 'Id of the player';
comment on column tracker.round_players.battle_id is 'The battle of their pairing; null: a bye';
comment on column tracker.round_players.bye_reason is
  'odd_number, bracket (an empty line) or walkover; null: a pairing';

create table tracker.tournament_events (
  tournament_id text not null references tracker.tournaments (id) on delete cascade,
  seq integer not null check (seq >= 1),
  type text not null,
  actor_id text,
  actor_role text not null check (actor_role in ('player', 'organizer', 'admin', 'system')),
  occurred_at timestamptz not null default clock_timestamp(),
  data jsonb not null default '{}',
  request_id text,
  primary key (tournament_id, seq)
);

comment on table tracker.tournament_events is
  'What was done to a tournament, results and corrections too: its audit, never changed.';
comment on column tracker.tournament_events.tournament_id is 'The tournament';
comment on column tracker.tournament_events.seq is 'Its number in the tournament, from 1 without a gap';
comment on column tracker.tournament_events.type is 'What was done, such as round_paired';
comment on column tracker.tournament_events.actor_id is 'Id of who did it; null: nobody did';
comment on column tracker.tournament_events.actor_role is
  'What they were to the tournament: player, organizer, admin or system';
comment on column tracker.tournament_events.occurred_at is 'When, by the database''s clock';
comment on column tracker.tournament_events.data is
  'What the request said, and what was there before and after';
comment on column tracker.tournament_events.request_id is 'The request that did it';
