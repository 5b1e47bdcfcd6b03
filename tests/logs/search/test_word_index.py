"""Words in packed events: what is found is what reading every event finds, in the same order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest

from functions.logs.privacy import erasure
from functions.logs.search import columnstore, search, word_index
from functions.shared import db, locks
from schema.engine.migrate import Report
from tests.support.logs import stored
from tests.support.logs.oracle import Event
from tests.support.logs.panel import ago

SERVERS = {"srv_01": "Sandbox", "srv_02": "TTT"}
PIECES = ("ana", "an", "bo", "steam", "Ünï", "ÇA", "☭", "kk", "o", "7", "100%", "a_b", "x\\y", ":)")
GLUE = ("", "", " ", " ", "  ", "-", "\x1f", ".", "\t", "_")
PEOPLE = tuple(f"STEAM_0:{n % 2}:{117 * n + 10}" for n in range(1, 9))
KINDS = ("CHAT", "KILL", "ULX")
MAPS = ("gm_construct", "gm_flatgrass")


def text(dice: Random, most: int) -> str:
    return "".join(
        dice.choice(PIECES) + dice.choice(GLUE) for _ in range(dice.randint(0, most))
    ).strip("\x1f")


def event(dice: Random, number: int, most_days: float = 60) -> Event:
    """Of the last weeks, some by a clock that is ahead."""
    at = ago(days=most_days * dice.random() ** 2)
    at = at.replace(minute=dice.choice((0, 20, 40)), second=0)  # some are of one moment
    ahead = timedelta(days=dice.choice((1, 9, 30, 399))) if dice.random() < 0.1 else timedelta()
    return Event(
        id=stored.event_id(at + ahead, number),
        at=at,
        server=dice.choice(tuple(SERVERS)),
        type=dice.choice(KINDS),
        steam_id=dice.choice((*PEOPLE, None)),
        name=dice.choice((None, text(dice, 2))),
        map=dice.choice(MAPS),
        text=text(dice, 6),
        arrival=dice.randrange(4),
    )


def asks(dice: Random) -> Iterator[dict[str, Any]]:
    """Questions with words, some also with filters."""
    while True:
        words = dice.choice(
            (
                text(dice, 1),
                text(dice, 2),
                text(dice, 3),
                dice.choice(PEOPLE)[dice.randrange(1, 9) :],
            )
        )
        asked: dict[str, Any] = {"search": words, "limit": dice.choice((2, 20, 1000))}
        for name, values in (
            ("serverId", tuple(SERVERS)),
            ("type", KINDS),
            ("map", MAPS),
            ("steamId", PEOPLE),
            ("from", [ago(days=days).isoformat() for days in (5, 20, 40)]),
            ("to", [ago(days=days).isoformat() for days in (3, 15, 30)]),
        ):
            if dice.random() < 0.15:
                asked[name] = dice.choice(values)
        if words:
            yield asked


def everything(asked: dict[str, Any]) -> list[UUID]:
    """What reading every event finds."""
    rows = db.query(
        """
        select id
        from logs.events
        where position(
            lower(%(search)s::text) in logs.search_text(player_name, raw_text, steam_id)
          ) > 0
          and coalesce(server_id = %(serverId)s, true)
          and coalesce(type = %(type)s, true)
          and coalesce(map = %(map)s, %(map)s::text is null)
          and coalesce(steam_id = %(steamId)s, %(steamId)s::text is null)
          and coalesce(occurred_at >= %(from)s::timestamptz, true)
          and coalesce(occurred_at <= %(to)s::timestamptz, true)
        order by occurred_at desc, arrival desc, id desc
        """,
        dict.fromkeys(("serverId", "type", "map", "steamId", "from", "to")) | asked,
    )
    return [row["id"] for row in rows]


def found(asked: dict[str, Any]) -> list[UUID]:
    """What a search finds, page by page."""
    seen: list[UUID] = []
    cursor = None
    while True:
        answer, cursor = search.search_events(
            search.LogsQuery.model_validate(asked | ({"cursor": cursor} if cursor else {}))
        )
        page = [UUID(one["id"]) for one in json.loads(answer)]
        assert len(page) <= asked["limit"]
        seen += page
        if cursor is None:
            return seen


def compare(dice: Random, number: int = 8) -> None:
    questions = asks(dice)
    for _ in range(number):
        asked = next(questions)
        assert found(asked) == everything(asked), asked


@pytest.fixture
def community(migrated: tuple[Report, str, str], store: str) -> bool:
    stored.servers(SERVERS)
    return migrated[0].edition == "community"


def pack() -> columnstore.Report:
    report = columnstore.run(db.connection())
    assert (report.left, report.busy) == (0, False)
    return report


@pytest.mark.parametrize("seed", range(3))
def test_a_search_finds_what_reading_everything_finds(
    community: bool, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = Random(seed)
    monkeypatch.setattr(search, "_LOOK", dice.choice((1, 20, 4000)))
    monkeypatch.setattr(word_index, "_MIN_BATCHES", dice.choice((1, 2, 8)))
    stored.store(event(dice, number) for number in range(150))
    compare(dice)
    report = pack()
    assert (report.compressed > 0, report.indexed > 0) == (community, community)
    assert report.indexed == report.compressed
    compare(dice)
    stored.store(event(dice, 1000 + number) for number in range(40))  # late ones
    compare(dice)
    db.query(
        """
        delete from logs.indexed_chunks
        where chunk in (select min(chunk) from logs.indexed_chunks)
        """
    )
    compare(dice)
    assert columnstore.index_words(db.connection()).indexed == (1 if community else 0)
    compare(dice)
    assert (pack().indexed > 0) == community
    assert pack().indexed == 0
    compare(dice)


def say(number: int, words: str, who: str = PEOPLE[0], **since: float) -> Event:
    at = ago(days=40, **since)
    event_id = stored.event_id(at, number)
    return Event(event_id, at, "srv_01", "CHAT", who, "Ana the Great", text=words)


def told(words: str) -> bool:
    """Whether a word can be read in what is kept of packed events."""
    rows = db.query("select 1 as one from logs.term_pages where strpos(terms, %s) > 0", (words,))
    return bool(rows)


def test_each_of_many_packs_is_found(community: bool) -> None:
    """Seconds are shared by events on both sides of where a pack ends."""
    rare = {0, 1, 999, 1000, 1001, 1999, 2000, 2499}
    stored.store(
        say(n, f"Often {'RareWord' if n in rare else ''} x{n}", seconds=n // 7) for n in range(2500)
    )
    pack()
    for words in ("rareword", "ften", "x999", "x1", "often rare", "great\x1foften", "never"):
        asked = {"search": words, "limit": 1000}
        assert found(asked) == everything(asked)
    assert len(found({"search": "rareWORD", "limit": 3})) == len(rare)
    packs = db.query("select count(*)::integer as number from logs.compressed_batches")[0]["number"]
    assert packs == (3 if community else 0)


def test_the_words_of_an_erased_person_go_at_once(community: bool) -> None:
    stored.store([say(1, "Ana secretly"), say(2, "hello", PEOPLE[1])])
    pack()
    assert told("great") == told("secretly") == community
    erasure.erase(PEOPLE[0], "Rita")
    for words in ("great", "secretly", PEOPLE[0].split(":")[2]):
        assert not told(words)
    asked = {"search": "hello", "limit": 10}
    assert found(asked) == everything(asked) != []
    report = columnstore.index_words(db.connection())
    assert (report.indexed, report.left) == (int(community), 0)
    assert told("hello") == community
    assert not told("secretly")


def test_words_go_with_their_chunk(community: bool) -> None:
    stored.store([say(1, "hello")])
    assert pack().indexed == int(community)
    db.query("select drop_chunks('logs.events', older_than => now() - interval '20 days')")
    pack()
    assert db.query("select 1 as one from logs.indexed_chunks") == []
    assert not told("hello")


def test_two_do_not_pack_at_once(community: bool, store: str) -> None:
    stored.store([say(1, "hello")])
    with psycopg.connect(store) as other:
        other.execute("select pg_advisory_xact_lock(%s)", (locks.COLUMNSTORE,))
        for verb in (columnstore.run, columnstore.index_words):
            report = verb(db.connection())
            assert (report.busy, report.compressed, report.indexed) == (True, 0, 0)
    assert pack().indexed == int(community)


def test_numbers_that_are_far_apart_are_told_too(community: bool) -> None:
    """A distance that no character stands for goes by way of packs that do not say it."""
    if not community:
        return
    stored.store([say(1, "hello")])
    pack()
    db.query(
        """
        insert into logs.compressed_batches
          (chunk, number, server_id, type, first_sent_at, last_sent_at, first_at, last_at)
        select chunk, 120000, server_id, type, first_sent_at, last_sent_at, first_at, last_at
        from logs.compressed_batches
        """
    )
    db.query(
        """
        update logs.term_pages
        set terms = 'hello', postings = repeat(chr(55001), 2) || chr(10001)
        where strpos(terms, 'hello') > 0
        """
    )
    assert len(found({"search": "hello", "limit": 5})) == 1
