-- The web game: players, what they own, what it costs, and every movement of gold and gems.

-- Amounts of money and experience are whole numbers that JavaScript holds exactly.
create domain game.amount as bigint check (value between 0 and 9007199254740991);
create domain game.rarity as text
  check (value in ('common', 'uncommon', 'rare', 'epic', 'legendary'));
create domain game.set_type as text check (value in ('attack', 'defense'));

comment on domain game.amount is 'Gold, gems or experience: 0 to 2^53 - 1';
comment on domain game.rarity is 'How rare an item is, from common to legendary';
comment on domain game.set_type is 'Which of a player''s two sets: attack or defense';

-- Who calls a function of the game, and how the request may be repeated.
create type game.call as (
  user_id bigint,
  version integer,  -- the token's `ver`
  path text,
  key text,  -- Idempotency-Key, or null
  body_hash bytea,
  regen_permille integer,  -- of the maximum, a tick
  regen_seconds integer  -- a tick
);

-- What the caller is answered: a JSON body, or with a status of 400 and more a sentence.
create type game.reply as (status integer, body jsonb);

-- Stamina at a moment. `rest` is in thousandths of a point.
create type game.stamina as (points integer, rest integer, anchor timestamptz, maximum integer);

-- Food that a pet is given: units of items. `experience` is null where nothing adds up.
create type game.meal as (item_ids bigint[], units integer[], experience bigint);

create table game.levels (
  level integer primary key check (level between 1 and 101),
  cost game.amount not null,
  total_xp game.amount not null
);

comment on table game.levels is 'A level of players, and the one after the last.';
comment on column game.levels.level is 'The level; nobody reaches 101';
comment on column game.levels.cost is 'Experience from the level before to this one';
comment on column game.levels.total_xp is 'Lifetime experience at which it is reached';

create table game.players (
  user_id bigint primary key,
  username text not null,
  level integer not null default 1 check (level between 1 and 100),
  xp game.amount not null default 0,
  gold game.amount not null default 1000,
  gems game.amount not null default 0,
  stamina integer not null default 100 check (stamina >= 0),
  stamina_max integer not null default 100 check (stamina_max > 0),
  stamina_anchor timestamptz not null default now(),
  stamina_rest integer not null default 0 check (stamina_rest between 0 and 999),
  base_attack integer not null default 10 check (base_attack >= 0),
  base_defense integer not null default 10 check (base_defense >= 0),
  base_hp integer not null default 100 check (base_hp > 0),
  unspent_stat_points integer not null default 0 check (unspent_stat_points >= 0),
  item_score bigint not null default 0 check (item_score >= 0),
  starter_items_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  erased_at timestamptz
);

create index players_by_level on game.players (level desc, xp desc, user_id)
where erased_at is null;
create index players_by_item_score on game.players (item_score desc, level desc, user_id)
where erased_at is null;

comment on table game.players is 'A user who plays the web game.';
comment on column game.players.user_id is 'The player''s id, which is the user''s';
comment on column game.players.username is 'The user''s name';
comment on column game.players.level is 'The highest level whose total experience is reached';
comment on column game.players.xp is 'Lifetime experience';
comment on column game.players.gold is 'Gold; every change has a row in game.ledger';
comment on column game.players.gems is 'Gems; every change has a row in game.ledger';
comment on column game.players.stamina is 'Stamina points as of stamina_anchor';
comment on column game.players.stamina_max is 'The player''s own maximum, without boosts';
comment on column game.players.stamina_anchor is 'Up to when regeneration is in stamina';
comment on column game.players.stamina_rest is
  'What regenerated beyond stamina, in thousandths of a point';
comment on column game.players.base_attack is 'Attack without items, pets and boosts';
comment on column game.players.base_defense is 'Defense without items';
comment on column game.players.base_hp is 'Hit points without items';
comment on column game.players.unspent_stat_points is 'Points of levels that are not allocated yet';
comment on column game.players.item_score is 'Score of the worn items of both sets, each once';
comment on column game.players.starter_items_at is 'When the starter items were taken; null: never';
comment on column game.players.created_at is 'When the user first came to the game';
comment on column game.players.updated_at is 'When the player last changed, but for regeneration';
comment on column game.players.erased_at is 'When the person was erased; null: they were not';

