-- The inverted index of compressed events (logs.indexed_chunks, logs.compressed_batches,
-- logs.term_pages): terms, Bloom filters of their n-grams, and delta-coded postings.

-- The terms of a text, separated by spaces. A term ends at what is neither letter nor digit in
-- ASCII; other characters belong to it, so that no locale matters.
create or replace function logs.tokenize(content text) returns text
language sql
immutable
parallel safe
as $$
  select translate(
    content,
    e'\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17'
      '\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f!"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~',
    repeat(' ', 64)
  )
$$;

-- A text without regard to case, the same for a term by itself as within a text: only of the Greek
-- sigma the small letter depends on what is around it. Terms that are sorted as bytes are folded as
-- letters all the same.
create or replace function logs.casefold(content text) returns text
language sql
immutable
parallel safe
as $$
  select translate(lower(content collate "default"), 'ς', 'σ')
$$;

-- A term as it is stored: in lower case, so that it can be searched for, then its original
-- spelling: U+0002 for a capital first letter, or U+0003 and the spelling itself.
create or replace function logs.encode_term(term text, folded text) returns text
language sql
immutable
parallel safe
as $$
  select case
    when term = folded then folded
    when term = upper(left(folded, 1) collate "default") || substr(folded, 2)
    then folded || e'\x02'
    else folded || e'\x03' || term
  end
$$;

-- The original spelling of a stored term.
create or replace function logs.decode_term(stored text) returns text
language sql
immutable
parallel safe
as $$
  select case
    when stored like e'%\x02' then upper(left(stored, 1)) || substr(left(stored, -1), 2)
    when stored like e'%\x03%' then split_part(stored, e'\x03', 2)
    else stored
  end
$$;

-- A Bloom filter of the bigrams and trigrams of terms, one a line.
create or replace function logs.term_bloom(terms text) returns bit(2048)
language sql
immutable
parallel safe
as $$
  select coalesce(
    bit_or(set_bit(0::bit(2048), hashtext(ngram collate "C") & 2047, 1)), 0::bit(2048)
  )
  from (
    select distinct substr(term, place, letters) as ngram
    from string_to_table(terms, e'\n') as term
    cross join generate_series(2, 3) as letters
    cross join lateral generate_series(1, length(term) - letters + 1) as place
  ) as found
$$;

-- Indexes the events of a chunk; returns the number of term pages. One statement, hence one
-- snapshot: the terms of a batch are those of its very events.
create or replace function logs.index_chunk(chunk_since timestamptz, chunk_until timestamptz)
returns bigint
language plpgsql
set work_mem = '64MB'
as $$
declare
  pages bigint;
begin
  with numbered as materialized (
    select server_id, type, sent_at, occurred_at,
      logs.tokenize(
        coalesce(player_name, '') || e'\x1f' || raw_text || e'\x1f'
          || coalesce(steam_id, '') collate "default"
      ) as terms,
      (row_number() over (partition by server_id, type order by sent_at desc) - 1) / 1000 as slice
    from logs.events
    where sent_at >= chunk_since
      and sent_at < chunk_until
  ), batch as (
    select row_number() over (order by type, server_id, slice)::integer as number,
      server_id, type, slice, min(sent_at) as first_sent_at, max(sent_at) as last_sent_at,
      min(occurred_at) as first_at, max(occurred_at) as last_at
    from numbered
    group by server_id, type, slice
  ), batches as (
    insert into logs.compressed_batches
      (chunk, number, server_id, type, first_sent_at, last_sent_at, first_at, last_at)
    select chunk_since, number, server_id, type, first_sent_at, last_sent_at, first_at, last_at
    from batch
  ), spelling as (
    select distinct b.number, t.term collate "C" as term
    from numbered n
    join batch b using (server_id, type, slice)
    cross join lateral string_to_table(n.terms, ' ') as t (term)
    where t.term <> ''
  ), encoded as (
    select number, logs.encode_term(term, logs.casefold(term)) collate "C" as term
    from spelling
  ), delta as (
    select term, number,
      number - lag(number, 1, 0) over (partition by term order by number) as delta
    from encoded
  ), posting as (
    -- A distance that no single character can hold is split by batches without the term.
    select term,
      string_agg(repeat(chr(55001), (delta - 1) / 55000) || chr((delta - 1) % 55000 + 2), ''
        order by number) as postings
    from delta
    group by term
  ), page as (
    select term, postings, (row_number() over (order by term) - 1) / 128 as page
    from posting
  ), inserted as (
    insert into logs.term_pages (chunk, page, bloom, terms, postings)
    select chunk_since, page, logs.term_bloom(string_agg(term, e'\n' order by term)),
      string_agg(term, e'\n' order by term), string_agg(postings, e'\x01' order by term)
    from page
    group by page
    returning 1
  )
  select count(*) into pages from inserted;
  return pages;
end
$$;
