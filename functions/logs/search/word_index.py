"""The inverted index of compressed events: which batches of the columnstore contain a term.

A chunk has its terms in pages, each with a Bloom filter of their n-grams, and for each term the
numbers of the batches that contain it, delta-coded (`schema/functions/logs_word_index.sql`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from functions.logs.search.event_query import EventQuery
from functions.shared import db

_MIN_BATCHES = 8  # that are read at first, the newest; then twice as many, and so on
_MAX_BATCHES = 64  # in a statement: each makes it longer
_MAX_PAGES = 256  # of a chunk with a term; one in more is too frequent to look up
_MAX_SPELLINGS = 8  # of terms that are searched for at once
_MAX_TERMS = 2  # of a query that batches are chosen by


@dataclass(frozen=True)
class WordIndex:
    """A columnstore that holds something; `rest`: whatever it does not hold."""

    wanted: EventQuery
    terms: list[str]
    rest: sql.Composable

    def merge(self, rows: list[db.Row]) -> list[db.Row]:
        """The newest of what was found in the rest and of what is compressed.

        Batches are read from the newest on, until those that are left are too old.
        """
        wanted = _newer(self.wanted, rows)
        left, size = self._find_batches(wanted), _MIN_BATCHES
        while left:
            batches, left, size = left[:size], left[size:], min(2 * size, _MAX_BATCHES)
            rows = _newest(rows + _read_batches(wanted, batches), wanted.limit)
            wanted = _newer(self.wanted, rows)
            left = [one for one in left if not wanted.oldest or one["last_at"] >= wanted.oldest]
        return rows

    def _find_batches(self, wanted: EventQuery) -> list[db.Row]:
        """Batches that may hold a match, the newest first. One round trip.

        Read after the rest: what is compressed or decompressed meanwhile is met twice, not never.
        """
        bounds = [*wanted.places, sql.SQL("first_at <= {}").format(wanted.newest)]
        if wanted.oldest:
            bounds.append(sql.SQL("last_at >= {}").format(wanted.oldest))
        names = [sql.Identifier(f"page_{index}") for index in range(len(self.terms))]
        pages = [
            _PAGE.format(name=name, before=before, place=index, term=term, pattern=f"%{term}%")
            for index, (term, name, before) in enumerate(
                zip(self.terms, names, [sql.Identifier("near"), *names], strict=False)
            )
        ]
        all_pages: list[sql.Composable] = [_ALL.format(name) for name in names]
        return wanted.fetch(
            _FIND_BATCHES,
            bounds=sql.SQL(" and ").join(bounds),
            pages=sql.SQL("").join(pages),
            all_pages=sql.SQL(" union all ").join(all_pages or [_NO_PAGE]),
            terms=len(pages),
            many=_MAX_PAGES,
        )


def find_store(wanted: EventQuery) -> WordIndex | None:
    """The columnstore, if it holds anything. One round trip."""
    chunks = db.query(_CHUNKS, (f"{wanted.words} {wanted.person or ''}",))
    if not any(chunk["is_compressed"] for chunk in chunks):
        return None
    own: list[sql.Composable] = [
        _OWN.format(sql.Identifier(chunk["schema"], chunk["name"]))
        for chunk in chunks
        if chunk["has_own"]
    ]
    rest = sql.SQL("union all").join(own or [_NONE])
    return WordIndex(wanted, _select_terms(chunks[0]["terms"]), sql.SQL("({}) as e").format(rest))


def _newer(wanted: EventQuery, rows: list[db.Row]) -> EventQuery:
    """What is wanted when these were found: if they are enough, nothing that is older."""
    return wanted if len(rows) < wanted.limit else wanted.since(rows[-1]["occurred_at"])


def _select_terms(terms: list[str]) -> list[str]:
    """The most selective: the longest two, of which none is a part of the other."""
    whole = [term for term in terms if not any(term != one and term in one for one in terms)]
    return sorted(whole, key=len, reverse=True)[:_MAX_TERMS]


def _read_batches(wanted: EventQuery, batches: list[db.Row]) -> list[db.Row]:
    """The newest matches in some batches. One round trip."""
    parts = [wanted.where(_range(batch)).compose(_BATCH) for batch in batches]
    return wanted.fetch(_READ_BATCHES, batches=sql.SQL("union all").join(parts))


def _range(batch: db.Row) -> sql.Composable:
    """The events of a batch that may match; of a day that is not indexed, all.

    The columnstore looks for original spellings in all events of a batch at once, and is
    done with them several times sooner than if it had to put each into lower case.
    """
    condition = "sent_at between {since} and {until}"
    if batch["server_id"] is not None:
        condition += " and server_id = {server_id} and type = {type}"
    range_ = sql.SQL(condition).format(**batch)
    if not batch["spellings"] or len(batch["spellings"]) > _MAX_SPELLINGS:
        return range_
    spelled = [_SPELLED.format(part=f"%{word}%") for word in batch["spellings"]]
    return sql.SQL("{} and ({})").format(range_, sql.SQL(" or ").join(spelled))


def _newest(rows: list[db.Row], limit: int) -> list[db.Row]:
    """The newest of the rows, each once."""
    once = {row["id"]: row for row in rows}.values()
    return sorted(
        once, key=lambda row: (row["occurred_at"], row["arrival"], row["id"]), reverse=True
    )[:limit]


# The same statement for all terms: planning it takes longer than all else of it.
_CHUNKS: LiteralString = """
    select c.chunk_schema as schema, c.chunk_name as name, c.is_compressed,
      not c.is_compressed or _timescaledb_functions.chunk_status(
        format('%%I.%%I', c.chunk_schema, c.chunk_name)::regclass
      ) & 8 > 0 as has_own,
      array(
        select distinct term
        from string_to_table(logs.tokenize(logs.casefold(%s)), ' ') as term
        where term <> ''
        order by term
      ) as terms
    from timescaledb_information.chunks c
    where c.hypertable_schema = 'logs'
      and c.hypertable_name = 'events'