create table game.buffs (
  id bigint generated always as identity unique,
  player_id bigint not null references game.players on delete cascade,
  buff_type text not null check (buff_type in ('stamina_boost', 'attack_boost', 'defense_boost')),
  effect_value integer not null check (effect_value > 0),
  source text not null,
  applied_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (player_id, buff_type)
);

create index buffs_by_expiry on game.buffs (expires_at);

comment on table game.buffs is 'The last boost of a kind that a player had, also when it is over.';
comment on column game.buffs.id is 'The boost''s id; the next boost of the kind has another';
comment on column game.buffs.player_id is 'Whose boost';
comment on column game.buffs.buff_type is
  'What it raises: stamina_boost, attack_boost, defense_boost';
comment on column game.buffs.effect_value is 'The least maximum of stamina, or the factor of power';
comment on column game.buffs.source is 'Where it came from: potion';
comment on column game.buffs.applied_at is 'When it began';
comment on column game.buffs.expires_at is 'When it ends';

create table game.rarities (
  rarity game.rarity primary key,
  rank integer not null unique,
  stat_min integer not null,
  stat_max integer not null check (stat_max >= stat_min),
  level_required integer not null,
  loot_tenths integer not null,
  score_weight integer not null
);

comment on table game.rarities is 'A tier of items.';
comment on column game.rarities.rarity is 'The tier';
comment on column game.rarities.rank is 'Its place, 1 for the most common';
comment on column game.rarities.stat_min is 'The least main stat of a generated item';
comment on column game.rarities.stat_max is 'The greatest main stat of a generated item';
comment on column game.rarities.level_required is 'The level that wears a generated item';
comment on column game.rarities.loot_tenths is 'The factor of the stats of loot, in tenths';
comment on column game.rarities.score_weight is
  'What a point of an item''s stats counts in the item score';

create table game.pet_species (
  species text primary key,
  egg_weight integer not null default 0 check (egg_weight >= 0),
  random_weight integer not null default 0 check (random_weight >= 0)
);

comment on table game.pet_species is 'A species of pets.';
comment on column game.pet_species.species is 'The species, in lower case';
comment on column game.pet_species.egg_weight is 'Its weight in a mystery egg; 0: never';
comment on column game.pet_species.random_weight is
  'Its weight in the shop''s random egg; 0: never';

create table game.pet_focuses (
  focus text primary key,
  weight integer not null check (weight > 0),
  attack integer not null,
  defense integer not null,
  hp integer not null,
  attack_tenths integer not null,
  defense_tenths integer not null,
  hp_tenths integer not null
);

comment on table game.pet_focuses is 'What a pet is good at.';
comment on column game.pet_focuses.focus is 'The focus, in lower case';
comment on column game.pet_focuses.weight is 'Its weight where the focus is drawn';
comment on column game.pet_focuses.attack is 'Attack bonus at level 1 of a mystery egg''s pet';
comment on column game.pet_focuses.defense is 'Defense bonus at level 1 of a mystery egg''s pet';
comment on column game.pet_focuses.hp is 'Hit points at level 1 of a mystery egg''s pet';
comment on column game.pet_focuses.attack_tenths is 'Growth of attack per level, in tenths';
comment on column game.pet_focuses.defense_tenths is 'Growth of defense per level, in tenths';
comment on column game.pet_focuses.hp_tenths is 'Growth of hit points per level, in tenths';

create table game.pet_levels (
  level integer primary key check (level between 1 and 100),
  cost game.amount not null
);

comment on table game.pet_levels is 'A level of pets.';
comment on column game.pet_levels.level is 'The level';
comment on column game.pet_levels.cost is
  'Experience from this level to the next; not reached at 100';

create table game.enemies (
  name text primary key,
  type text not null check (
    type in ('GOBLIN', 'ORC', 'TROLL', 'LIZARDMAN', 'DEMON', 'DRAGON', 'UNDEAD')
  ),
  icon text not null
);

comment on table game.enemies is 'A name and a picture that an enemy of a type may have.';
comment on column game.enemies.name is 'The name';
comment on column game.enemies.type is 'The type of enemies that bear it';
comment on column game.enemies.icon is 'The picture''s path below the client''s own';

