-- Numbers of the game's rules. Written again at every migrate, before the catalogue, which names
-- species and focuses.

-- int(100 * 1.15 ** (n - 2)) for the levels n = 2 to 101, in double precision.
insert into game.levels (level, cost, total_xp)
select c.level, c.cost, sum(c.cost) over (order by c.level)
from unnest(
  array[
    0, 100, 114, 132, 152, 174, 201, 231, 266, 305, 351, 404, 465, 535, 615, 707, 813, 935,
    1076, 1237, 1423, 1636, 1882, 2164, 2489, 2862, 3291, 3785, 4353, 5006, 5757, 6621,
    7614, 8756, 10069, 11580, 13317, 15315, 17612, 20254, 23292, 26786, 30804, 35424, 40738,
    46849, 53876, 61958, 71252, 81940, 94231, 108365, 124620, 143313, 164810, 189532,
    217962, 250656, 288255, 331493, 381217, 438399, 504159, 579783, 666751, 766764, 881778,
    1014045, 1166152, 1341075, 1542236, 1773572, 2039607, 2345548, 2697381, 3101988,
    3567286, 4102379, 4717736, 5425397, 6239206, 7175087, 8251351, 9489053, 10912411,
    12549273, 14431664, 16596414, 19085876, 21948758, 25241071, 29027232, 33381317,
    38388515, 44146792, 50768811, 58384132, 67141752, 77213015, 88794967, 102114213
  ]::bigint[]
) with ordinality as c (cost, level)
on conflict on constraint levels_pkey do update
set cost = excluded.cost,
  total_xp = excluded.total_xp;

-- 100 * 1.5 ** (l - 1), rounded down and at most 2^53 - 1, for the levels l = 1 to 100.
insert into game.pet_levels (level, cost)
select c.level, c.cost
from unnest(
  array[
    100, 150, 225, 337, 506, 759, 1139, 1708, 2562, 3844, 5766, 8649, 12974, 19461, 29192,
    43789, 65684, 98526, 147789, 221683, 332525, 498788, 748182, 1122274, 1683411, 2525116,
    3787675, 5681512, 8522269, 12783403, 19175105, 28762658, 43143988, 64715982, 97073973,
    145610960, 218416440, 327624661, 491436992, 737155488, 1105733232, 1658599848,
    2487899772, 3731849658, 5597774487, 8396661731, 12594992596, 18892488895, 28338733342,
    42508100014, 63762150021, 95643225032, 143464837548, 215197256322, 322795884483,
    484193826725, 726290740087, 1089436110131, 1634154165197, 2451231247795, 3676846871693,
    5515270307539, 8272905461309, 12409358191964, 18614037287947, 27921055931921,
    41881583897881, 62822375846822, 94233563770233, 141350345655350, 212025518483025,
    318038277724537, 477057416586806, 715586124880210, 1073379187320315, 1610068780980472,
    2415103171470708, 3622654757206063, 5433982135809094, 8150973203713642,
    9007199254740991, 9007199254740991, 9007199254740991, 9007199254740991,
    9007199254740991, 9007199254740991, 9007199254740991, 9007199254740991,
    9007199254740991, 9007199254740991, 9007199254740991, 9007199254740991,
    9007199254740991, 9007199254740991, 9007199254740991, 9007199254740991,
    9007199254740991, 9007199254740991, 9007199254740991, 9007199254740991
  ]::bigint[]
) with ordinality as c (cost, level)
on conflict on constraint pet_levels_pkey do update
set cost = excluded.cost;

insert into game.rarities (
  rarity, rank, stat_min, stat_max, level_required, loot_tenths, score_weight
)
values
  ('common', 1, 5, 15, 1, 10, 1),
  ('uncommon', 2, 15, 30, 5, 15, 2),
  ('rare', 3, 30, 50, 10, 25, 4),
  ('epic', 4, 50, 80, 20, 40, 8),
  ('legendary', 5, 80, 120, 30, 60, 16)
on conflict on constraint rarities_pkey do update
set
  rank = excluded.rank,
  stat_min = excluded.stat_min,
  stat_max = excluded.stat_max,
  level_required = excluded.level_required,
  loot_tenths = excluded.loot_tenths,
  score_weight = excluded.score_weight;

insert into game.pet_species (species, egg_weight, random_weight)
values
  ('wolf', 15, 0),
  ('bear', 15, 0),
  ('fox', 15, 0),
  ('tiger', 12, 0),
  ('lion', 12, 0),
  ('eagle', 10, 0),
  ('serpent', 8, 0),
  ('dragon', 3, 1),
  ('phoenix', 2, 1),
  ('griffin', 2, 1),
  ('unicorn', 2, 1),
  ('pegasus', 2, 1),
  ('hydra', 1, 1),
  ('cerberus', 1, 1),
  ('wyvern', 0, 0),
  ('spider', 0, 0)
on conflict on constraint pet_species_pkey do update
set
  egg_weight = excluded.egg_weight,
  random_weight = excluded.random_weight;

insert into game.pet_focuses (
  focus, weight, attack, defense, hp, attack_tenths, defense_tenths, hp_tenths
)
values
  ('attack', 20, 15, 3, 10, 30, 5, 20),
  ('defense', 20, 3, 15, 10, 5, 30, 20),
  ('hp', 20, 3, 3, 30, 5, 5, 50),
  ('damage', 15, 20, 1, 5, 40, 2, 10),
  ('mixed', 15, 10, 10, 10, 20, 20, 20),
  ('balanced', 10, 8, 8, 15, 15, 15, 30)
