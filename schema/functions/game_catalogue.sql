-- The catalogue of the game: what the shop sells. Written again at every migrate: a row that is no
-- longer here is not sold any more, and stays for those who own it.

update game.catalogue
set is_sold = false;

-- Weapons and equipment.
insert into game.catalogue (
  id, type, rarity, level, price, gem_price, name, description, icon, attack, defense, hp
)
values
  (
    'sword-1', 'WEAPON', 'COMMON', 1, 80, null, 'Militia Sword',
    'Issued to everybody, returned by few.', 'Icon1.png', 12, 0, 0
  ),
  (
    'crossbow-1', 'WEAPON', 'COMMON', 1, 90, null, 'Oak Crossbow',
    'Slow, but it never misses twice.', 'Icon17.png', 14, 0, 0
  ),
  (
    'axe-1', 'WEAPON', 'COMMON', 2, 120, null, 'Woodcutter''s Axe',
    'It has felled more oaks than orcs. So far.', 'Icon2.png', 18, 0, 0
  ),
  (
    'spear-1', 'WEAPON', 'COMMON', 2, 140, null, 'Ash Spear',
    'Keep them at the far end of it.', 'Icon3.png', 20, 0, 0
  ),
  (
    'mace-1', 'WEAPON', 'COMMON', 3, 170, null, 'Iron-Bound Club',
    'An argument that ends arguments.', 'Icon4.png', 23, 0, 0
  ),
  (
    'bow-1', 'WEAPON', 'COMMON', 3, 190, null, 'Hunting Bow',
    'Strung for deer, good for goblins.', 'Icon5.png', 26, 0, 0
  ),
  (
    'sword-2', 'WEAPON', 'UNCOMMON', 5, 280, null, 'Soldier''s Longsword',
    'Straight, honest, freshly ground.', 'Icon6.png', 32, 0, 0
  ),
  (
    'axe-2', 'WEAPON', 'UNCOMMON', 6, 340, null, 'Bearded Axe',
    'It hooks shields before it bites.', 'Icon7.png', 35, 0, 0
  ),
  (
    'flail-1', 'WEAPON', 'UNCOMMON', 6, 390, null, 'Drover''s Flail',
    'Hard to parry, harder to hold.', 'Icon8.png', 38, 0, 0
  ),
  (
    'spear-2', 'WEAPON', 'UNCOMMON', 7, 450, null, 'Boar Spear',
    'The bar is there so that the boar stops.', 'Icon9.png', 41, 0, 0
  ),
  (
    'crossbow-2', 'WEAPON', 'UNCOMMON', 8, 510, null, 'Windlass Crossbow',
    'Two breaths to load, one to regret.', 'Icon10.png', 44, 0, 0
  ),
  (
    'bow-2', 'WEAPON', 'UNCOMMON', 8, 560, null, 'Yew Longbow',
    'Every village has one man who can draw it.', 'Icon11.png', 47, 0, 0
  ),
  (
    'dagger-1', 'WEAPON', 'UNCOMMON', 9, 620, null, 'Poacher''s Knife',
    'Quiet work, well paid.', 'Icon12.png', 50, 0, 0
  ),
  (
    'sword-3', 'WEAPON', 'RARE', 12, 850, null, 'Watchman''s Blade',
    'It has stood more nights than most.', 'Icon13.png', 58, 0, 0
  ),
  (
    'axe-3', 'WEAPON', 'RARE', 13, 960, null, 'Saltwater Axe',
    'Forged on a reef, quenched in the tide.', 'Icon14.png', 62, 0, 0
  ),
  (
    'halberd-1', 'WEAPON', 'RARE', 14, 1050, null, 'Gate Halberd',
    'It kept the west gate for eleven years.', 'Icon15.png', 66, 0, 0
  ),
  (
    'mace-2', 'WEAPON', 'RARE', 14, 1150, null, 'Flanged Mace',
    'Armour is only a bell to it.', 'Icon16.png', 69, 0, 0
  ),
  (
    'crossbow-3', 'WEAPON', 'RARE', 15, 1300, null, 'Siege Crossbow',
    'Bolts as long as a forearm.', 'Icon18.png', 73, 0, 0
  ),
  (
    'bow-3', 'WEAPON', 'RARE', 16, 1400, null, 'Horn Bow',
    'Bent from the horns of a mountain ram.', 'Icon19.png', 77, 0, 0
  ),
  (
    'spear-3', 'WEAPON', 'RARE', 16, 1500, null, 'Glassleaf Spear',
    'The edge rings when it is drawn.', 'Icon20.png', 80, 0, 0
  ),
  (
    'scythe-1', 'WEAPON', 'RARE', 17, 1600, null, 'Reaper''s Scythe',
    'The harvest came early that year.', 'Icon21.png', 84, 0, 0
  ),
  (
    'staff-1', 'WEAPON', 'RARE', 18, 1700, null, 'Lightning Rod',
    'Storms know its owner by name.', 'Icon22.png', 88, 0, 0
  ),
  (
    'sword-4', 'WEAPON', 'EPIC', 22, 2200, null, 'Bramble Sword',
    'Its cuts never close in autumn.', 'Icon23.png', 100, 0, 0
  ),
  (
    'axe-4', 'WEAPON', 'EPIC', 23, 2400, null, 'Widow''s Axe',
    'Named by those it left behind.', 'Icon24.png', 105, 0, 0
  ),
  (
    'hammer-1', 'WEAPON', 'EPIC', 24, 2650, null, 'Bellfounder''s Hammer',
    'One blow, and the valley listens.', 'Icon25.png', 110, 0, 0
  ),
  (
    'halberd-2', 'WEAPON', 'EPIC', 25, 2850, null, 'Halberd of the Ninth',
    'Eight companies fell. This one came home.', 'Icon26.png', 115, 0, 0
  ),
  (
    'bow-4', 'WEAPON', 'EPIC', 26, 3100, null, 'Nightjar',
    'It sings once, before you hear it.', 'Icon27.png', 120, 0, 0
  ),
  (
    'crossbow-4', 'WEAPON', 'EPIC', 26, 3300, null, 'Clockwork Crossbow',
    'It loads itself, and hums while doing so.', 'Icon28.png', 125, 0, 0
  ),
  (
    'spear-4', 'WEAPON', 'EPIC', 27, 3550, null, 'Heronbill',
    'Patient, then very fast.', 'Icon29.png', 130, 0, 0
  ),
  (
    'staff-2', 'WEAPON', 'EPIC', 28, 3750, null, 'Ember Staff',
    'Still warm from the last battle.', 'Icon30.png', 135, 0, 0
  ),
  (
    'flail-2', 'WEAPON', 'EPIC', 29, 4000, null, 'Three Sisters',
    'They never agree, and never miss.', 'Icon31.png', 140, 0, 0
  ),
  (
    'scythe-2', 'WEAPON', 'EPIC', 30, 4200, null, 'Moon Sickle',
    'It wanes, but it always comes back.', 'Icon32.png', 145, 0, 0
  ),
  (
    'sword-5', 'WEAPON', 'LEGENDARY', 35, 6000, null, 'Dawnbreaker''s Oath',
    'Drawn once a morning, whether needed or not.', 'Icon33.png', 160, 0, 0
  ),
  (
    'sword-6', 'WEAPON', 'LEGENDARY', 36, 7250, null, 'The Quiet King',
    'He says nothing. Neither do they.', 'Icon34.png', 168, 0, 0
  ),
  (
    'axe-5', 'WEAPON', 'LEGENDARY', 37, 8550, null, 'Mountain''s Answer',
    'The echo arrives first.', 'Icon35.png', 176, 0, 0
  ),
  (
    'axe-6', 'WEAPON', 'LEGENDARY', 38, 9800, null, 'Thunder of Harrow',
    'Heard three parishes away.', 'Icon36.png', 184, 0, 0
  ),
  (
    'hammer-2', 'WEAPON', 'LEGENDARY', 39, 11050, null, 'Worldanvil',
    'What it strikes is made again.', 'Icon37.png', 192, 0, 0
  ),
  (
    'hammer-3', 'WEAPON', 'LEGENDARY', 40, 12350, null, 'Kingbreaker',
    'Four crowns, so far.', 'Icon38.png', 200, 0, 0
  ),
  (
    'spear-5', 'WEAPON', 'LEGENDARY', 41, 13600, null, 'Longest Night',
    'Midwinter, with a point.', 'Icon39.png', 208, 0, 0
  ),
  (
    'spear-6', 'WEAPON', 'LEGENDARY', 42, 14850, null, 'Tide Lance',
    'The sea lends it, and wants it back.', 'Icon40.png', 216, 0, 0
  ),
  (
    'bow-5', 'WEAPON', 'LEGENDARY', 43, 16150, null, 'Stringless',
    'Nobody knows what it looses.', 'Icon41.png', 224, 0, 0
  ),
  (
    'bow-6', 'WEAPON', 'LEGENDARY', 44, 17400, null, 'Swan Song',
    'Its last note is always yours.', 'Icon42.png', 232, 0, 0
  ),
  (
    'crossbow-5', 'WEAPON', 'LEGENDARY', 45, 18650, null, 'Judge of Arrows',
    'It hears no appeal.', 'Icon43.png', 240, 0, 0
  ),
  (
    'staff-3', 'WEAPON', 'LEGENDARY', 46, 19950, null, 'Staff of Falling Stars',
    'Make no wishes near it.', 'Icon44.png', 248, 0, 0
  ),
  (
    'staff-4', 'WEAPON', 'LEGENDARY', 47, 21200, null, 'Root of the World',
    'It was a tree. It remembers.', 'Icon45.png', 256, 0, 0
  ),
  (
    'scythe-3', 'WEAPON', 'LEGENDARY', 48, 22450, null, 'Last Harvest',
    'There was nobody left to bind the sheaves.', 'Icon46.png', 264, 0, 0
  ),
  (
    'dagger-2', 'WEAPON', 'LEGENDARY', 49, 23750, null, 'Whisper',
    'You will be told who sent it.', 'Icon47.png', 272, 0, 0
  ),
  (
    'halberd-3', 'WEAPON', 'LEGENDARY', 50, 25000, null, 'Dragon''s Toll',
    'Every bridge has its price.', 'Icon48.png', 280, 0, 0
  ),
  (
    'helmet-1', 'HELMET', 'COMMON', 1, 100, null, 'Leather Cap',
    'Keeps the head where it belongs.', null, 0, 10, 50
  ),
  (
    'helmet-2', 'HELMET', 'UNCOMMON', 5, 250, null, 'Kettle Hat',
    'Keeps the head where it belongs.', null, 5, 25, 100
  ),
  (
    'helmet-3', 'HELMET', 'RARE', 10, 700, null, 'Barred Helm',
    'Keeps the head where it belongs.', null, 10, 45, 200
  ),
  (
    'helmet-4', 'HELMET', 'EPIC', 20, 2200, null, 'Griffin Helm',
    'Keeps the head where it belongs.', null, 20, 80, 400
  ),
  (
    'armor-1', 'ARMOR', 'COMMON', 1, 150, null, 'Padded Jack',
    'Between you and everything else.', null, 0, 20, 100
  ),
  (
    'armor-2', 'ARMOR', 'UNCOMMON', 5, 400, null, 'Chain Shirt',
    'Between you and everything else.', null, 0, 45, 250
  ),
  (
    'armor-3', 'ARMOR', 'RARE', 10, 1000, null, 'Brigandine',
    'Between you and everything else.', null, 0, 75, 500
  ),
  (
    'armor-4', 'ARMOR', 'EPIC', 20, 3000, null, 'Winged Plate',
    'Between you and everything else.', null, 0, 130, 1000
  ),
  (
    'armor-5', 'ARMOR', 'LEGENDARY', 50, 18000, null, 'Dragonscale Harness',
    'Between you and everything else.', null, 0, 280, 2500
  ),
  (
    'boots-1', 'BOOTS', 'COMMON', 1, 80, null, 'Marching Boots',
    'Half of every victory is arriving.', null, 0, 8, 40
  ),
  (
    'boots-2', 'BOOTS', 'UNCOMMON', 5, 200, null, 'Steel-Shod Boots',
    'Half of every victory is arriving.', null, 0, 20, 100
  ),
  (
    'boots-3', 'BOOTS', 'RARE', 10, 600, null, 'Strider''s Boots',
    'Half of every victory is arriving.', null, 5, 35, 180
  ),
  (
    'gloves-1', 'GLOVES', 'COMMON', 1, 80, null, 'Work Gloves',
    'A firm grip on the matter.', null, 8, 5, 30
  ),
  (
    'gloves-2', 'GLOVES', 'UNCOMMON', 5, 220, null, 'Studded Gloves',
    'A firm grip on the matter.', null, 18, 12, 80
  ),
  (
    'gloves-3', 'GLOVES', 'RARE', 10, 650, null, 'Duellist''s Gauntlets',
    'A firm grip on the matter.', null, 35, 25, 150
  ),
  (
    'gloves-4', 'GLOVES', 'EPIC', 20, 2000, null, 'Gauntlets of the Smith',
    'A firm grip on the matter.', null, 65, 45, 300
  ),
  (
    'ring-1', 'RING', 'COMMON', 1, 100, null, 'Copper Ring',
    'Small, and worth its weight many times.', null, 5, 3, 25
  ),
  (
    'ring-2', 'RING', 'UNCOMMON', 5, 250, null, 'Silver Band',
    'Small, and worth its weight many times.', null, 12, 8, 60
  ),
  (
    'ring-3', 'RING', 'RARE', 10, 700, null, 'Signet of the Watch',
    'Small, and worth its weight many times.', null, 25, 15, 120
  ),
  (
    'ring-4', 'RING', 'EPIC', 20, 2100, null, 'Ring of Two Rivers',
    'Small, and worth its weight many times.', null, 50, 30, 250
  ),
  (
    'ring-5', 'RING', 'LEGENDARY', 50, 12000, null, 'Ring of the Drowned Star',
    'Small, and worth its weight many times.', null, 100, 60, 600
  ),
  (
    'amulet-1', 'AMULET', 'COMMON', 1, 100, null, 'Bone Charm',
    'Worn under the mail, over the heart.', null, 3, 3, 30
  ),
  (
    'amulet-2', 'AMULET', 'UNCOMMON', 5, 250, null, 'Pilgrim''s Medal',
    'Worn under the mail, over the heart.', null, 10, 10, 75
  ),
  (
    'amulet-3', 'AMULET', 'RARE', 10, 700, null, 'Amber Amulet',
    'Worn under the mail, over the heart.', null, 20, 20, 140
  ),
  (
    'amulet-4', 'AMULET', 'EPIC', 20, 2100, null, 'Heart of the Grove',
    'Worn under the mail, over the heart.', null, 40, 40, 300
  )
