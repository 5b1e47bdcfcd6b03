-- What packed events say: the columnstore has no index of words, and unpacking all of it takes minutes.
-- Of each packed chunk these tables hold every word once, and which packs of events say it.

-- A packed chunk of logs.events whose words are known, or, while they are not complete, are being
-- gathered. Whoever changes packed events deletes the row, and all words of the chunk go with it.
create table logs.told (
  chunk timestamptz primary key,  -- where it begins
  until timestamptz not null,  -- exclusive, as is that of the chunk
  is_complete boolean not null default false
);

-- About a thousand events of one server and type, as the columnstore keeps them together.
create table logs.packs (
  chunk timestamptz not null references logs.told on delete cascade,
  number integer not null,  -- from 1
  server_id text collate "C" not null,
  type text collate "C" not null,
  since timestamptz not null,  -- of `second`, both inclusive
  until timestamptz not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (chunk, number)
);

-- Some words as they were written, in the order of the alphabet, one a line. `packs` has for each of
-- them, parted by U+0001, the numbers of the packs that say it: a character for the distance of each
-- from the one before. `parts` tells most of what is in none of the words; an index of trigrams would take as much
-- as the words themselves.
create table logs.words (
  chunk timestamptz not null references logs.told on delete cascade,
  part integer not null,
  parts bit(2048) storage plain not null,
  words text not null,
  packs text not null,
  primary key (chunk, part)
) with (toast_tuple_target = 128);