create table game.catalogue (
  id text primary key,
  type text not null check (
    type in (
      'WEAPON', 'HELMET', 'ARMOR', 'BOOTS', 'GLOVES', 'RING', 'AMULET', 'EGG', 'FOOD', 'CONSUMABLE'
    )
  ),
  rarity text not null check (rarity in ('COMMON', 'UNCOMMON', 'RARE', 'EPIC', 'LEGENDARY')),
  level integer not null check (level between 1 and 100),
  price bigint not null check (price > 0),
  gem_price bigint check (gem_price > 0),
  name text not null,
  description text not null,
  icon text,
  attack integer not null default 0,
  defense integer not null default 0,
  hp integer not null default 0,
  pet_type text references game.pet_species,
  focus text references game.pet_focuses,
  pet_exp integer check (pet_exp > 0),
  potion_type text check (potion_type in ('STAMINA_RESTORE', 'STAMINA_BOOST', 'ATTACK_BOOST')),
  effect_value integer check (effect_value > 0),
  duration integer check (duration > 0),
  is_sold boolean not null default true,
  check ((type = 'FOOD') = (pet_exp is not null)),
  check ((type = 'CONSUMABLE') = (potion_type is not null)),
  check ((potion_type is null) = (effect_value is null))
);

comment on table game.catalogue is 'Something that the shop sells, or once sold.';
comment on column game.catalogue.id is 'Its id in the shop';
comment on column game.catalogue.type is 'The kind, in capitals as the shop''s clients read it';
comment on column game.catalogue.rarity is 'The tier, in capitals';
comment on column game.catalogue.level is 'The level that may buy it';
comment on column game.catalogue.price is 'Price in gold';
comment on column game.catalogue.gem_price is 'Price in gems; null: not for gems';
comment on column game.catalogue.name is 'What it is called';
comment on column game.catalogue.description is 'A sentence about it';
comment on column game.catalogue.icon is 'A picture of the client''s; null: none';
comment on column game.catalogue.attack is 'Attack bonus, of an egg that of its pet at level 1';
comment on column game.catalogue.defense is 'Defense bonus, of an egg that of its pet at level 1';
comment on column game.catalogue.hp is 'Hit points, of an egg those of its pet at level 1';
comment on column game.catalogue.pet_type is 'The species in an egg; null: drawn at hatching';
comment on column game.catalogue.focus is 'The focus of an egg''s pet; null: drawn at hatching';
comment on column game.catalogue.pet_exp is 'Experience that a unit of food gives to a pet';
comment on column game.catalogue.potion_type is 'What a potion does';
comment on column game.catalogue.effect_value is 'Stamina, least maximum or factor of a potion';
comment on column game.catalogue.duration is 'How long a potion lasts, in seconds; null: at once';
comment on column game.catalogue.is_sold is 'False: no longer sold';

create table game.items (
  id bigint generated always as identity primary key,
  player_id bigint not null references game.players on delete cascade,
  catalogue_id text references game.catalogue,
  item_type text not null check (
    item_type in (
      'weapon', 'helmet', 'armor', 'boots', 'gloves', 'ring', 'amulet', 'consumable',
      'pet_equipment'
    )
  ),
  name text not null,
  rarity game.rarity not null,
  level_requirement integer not null default 1,
  attack_bonus integer not null default 0,
  defense_bonus integer not null default 0,
  hp_bonus integer not null default 0,
  quantity integer not null default 1 check (quantity > 0),
  properties jsonb,
  icon text,
  created_at timestamptz not null default now(),
  unique (player_id, id)
);

create unique index items_that_stack on game.items (player_id, catalogue_id)
where item_type = 'consumable';

comment on table game.items is 'Something that a player has, or several alike that stack.';
comment on column game.items.id is 'The item''s id';
comment on column game.items.player_id is 'Whose item';
comment on column game.items.catalogue_id is 'What was bought; null: it was not';
comment on column game.items.item_type is 'The kind, in lower case; food is consumable too';
comment on column game.items.name is 'What it is called';
comment on column game.items.rarity is 'The tier';
comment on column game.items.level_requirement is 'The level that may wear it';
comment on column game.items.attack_bonus is 'Attack while it is worn';
comment on column game.items.defense_bonus is 'Defense while it is worn';
comment on column game.items.hp_bonus is 'Hit points while it is worn';
comment on column game.items.quantity is 'How many; a row is deleted with the last one';
comment on column game.items.properties is 'What a potion or food does, or where loot is from';
comment on column game.items.icon is 'A picture of the client''s; null: none';
comment on column game.items.created_at is 'When the player got it';