on conflict on constraint catalogue_pkey do update
set
  type = excluded.type,
  rarity = excluded.rarity,
  level = excluded.level,
  price = excluded.price,
  gem_price = excluded.gem_price,
  name = excluded.name,
  description = excluded.description,
  icon = excluded.icon,
  attack = excluded.attack,
  defense = excluded.defense,
  hp = excluded.hp,
  is_sold = true;

-- Eggs.
insert into game.catalogue (
  id, type, rarity, level, price, name, description, attack, defense, hp, pet_type, focus
)
values
  (
    'egg-dragon', 'EGG', 'LEGENDARY', 1, 5000, 'Dragon Egg',
    'It is warm, and it is watching.', 50, 20, 0, 'dragon', 'attack'
  ),
  (
    'egg-wyvern', 'EGG', 'EPIC', 1, 3000, 'Wyvern Egg',
    'Grey as slate, and twice as sharp.', 40, 30, 0, 'wyvern', 'damage'
  ),
  (
    'egg-spider', 'EGG', 'EPIC', 1, 2800, 'Spider Egg',
    'Count the legs once it hatches.', 35, 30, 0, 'spider', 'mixed'
  ),
  (
    'egg-tiger', 'EGG', 'RARE', 1, 2500, 'Striped Egg',
    'Something purrs inside.', 45, 20, 0, 'tiger', 'attack'
  ),
  (
    'egg-wolf', 'EGG', 'RARE', 1, 2000, 'Moonlit Egg',
    'It rolls towards the forest when nobody looks.', 35, 25, 0, 'wolf', 'mixed'
  ),
  (
    'egg-bear', 'EGG', 'RARE', 1, 2000, 'Bramble Egg',
    'Heavy, and fond of honey.', 25, 40, 0, 'bear', 'hp'
  ),
  (
    'egg-fox', 'EGG', 'UNCOMMON', 1, 1200, 'Russet Egg',
    'You could swear it lay elsewhere a moment ago.', 20, 15, 0, 'fox', 'balanced'
  ),
  (
    'egg-random', 'EGG', 'LEGENDARY', 1, 10000, 'Egg of the Seven Winds',
    'Nobody who sold one knew what it was.', 60, 50, 0, null, null
  )