on conflict on constraint pet_focuses_pkey do update
set
  weight = excluded.weight,
  attack = excluded.attack,
  defense = excluded.defense,
  hp = excluded.hp,
  attack_tenths = excluded.attack_tenths,
  defense_tenths = excluded.defense_tenths,
  hp_tenths = excluded.hp_tenths;

insert into game.enemies (name, type, icon)
values
  ('Ditch Goblin', 'GOBLIN', 'goblins/Icon4.png'),
  ('Cellar Goblin', 'GOBLIN', 'goblins/Icon1.png'),
  ('Bog Goblin', 'GOBLIN', 'goblins/Icon2.png'),
  ('Lantern Goblin', 'GOBLIN', 'goblins/Icon3.png'),
  ('Bramble Goblin', 'GOBLIN', 'goblins/Icon5.png'),
  ('Toll Goblin', 'GOBLIN', 'goblins/Icon6.png'),
  ('Chimney Goblin', 'GOBLIN', 'goblins/Icon7.png'),
  ('Candle Thief', 'GOBLIN', 'goblins/Icon8.png'),
  ('Salt Orc', 'ORC', 'goblins/Icon9.png'),
  ('Iron-Tooth Orc', 'ORC', 'goblins/Icon10.png'),
  ('Ash Orc', 'ORC', 'goblins/Icon11.png'),
  ('Marsh Orc', 'ORC', 'goblins/Icon12.png'),
  ('Drummer Orc', 'ORC', 'goblins/Icon13.png'),
  ('Shieldbiter', 'ORC', 'goblins/Icon14.png'),
  ('Red-Hand Orc', 'ORC', 'goblins/Icon15.png'),
  ('Orc of the Gate', 'ORC', 'goblins/Icon16.png'),
  ('Quarry Troll', 'TROLL', 'goblins/Icon21.png'),
  ('Bridge Troll', 'TROLL', 'goblins/Icon17.png'),
  ('Moss Troll', 'TROLL', 'goblins/Icon18.png'),
  ('Winter Troll', 'TROLL', 'goblins/Icon19.png'),
  ('Two-Hill Troll', 'TROLL', 'goblins/Icon20.png'),
  ('Mill Troll', 'TROLL', 'goblins/Icon22.png'),
  ('Troll under the Hill', 'TROLL', 'goblins/Icon23.png'),
  ('Old Boulder', 'TROLL', 'goblins/Icon24.png'),
  ('Dragon of the Ember Pass', 'DRAGON', 'goblins/Icon41.png'),
  ('Harrow Wyrm', 'DRAGON', 'goblins/Icon42.png'),
  ('The Drowned Dragon', 'DRAGON', 'goblins/Icon43.png'),
  ('Ashmother', 'DRAGON', 'goblins/Icon44.png'),
  ('Frost of Winterhold', 'DRAGON', 'goblins/Icon45.png'),
  ('The Bell-Eater', 'DRAGON', 'goblins/Icon46.png')
on conflict on constraint enemies_pkey do update
set
  type = excluded.type,
  icon = excluded.icon;

insert into game.difficulties (
  difficulty, rank, hp_tenths, attack_tenths, defense_tenths, reward_tenths, drop_percent,
  common_weight, uncommon_weight, rare_weight, epic_weight, legendary_weight
)
values
  ('easy', 1, 10, 10, 10, 10, 10, 70, 30, 0, 0, 0),
  ('medium', 2, 15, 12, 12, 15, 20, 50, 40, 10, 0, 0),
  ('hard', 3, 25, 15, 15, 25, 30, 0, 50, 40, 10, 0),
  ('epic', 4, 40, 20, 20, 40, 40, 0, 0, 50, 40, 10),
  ('legendary', 5, 60, 25, 25, 60, 50, 0, 0, 0, 60, 40)
on conflict on constraint difficulties_pkey do update
set
  rank = excluded.rank,
  hp_tenths = excluded.hp_tenths,
  attack_tenths = excluded.attack_tenths,
  defense_tenths = excluded.defense_tenths,
  reward_tenths = excluded.reward_tenths,
  drop_percent = excluded.drop_percent,
  common_weight = excluded.common_weight,
  uncommon_weight = excluded.uncommon_weight,
  rare_weight = excluded.rare_weight,
  epic_weight = excluded.epic_weight,
  legendary_weight = excluded.legendary_weight;

insert into game.enemy_types (type, weight, hp_tenths, attack_tenths, defense_tenths)
values
  ('GOBLIN', 1, 10, 8, 7),
  ('ORC', 1, 13, 11, 9),
  ('TROLL', 1, 20, 9, 12)
on conflict on constraint enemy_types_pkey do update
set
  weight = excluded.weight,
  hp_tenths = excluded.hp_tenths,
  attack_tenths = excluded.attack_tenths,
  defense_tenths = excluded.defense_tenths;

insert into game.attack_types (attack_type, stamina_cost, factor_tenths, critical_percent)
values
  ('quick', 5, 7, 10),
  ('normal', 10, 10, 10),
  ('power', 20, 15, 15),
  ('critical', 35, 22, 25),
  ('ultimate', 50, 30, 35)
on conflict on constraint attack_types_pkey do update
set
  stamina_cost = excluded.stamina_cost,
  factor_tenths = excluded.factor_tenths,
  critical_percent = excluded.critical_percent;