create table game.equipment (
  player_id bigint not null,
  set_type game.set_type not null,
  slot text not null check (
    slot in ('weapon', 'helmet', 'armor', 'boots', 'gloves', 'ring', 'ring2', 'amulet')
  ),
  item_id bigint not null unique,
  primary key (player_id, set_type, slot),
  foreign key (player_id, item_id) references game.items (player_id, id) on delete cascade
);

comment on table game.equipment is 'A worn item: one slot of one set.';
comment on column game.equipment.player_id is 'Who wears it';
comment on column game.equipment.set_type is 'In which set';
comment on column game.equipment.slot is 'Where';
comment on column game.equipment.item_id is 'What';

create table game.pets (
  id bigint generated always as identity primary key,
  player_id bigint not null references game.players on delete cascade,
  species text references game.pet_species,
  focus text references game.pet_focuses,
  name text,
  is_egg boolean not null default true,
  level integer not null default 1 check (level between 1 and 100),
  exp game.amount not null default 0,
  first_attack integer,
  first_defense integer,
  first_hp integer,
  created_at timestamptz not null default now(),
  unique (player_id, id),
  check (is_egg or (species is not null and focus is not null and name is not null))
);

comment on table game.pets is 'A pet, or the egg with what is inside.';
comment on column game.pets.id is 'The pet''s id';
comment on column game.pets.player_id is 'Whose pet';
comment on column game.pets.species is 'The species; null: drawn at hatching';
comment on column game.pets.focus is 'The focus; null: drawn at hatching';
comment on column game.pets.name is 'The name it got at hatching; null: still an egg';
comment on column game.pets.is_egg is 'Whether it has not hatched';
comment on column game.pets.level is 'The level';
comment on column game.pets.exp is 'Experience inside the level';
comment on column game.pets.first_attack is 'Attack bonus at level 1; null: the focus decides';
comment on column game.pets.first_defense is 'Defense bonus at level 1; null: the focus decides';
comment on column game.pets.first_hp is 'Hit points at level 1; null: the focus decides';
comment on column game.pets.created_at is 'When the player got the egg';

create table game.pet_slots (
  player_id bigint not null,
  set_type game.set_type not null,
  slot integer not null check (slot between 1 and 3),
  pet_id bigint not null unique,
  primary key (player_id, set_type, slot),
  foreign key (player_id, pet_id) references game.pets (player_id, id) on delete cascade
);

comment on table game.pet_slots is 'A pet that is equipped: one slot of one set.';
comment on column game.pet_slots.player_id is 'Who has equipped it';
comment on column game.pet_slots.set_type is 'In which set';
comment on column game.pet_slots.slot is 'Where, 1 to 3';
comment on column game.pet_slots.pet_id is 'Which pet';

create table game.purchases (
  id bigint generated always as identity primary key,
  player_id bigint not null references game.players on delete cascade,
  item_type text not null,
  item_name text not null,
  cost_gold bigint not null default 0 check (cost_gold >= 0),
  cost_gems bigint not null default 0 check (cost_gems >= 0),
  purchased_at timestamptz not null default clock_timestamp()
);

create index purchases_by_player on game.purchases (player_id, id desc);

comment on table game.purchases is 'Something that a player bought.';
comment on column game.purchases.id is 'The purchase''s id';
comment on column game.purchases.player_id is 'Who bought it';
comment on column game.purchases.item_type is 'The kind, as in game.catalogue';
comment on column game.purchases.item_name is 'What it was called';
comment on column game.purchases.cost_gold is 'Gold that was paid';
comment on column game.purchases.cost_gems is 'Gems that were paid';
comment on column game.purchases.purchased_at is 'When';

create table game.difficulties (
  difficulty text primary key,
  rank integer not null unique,
  hp_tenths integer not null,
  attack_tenths integer not null,
  defense_tenths integer not null,
  reward_tenths integer not null,
  drop_percent integer not null check (drop_percent between 0 and 100),
  common_weight integer not null,
  uncommon_weight integer not null,
  rare_weight integer not null,
  epic_weight integer not null,
  legendary_weight integer not null
);