on conflict on constraint catalogue_pkey do update
set
  type = excluded.type,
  rarity = excluded.rarity,
  level = excluded.level,
  price = excluded.price,
  name = excluded.name,
  description = excluded.description,
  attack = excluded.attack,
  defense = excluded.defense,
  hp = excluded.hp,
  pet_type = excluded.pet_type,
  focus = excluded.focus,
  is_sold = true;

-- Food of pets.
insert into game.catalogue (
  id, type, rarity, level, price, name, description, pet_exp
)
values
  ('food-1', 'FOOD', 'COMMON', 1, 50, 'Dried Fish', 'A mouthful for a small pet.', 10),
  ('food-2', 'FOOD', 'UNCOMMON', 1, 200, 'Roast Fowl', 'A meal, bones and all.', 50),
  ('food-3', 'FOOD', 'RARE', 1, 700, 'Honeyed Boar', 'A feast for one guest.', 200),
  ('food-4', 'FOOD', 'LEGENDARY', 1, 3000, 'Ambrosia Loaf', 'One crumb, and they grow.', 1000)
on conflict on constraint catalogue_pkey do update
set
  type = excluded.type,
  rarity = excluded.rarity,
  level = excluded.level,
  price = excluded.price,
  name = excluded.name,
  description = excluded.description,
  pet_exp = excluded.pet_exp,
  is_sold = true;

