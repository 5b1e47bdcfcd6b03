"""The word index of compressed log events: Bloom filters and posting lists of their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from functions.logs.search.event_query import EventQuery
from functions.shared import db

_FEW = 8  # packs that are unpacked at first, the newest; then twice as many, and so on
_MANY = 64  # at the most: each makes the statement longer
_MANY_PAGES = 256  # of a chunk, that have a word
_SPELLINGS = 8  # of words that are looked for at once
_TELLING = 2  # words of a question that packs are chosen by


@dataclass(frozen=True)
class WordIndex:
    """A columnstore that holds something; `rest`: whatever it does not hold."""

    wanted: EventQuery
    words: list[str]
    rest: sql.Composable

    def also(self, rows: list[db.Row]) -> list[db.Row]:
        """The newest of what was found in the rest and of what is packed.

        Packs are looked through from the newest on, until those that are left are too old.
        """
        wanted = _newer(self.wanted, rows)
        left, size = self._saying(wanted), _FEW
        while left:
            some, left, size = left[:size], left[size:], min(2 * size, _MANY)
            rows = _newest(rows + _unpacked(wanted, some), wanted.limit)
            wanted = _newer(self.wanted, rows)
            left = [pack for pack in left if not wanted.oldest or pack["last_at"] >= wanted.oldest]
        return rows

    def _saying(self, wanted: EventQuery) -> list[db.Row]:
        """Packs that may hold a match, the newest first. One round trip.

        Read after the rest: what is packed or unpacked meanwhile is met twice, and not never.
        """
        bounds = [*wanted.places, sql.SQL("first_at <= {}").format(wanted.newest)]
        if wanted.oldest:
            bounds.append(sql.SQL("last_at >= {}").format(wanted.oldest))
        names = [sql.Identifier(f"page_{place}") for place in range(len(self.words))]
        pages = [
            _PAGE.format(name=name, before=before, place=place, word=word, part=f"%{word}%")
            for place, (word, name, before) in enumerate(
                zip(self.words, names, [sql.Identifier("near"), *names], strict=False)
            )
        ]
        all_pages: list[sql.Composable] = [_ALL.format(name) for name in names]
        return wanted.found(
            _SAYING,
            bounds=sql.SQL(" and ").join(bounds),
            pages=sql.SQL("").join(pages),
            all_pages=sql.SQL(" union all ").join(all_pages or [_NO_PAGE]),
            pieces=len(pages),
            many=_MANY_PAGES,
        )


def find_store(wanted: EventQuery) -> WordIndex | None:
    """The columnstore, if anything is packed in it. One round trip."""
    chunks = db.query(_CHUNKS, (f"{wanted.words} {wanted.person or ''}",))
    if not any(chunk["is_packed"] for chunk in chunks):
        return None
    own: list[sql.Composable] = [
        _OWN.format(sql.Identifier(chunk["schema"], chunk["name"]))
        for chunk in chunks
        if chunk["has_own"]
    ]
    rest = sql.SQL("union all").join(own or [_NONE])
    return WordIndex(wanted, _telling(chunks[0]["words"]), sql.SQL("({}) as e").format(rest))


def _newer(wanted: EventQuery, rows: list[db.Row]) -> EventQuery:
    """What is wanted when these were found: if they are enough, nothing that is older."""
    return wanted if len(rows) < wanted.limit else wanted.since(rows[-1]["at"])


def _telling(words: list[str]) -> list[str]:
    """Those that tell most: the longest two, of which none is a part of the other."""
    whole = [word for word in words if not any(word != one and word in one for one in words)]
    return sorted(whole, key=len, reverse=True)[:_TELLING]


def _unpacked(wanted: EventQuery, packs: list[db.Row]) -> list[db.Row]:
    """The newest matches in some packs. One round trip."""
    parts = [wanted.also(_range(pack)).put_into(_PACK) for pack in packs]
    return wanted.found(_UNPACKED, packs=sql.SQL("union all").join(parts))


def _range(pack: db.Row) -> sql.Composable:
    """The events of a batch that may match; all of them where a day is not indexed.

    The columnstore looks for words as they were written in all events of a pack at once, and is
    done with them several times sooner than if it had to put each into small letters.
    """
    said = "second between {since} and {until}"
    if pack["server_id"] is not None:
        said += " and server_id = {server_id} and type = {type}"
    range_ = sql.SQL(said).format(**pack)
    if not pack["words"] or len(pack["words"]) > _SPELLINGS:
        return range_
    spelled = [_SPELLED.format(part=f"%{word}%") for word in pack["words"]]
    return sql.SQL("{} and ({})").format(range_, sql.SQL(" or ").join(spelled))


def _newest(rows: list[db.Row], limit: int) -> list[db.Row]:
    """The newest of the rows, each once."""
    once = {row["id"]: row for row in rows}.values()
    return sorted(once, key=lambda row: (row["at"], row["arrival"], row["id"]), reverse=True)[
        :limit
    ]


# The same statement for all words: to plan it anew takes longer than all else of it.
_CHUNKS: LiteralString = """
    select c.chunk_schema as schema, c.chunk_name as name, c.is_compressed as is_packed,
      not c.is_compressed or _timescaledb_functions.chunk_status(
        format('%%I.%%I', c.chunk_schema, c.chunk_name)::regclass
      ) & 8 > 0 as has_own,
      array(
        select distinct word
        from string_to_table(logs.worded(logs.folded(%s)), ' ') as word
        where word <> ''
        order by word
      ) as words
    from timescaledb_information.chunks c
    where c.hypertable_schema = 'logs'
      and c.hypertable_name = 'events'