comment on table game.difficulties is 'How hard a battle may be.';
comment on column game.difficulties.difficulty is 'Its name, in lower case';
comment on column game.difficulties.rank is 'Its place, 1 for the easiest';
comment on column game.difficulties.hp_tenths is 'The factor of enemies'' hit points, in tenths';
comment on column game.difficulties.attack_tenths is 'The factor of enemies'' attack, in tenths';
comment on column game.difficulties.defense_tenths is 'The factor of enemies'' defense, in tenths';
comment on column game.difficulties.reward_tenths is 'The factor of gold and experience, in tenths';
comment on column game.difficulties.drop_percent is 'The chance that a claim holds an item';
comment on column game.difficulties.common_weight is 'The weight of common loot';
comment on column game.difficulties.uncommon_weight is 'The weight of uncommon loot';
comment on column game.difficulties.rare_weight is 'The weight of rare loot';
comment on column game.difficulties.epic_weight is 'The weight of epic loot';
comment on column game.difficulties.legendary_weight is 'The weight of legendary loot';

create table game.enemy_types (
  type text primary key,
  weight integer not null check (weight >= 0),
  hp_tenths integer not null,
  attack_tenths integer not null,
  defense_tenths integer not null
);

comment on table game.enemy_types is 'A type of the enemies of standard battles.';
comment on column game.enemy_types.type is 'The type, in capitals as the game''s clients read it';
comment on column game.enemy_types.weight is 'Its weight where the enemies of a battle are drawn';
comment on column game.enemy_types.hp_tenths is 'The factor of hit points, in tenths';
comment on column game.enemy_types.attack_tenths is 'The factor of attack, in tenths';
comment on column game.enemy_types.defense_tenths is 'The factor of defense, in tenths';

create table game.attack_types (
  attack_type text primary key,
  stamina_cost integer not null check (stamina_cost > 0),
  factor_tenths integer not null,
  critical_percent integer not null check (critical_percent between 0 and 100)
);

comment on table game.attack_types is 'A way to strike.';
comment on column game.attack_types.attack_type is 'Its name, in lower case';
comment on column game.attack_types.stamina_cost is 'What it costs';
comment on column game.attack_types.factor_tenths is 'The factor of damage, in tenths';
comment on column game.attack_types.critical_percent is 'The chance of a critical hit';

create table game.battles (
  id bigint generated always as identity primary key,
  name text not null,
  battle_type text not null check (battle_type in ('standard', 'boss_raid')),
  difficulty text not null references game.difficulties,
  wave_number integer not null default 1 check (wave_number > 0),
  status text not null default 'waiting' check (
    status in ('waiting', 'in_progress', 'completed', 'abandoned')
  ),
  pool_place text check (pool_place in ('easy', 'medium', 'hard', 'raid')),
  required_level integer not null default 1 check (required_level between 1 and 100),
  stamina_cost integer not null default 0 check (stamina_cost >= 0),
  current_players integer not null default 0 check (current_players >= 0),
  min_players integer not null default 1,
  max_players integer not null default 10 check (max_players > 0),
  gold_reward game.amount not null,
  exp_reward game.amount not null,
  boss_phase integer check (boss_phase between 1 and 4),
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  last_attack_at timestamptz,
  ended_at timestamptz,
  check (current_players <= max_players),
  check ((battle_type = 'boss_raid') = (boss_phase is not null)),
  check ((status in ('completed', 'abandoned')) = (ended_at is not null))
);

-- However many fill the pool at once, each of its places has one battle.
create unique index battles_that_wait on game.battles (pool_place)
where status = 'waiting';
create index battles_that_are_open on game.battles (battle_type, id desc)
where status in ('waiting', 'in_progress');

comment on table game.battles is 'A battle of players against enemies that the game made.';
comment on column game.battles.id is 'The battle''s id; its room in live.rooms is battle:<id>';
comment on column game.battles.name is 'What it is called';
comment on column game.battles.battle_type is 'standard, or boss_raid: one enemy with phases';
comment on column game.battles.difficulty is 'How hard it is';
comment on column game.battles.wave_number is 'Its wave, which makes enemies more and stronger';
comment on column game.battles.status is
  'waiting, in_progress from the first player on, completed with the last enemy, or abandoned';
comment on column game.battles.pool_place is
  'Which place of the pool it fills while it waits; null: it is not of the pool';