-- Potions.
insert into game.catalogue (
  id, type, rarity, level, price, gem_price, name, description, icon, potion_type, effect_value,
  duration
)
values
  (
    'rest-1', 'CONSUMABLE', 'COMMON', 1, 10, null, 'Traveller''s Tea',
    'Gives back 50 stamina.', 'Icon1.png', 'STAMINA_RESTORE', 50, null
  ),
  (
    'rest-2', 'CONSUMABLE', 'UNCOMMON', 1, 20, null, 'Miner''s Broth',
    'Gives back 100 stamina.', 'Icon2.png', 'STAMINA_RESTORE', 100, null
  ),
  (
    'rest-3', 'CONSUMABLE', 'RARE', 1, 30, null, 'Wine of the Long Road',
    'Gives back 200 stamina.', 'Icon3.png', 'STAMINA_RESTORE', 200, null
  ),
  (
    'rest-4', 'CONSUMABLE', 'EPIC', 1, 50, 10, 'Water of the First Spring',
    'Gives back all stamina.', 'Icon4.png', 'STAMINA_RESTORE', 9999, null
  ),
  (
    'vigour-1', 'CONSUMABLE', 'RARE', 1, 80, 15, 'Elixir of Vigour',
    'Stamina up to 500, for five minutes.', 'Icon5.png', 'STAMINA_BOOST', 500, 300
  ),
  (
    'vigour-2', 'CONSUMABLE', 'LEGENDARY', 1, 150, 25, 'Elixir of the Giants',
    'Stamina up to 1000, for ten minutes.', 'Icon6.png', 'STAMINA_BOOST', 1000, 600
  ),
  (
    'fury-2', 'CONSUMABLE', 'UNCOMMON', 1, 30, null, 'Draught of Courage',
    'Twice the strength, for three minutes.', 'Icon7.png', 'ATTACK_BOOST', 2, 180
  ),
  (
    'fury-3', 'CONSUMABLE', 'RARE', 1, 60, 12, 'Draught of Anger',
    'Three times the strength, for three minutes.', 'Icon8.png', 'ATTACK_BOOST', 3, 180
  ),
  (
    'fury-5', 'CONSUMABLE', 'EPIC', 1, 120, 20, 'Draught of Wrath',
    'Five times the strength, for five minutes.', 'Icon9.png', 'ATTACK_BOOST', 5, 300
  ),
  (
    'fury-10', 'CONSUMABLE', 'LEGENDARY', 1, 300, 50, 'Draught of Fury',
    'Ten times the strength, for five minutes.', 'Icon10.png', 'ATTACK_BOOST', 10, 300
  )
on conflict on constraint catalogue_pkey do update
set
  type = excluded.type,
  rarity = excluded.rarity,
  level = excluded.level,
  price = excluded.price,
  gem_price = excluded.gem_price,
  name = excluded.name,
  description = excluded.description,
  icon = excluded.icon,
  potion_type = excluded.potion_type,
  effect_value = excluded.effect_value,
  duration = excluded.duration,
  is_sold = true;
