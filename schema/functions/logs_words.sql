-- The words of a text, parted by spaces. Words are parted by what is neither letter nor digit in
-- ASCII; whatever else there is belongs to a word, so that no locale has a say.
create or replace function logs.worded(said text) returns text
language sql
immutable
parallel safe
as $$
  select translate(
    said,
    e'\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18'
      '\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f!"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~',
    repeat(' ', 64)
  )
$$;

-- A text without regard to case, the same for a word by itself as within a text: only of the Greek
-- sigma the small letter depends on what is around it. Words that are sorted as bytes are folded as
-- letters all the same.
create or replace function logs.folded(said text) returns text
language sql
immutable
parallel safe
as $$
  select translate(lower(said collate "default"), 'ς', 'σ')
$$;

-- A word as it is kept: in small letters, so that it can be looked for, and how it was written: with a
-- capital, as U+0002 says, or in some other way, which is behind U+0003.
create or replace function logs.entry(word text, folded text) returns text
language sql
immutable
parallel safe
as $$
  select case
    when word = folded then folded
    when word = upper(left(folded, 1) collate "default") || substr(folded, 2)
    then folded || e'\x02'
    else folded || e'\x03' || word
  end
$$;

-- The word of an entry as it was written.
create or replace function logs.written(entry text) returns text
language sql
immutable
parallel safe
as $$
  select case
    when entry like e'%\x02' then upper(left(entry, 1)) || substr(left(entry, -1), 2)
    when entry like e'%\x03%' then split_part(entry, e'\x03', 2)
    else entry
  end
$$;

-- A bit for each two and three letters in a row that words, one a line, have.
create or replace function logs.parts(words text) returns bit(2048)
language sql
immutable
parallel safe
as $$
  select coalesce(
    bit_or(set_bit(0::bit(2048), hashtext(part collate "C") & 2047, 1)), 0::bit(2048)
  )
  from (
    select distinct substr(word, place, letters) as part
    from string_to_table(words, e'\n') as word
    cross join generate_series(2, 3) as letters
    cross join lateral generate_series(1, length(word) - letters + 1) as place
  ) as found
$$;

-- Writes down which words the packs of a chunk say; returns how many parts they make. One statement,
-- hence one moment: a pack's words are those of its very events.
create or replace function logs.tell(chunk_since timestamptz, chunk_until timestamptz)
returns bigint
language plpgsql
set work_mem = '64MB'
as $$
declare
  told bigint;
begin
  with numbered as materialized (
    select server_id, type, second, at,
      logs.worded(
        coalesce(player_name, '') || e'\x1f' || raw_text || e'\x1f'
          || coalesce(steam_id, '') collate "default"
      ) as said,
      (row_number() over (partition by server_id, type order by second desc) - 1) / 1000 as part
    from logs.events
    where second >= chunk_since
      and second < chunk_until
  ), pack as (
    select row_number() over (order by type, server_id, part)::integer as number,
      server_id, type, part, min(second) as since, max(second) as until,
      min(at) as first_at, max(at) as last_at
    from numbered
    group by server_id, type, part
  ), kept as (
    insert into logs.packs
      (chunk, number, server_id, type, since, until, first_at, last_at)
    select chunk_since, number, server_id, type, since, until, first_at, last_at
    from pack
  ), word as (
    select distinct p.number, w.word collate "C" as word
    from numbered n
    join pack p using (server_id, type, part)
    cross join lateral string_to_table(n.said, ' ') as w (word)
    where w.word <> ''
  ), folded as (
    select number, logs.entry(word, logs.folded(word)) collate "C" as word
    from word
  ), step as (
    select word, number,
      number - lag(number, 1, 0) over (partition by word order by number) as step
    from folded
  ), line as (
    -- What is further away than a character can tell goes by way of packs that do not say it.
    select word,
      string_agg(repeat(chr(55001), (step - 1) / 55000) || chr((step - 1) % 55000 + 2), ''
        order by number) as packs
    from step
    group by word
  ), page as (
    select word, packs, (row_number() over (order by word) - 1) / 128 as part
    from line
  ), written as (
    insert into logs.words (chunk, part, parts, words, packs)
    select chunk_since, part, logs.parts(string_agg(word, e'\n' order by word)),
      string_agg(word, e'\n' order by word), string_agg(packs, e'\x01' order by word)
    from page
    group by part
    returning 1
  )
  select count(*) into told from written;
  return told;
end
$$;