comment on column game.battles.required_level is 'The level that may join';
comment on column game.battles.stamina_cost is 'Stamina that joining costs';
comment on column game.battles.current_players is 'How many have joined';
comment on column game.battles.min_players is 'How many should be there; nothing depends on it';
comment on column game.battles.max_players is 'How many may join';
comment on column game.battles.gold_reward is 'Gold for each player who claims';
comment on column game.battles.exp_reward is 'Experience for each player who claims';
comment on column game.battles.boss_phase is 'The phase of a raid''s boss, 1 to 4; else null';
comment on column game.battles.created_at is 'When it was made';
comment on column game.battles.started_at is 'When the first player joined; null: nobody did';
comment on column game.battles.last_attack_at is 'When somebody last struck; null: nobody did';
comment on column game.battles.ended_at is 'When it was completed or abandoned; null: it is open';

create table game.battle_enemies (
  id bigint generated always as identity primary key,
  battle_id bigint not null references game.battles on delete cascade,
  name text not null,
  type text not null,
  icon text not null,
  level integer not null check (level > 0),
  hp_current bigint not null check (hp_current >= 0),
  hp_max bigint not null check (hp_max > 0),
  attack integer not null check (attack >= 0),
  defense integer not null check (defense >= 0),
  check (hp_current <= hp_max)
);

create index battle_enemies_by_battle on game.battle_enemies (battle_id, id);

comment on table game.battle_enemies is 'An enemy of a battle.';
comment on column game.battle_enemies.id is 'The enemy''s id';
comment on column game.battle_enemies.battle_id is 'Of which battle';
comment on column game.battle_enemies.name is 'What it is called';
comment on column game.battle_enemies.type is 'What it is, in capitals as the clients read it';
comment on column game.battle_enemies.icon is 'The picture''s path below the client''s own';
comment on column game.battle_enemies.level is 'Its level';
comment on column game.battle_enemies.hp_current is 'Hit points that are left; 0: defeated';
comment on column game.battle_enemies.hp_max is 'Hit points at the start';
comment on column game.battle_enemies.attack is 'Shown, and without effect: enemies do not strike';
comment on column game.battle_enemies.defense is 'Half of it is taken from the power of a blow';

create table game.participants (
  id bigint generated always as identity primary key,
  battle_id bigint not null references game.battles on delete cascade,
  player_id bigint not null references game.players on delete cascade,
  total_damage_dealt bigint not null default 0 check (total_damage_dealt >= 0),
  attacks_count integer not null default 0 check (attacks_count >= 0),
  is_dead boolean not null default false,
  joined_at timestamptz not null default clock_timestamp(),
  claimed_at timestamptz,
  rewards jsonb,
  unique (battle_id, player_id),
  check ((claimed_at is null) = (rewards is null))
);

create index participants_by_player on game.participants (player_id, id desc);

comment on table game.participants is 'A player in a battle.';
comment on column game.participants.id is 'The participant''s id';
comment on column game.participants.battle_id is 'In which battle';
comment on column game.participants.player_id is 'Which player';
comment on column game.participants.total_damage_dealt is 'Damage of all attacks, overkill too';
comment on column game.participants.attacks_count is 'How many attacks that were';
comment on column game.participants.is_dead is 'Whether the player is dead, which nobody is yet';
comment on column game.participants.joined_at is 'When the player joined';
comment on column game.participants.claimed_at is 'When the loot was claimed; null: not yet';
comment on column game.participants.rewards is
  'What was claimed: gold, xp, items, contribution_percent; null: not yet';

create table game.chat_messages (
  id bigint generated always as identity primary key,
  room text not null default 'tavern',
  user_id bigint,
  username text not null,
  type text not null default 'message' check (type in ('message', 'system')),
  text text not null check (length(text) between 1 and 500),
  sent_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz
);

create index chat_messages_by_user on game.chat_messages (user_id);
create index chat_messages_by_room on game.chat_messages (room, id desc)
where deleted_at is null;

comment on table game.chat_messages is 'A message of the tavern or of a battle.';
comment on column game.chat_messages.id is 'The message''s id; later ones have greater ones';
comment on column game.chat_messages.room is 'Where it was sent: tavern, or battle:<id>';
comment on column game.chat_messages.user_id is 'Who sent it; null: nobody who is known any more';
comment on column game.chat_messages.username is 'The sender''s name';
comment on column game.chat_messages.type is 'message, or system for what the game says';
comment on column game.chat_messages.text is 'The words';
comment on column game.chat_messages.sent_at is 'When it was sent';
comment on column game.chat_messages.deleted_at is
  'When it was taken out of the history; null: it was not';