"""
# What a chunk holds itself, beside the columnstore.
_OWN = sql.SQL(
    """
    select id, second, at, server_id, mode, type, steam_id, player_name, raw_text, map, metadata,
      arrival
    from only {}
    """
)
_NONE = sql.SQL(
    """
    select id, second, at, server_id, mode, type, steam_id, player_name, raw_text, map, metadata,
      arrival
    from logs.events
    where false
    """
)
# What is near may be far back in time: packs that are not ruled out by server, type or time. Words
# of which a chunk has many pages are in nearly every pack, and not worth the reading. A day of a
# chunk that nothing is told of, not yet or not any more, may hold anything.
_SAYING = sql.SQL(
    r"""
    with packed as materialized (
      select c.range_start as since, c.range_end as until, coalesce(t.is_complete, false) as is_told
      from timescaledb_information.chunks c
      left join logs.told t on t.chunk = c.range_start
      where c.hypertable_schema = 'logs'
        and c.hypertable_name = 'events'
        and c.is_compressed
    ), near as materialized (
      select chunk, number, server_id, type, since, until, last_at
      from logs.packs
      where chunk in (select since from packed where is_told)
        and {bounds}
    ), {pages} page as (
      {all_pages}
    ), piece as (
      select place, chunk, count(*) > {many} as is_loud
      from page
      group by place, chunk
    ), loud as (
      select chunk, count(*) as pieces
      from piece
      where is_loud
      group by chunk
    ), found as (
      select distinct p.place, p.chunk, n.number, l.word
      from page p
      join piece i using (place, chunk)
      cross join rows from (
        string_to_table(p.words, e'\n'), string_to_table(p.packs, e'\x01')
      ) as l (word, packs)
      cross join lateral (
        select sum(ascii(s.step) - 1) over (order by s.place)::integer as number
        from string_to_table(l.packs, null) with ordinality as s (step, place)
      ) as n
      where not i.is_loud
        and l.word like p.part
    ), saying as (
      select chunk, number, count(distinct place) as pieces,
        array_agg(logs.written(word)) filter (where place = 0) as words
      from found
      group by chunk, number
    )
    select server_id, type, since, until, last_at, words
    from near
    left join loud using (chunk)
    left join saying using (chunk, number)
    where coalesce(loud.pieces, 0) + coalesce(saying.pieces, 0) = {pieces}
    union all
    select null, null, day, day + interval '24 hours', day + interval '24 hours 10 minutes',
      null
    from packed
    cross join generate_series(since, until - interval '1 second', interval '24 hours') as day
    where not is_told
    order by last_at desc
    """
)
# Of chunks that have the word before. `offset 0`: first what costs little.
_PAGE = sql.SQL(
    """
    {name} as materialized (
      select {place} as place, {part} as part, p.chunk, p.words, p.packs
      from (
        select chunk, words, packs
        from logs.words
        where chunk = any(array(select distinct chunk from {before}))
          and parts & logs.parts({word}) = logs.parts({word})
        offset 0
      ) as p
      where p.words like {part}
    ),
    """
)
_ALL = sql.SQL("select place, part, chunk, words, packs from {}")
_NO_PAGE = sql.SQL("select 0 as place, '' as part, chunk, words, packs from logs.words where false")
_PACK = sql.SQL(
    """
    select id, server_id, mode, type, at, steam_id, player_name, raw_text, metadata, arrival
    from logs.events
    where {where}
      and logs.searched(player_name, raw_text, steam_id) like lower({words})
    """
)
_SPELLED = sql.SQL("raw_text like {part} or player_name like {part} or steam_id like {part}")
# Packs share events where one ends in the second in which the next begins.
_UNPACKED = sql.SQL(
    """
    with matching as materialized ({packs})
    select distinct on (at, arrival, id) id, server_id, mode, type, at, steam_id, player_name,
      raw_text, metadata, arrival
    from matching
    order by at desc, arrival desc, id desc
    limit {limit}
    """
)