"""
# What a chunk holds itself, beside the columnstore.
_OWN = sql.SQL(
    """
    select id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text, map,
      metadata, arrival
    from only {}
    """
)
_NONE = sql.SQL(
    """
    select id, sent_at, occurred_at, server_id, mode, type, steam_id, player_name, raw_text, map,
      metadata, arrival
    from logs.events
    where false
    """
)
# What is near may be far back in time: batches that are not ruled out by server, type or time. A
# term of which a chunk has many pages is in nearly every batch: too frequent to be worth reading. A
# day of a chunk that is not indexed, not yet or not any more, may hold anything.
_FIND_BATCHES = sql.SQL(
    r"""
    with compressed as materialized (
      select c.range_start as since, c.range_end as until,
        coalesce(i.is_complete, false) as is_indexed
      from timescaledb_information.chunks c
      left join logs.indexed_chunks i on i.chunk = c.range_start
      where c.hypertable_schema = 'logs'
        and c.hypertable_name = 'events'
        and c.is_compressed
    ), near as materialized (
      select chunk, number, server_id, type, first_sent_at, last_sent_at, last_at
      from logs.compressed_batches
      where chunk in (select since from compressed where is_indexed)
        and {bounds}
    ), {pages} page as (
      {all_pages}
    ), sought as (
      select place, chunk, count(*) > {many} as is_too_frequent
      from page
      group by place, chunk
    ), too_frequent as (
      select chunk, count(*) as terms
      from sought
      where is_too_frequent
      group by chunk
    ), found as (
      select distinct p.place, p.chunk, n.number, l.term
      from page p
      join sought i using (place, chunk)
      cross join rows from (
        string_to_table(p.terms, e'\n'), string_to_table(p.postings, e'\x01')
      ) as l (term, postings)
      cross join lateral (
        select sum(ascii(s.delta) - 1) over (order by s.place)::integer as number
        from string_to_table(l.postings, null) with ordinality as s (delta, place)
      ) as n
      where not i.is_too_frequent
        and l.term like p.pattern
    ), matching as (
      select chunk, number, count(distinct place) as terms,
        array_agg(logs.decode_term(term)) filter (where place = 0) as spellings
      from found
      group by chunk, number
    )
    select server_id, type, first_sent_at as since, last_sent_at as until, last_at, spellings
    from near
    left join too_frequent using (chunk)
    left join matching using (chunk, number)
    where coalesce(too_frequent.terms, 0) + coalesce(matching.terms, 0) = {terms}
    union all
    select null, null, day, day + interval '24 hours', day + interval '24 hours 10 minutes',
      null
    from compressed
    cross join generate_series(since, until - interval '1 second', interval '24 hours') as day
    where not is_indexed
    order by last_at desc
    """
)
# Of chunks that have the term before. `offset 0`: first what costs little.
_PAGE = sql.SQL(
    """
    {name} as materialized (
      select {place} as place, {pattern} as pattern, p.chunk, p.terms, p.postings
      from (
        select chunk, terms, postings
        from logs.term_pages
        where chunk = any(array(select distinct chunk from {before}))
          and bloom & logs.term_bloom({term}) = logs.term_bloom({term})
        offset 0
      ) as p
      where p.terms like {pattern}
    ),
    """
)
_ALL = sql.SQL("select place, pattern, chunk, terms, postings from {}")
_NO_PAGE = sql.SQL(
    """
    select 0 as place, '' as pattern, chunk, terms, postings
    from logs.term_pages
    where false
    """
)
_BATCH = sql.SQL(
    """
    select id, server_id, mode, type, occurred_at, steam_id, player_name, raw_text, metadata,
      arrival
    from logs.events
    where {where}
      and logs.search_text(player_name, raw_text, steam_id) like lower({words})
    """
)
_SPELLED = sql.SQL("raw_text like {part} or player_name like {part} or steam_id like {part}")
# Batches share events where one ends in the second in which the next begins.
_READ_BATCHES = sql.SQL(
    """
    with matching as materialized ({batches})
    select distinct on (occurred_at, arrival, id) id, server_id, mode, type, occurred_at, steam_id,
      player_name, raw_text, metadata, arrival
    from matching
    order by occurred_at desc, arrival desc, id desc
    limit {limit}
    """
)