create table game.ledger (
  id bigint generated always as identity,
  occurred_at timestamptz not null default now(),
  player_id bigint not null,
  kind text not null check (kind in ('gold', 'gem')),
  amount bigint not null check (amount <> 0),
  balance_after game.amount not null,
  cause text not null,
  reference bigint,
  actor text,
  reason text
);

select create_hypertable('game.ledger', by_range('occurred_at', interval '30 days'));

create index ledger_by_player on game.ledger (player_id, occurred_at desc, id desc);

comment on table game.ledger is 'A movement of gold or gems: no balance changes without its row.';
comment on column game.ledger.id is 'Its number; later ones of a player have greater ones';
comment on column game.ledger.occurred_at is 'When its transaction began';
comment on column game.ledger.player_id is 'Whose balance';
comment on column game.ledger.kind is 'Of what: gold or gem';
comment on column game.ledger.amount is 'The change, negative for what is spent';
comment on column game.ledger.balance_after is 'The balance after it';
comment on column game.ledger.cause is 'Why: start, purchase, egg, claim, grant';
comment on column game.ledger.reference is
  'The id of what caused it, such as the purchase; null: none';
comment on column game.ledger.actor is 'The operator who did it; null: the game';
comment on column game.ledger.reason is 'The operator''s reason; null: the game did it';

create table game.rolls (
  occurred_at timestamptz not null default now(),
  player_id bigint,
  kind text not null,
  reference bigint,
  chance jsonb not null,
  drawn bigint not null check (drawn between 0 and 4294967295),
  result text not null
);

select create_hypertable('game.rolls', by_range('occurred_at', interval '30 days'));

create index rolls_by_player on game.rolls (player_id, occurred_at desc);

comment on table game.rolls is 'A random draw that decided something.';
comment on column game.rolls.occurred_at is 'When its transaction began';
comment on column game.rolls.player_id is 'For whom it was drawn; null: for nobody in particular';
comment on column game.rolls.kind is 'What was drawn, such as species';
comment on column game.rolls.reference is 'The id of what it decided, such as the pet; null: none';
comment on column game.rolls.chance is 'A chance, a range of whole numbers, or weights by result';
comment on column game.rolls.drawn is 'The number drawn, evenly from 0 to 2^32 - 1';
comment on column game.rolls.result is 'What came out';

create table game.idempotency (
  user_id bigint not null,
  path text not null,
  key text not null check (length(key) between 1 and 128),
  body_hash bytea not null,
  status integer not null,
  response jsonb not null,
  stored_at timestamptz not null default clock_timestamp(),
  primary key (user_id, path, key)
);

create index idempotency_by_time on game.idempotency (stored_at);

comment on table game.idempotency is 'A successful answer, for the same request sent again.';
comment on column game.idempotency.user_id is 'Who sent it';
comment on column game.idempotency.path is 'To which path';
comment on column game.idempotency.key is 'Its Idempotency-Key';
comment on column game.idempotency.body_hash is 'SHA-256 of its body';
comment on column game.idempotency.status is 'The status of the answer';
comment on column game.idempotency.response is 'The body of the answer';
comment on column game.idempotency.stored_at is 'When it was answered; it counts for 24 hours';

-- Refuses a balance that was changed without its row in the ledger, in the same transaction and no
-- later than at the end of the statement.
create function game.check_ledger() returns trigger
language plpgsql
as $$
declare
  gold_change bigint := new.gold;
  gems_change bigint := new.gems;
begin
  if tg_op = 'UPDATE' then
    gold_change := new.gold - old.gold;
    gems_change := new.gems - old.gems;
  end if;
  if gold_change <> 0 and not exists (
      select
      from game.ledger as l
      where l.occurred_at = now()
        and l.player_id = new.user_id
        and l.kind = 'gold'
        and l.amount = gold_change
        and l.balance_after = new.gold
    )
    or gems_change <> 0 and not exists (
      select
      from game.ledger as l
      where l.occurred_at = now()
        and l.player_id = new.user_id
        and l.kind = 'gem'
        and l.amount = gems_change
        and l.balance_after = new.gems
    )
  then
    raise exception 'A balance of player % changed without its row in game.ledger', new.user_id
      using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end
$$;

create constraint trigger has_ledger_row
after insert on game.players
deferrable initially immediate
for each row execute function game.check_ledger();

create constraint trigger keeps_ledger
after update of gold, gems on game.players
deferrable initially immediate
for each row when (old.gold <> new.gold or old.gems <> new.gems)
execute function game.check_ledger();
