"""Open sockets: whoever changes several at once locks them in one order."""

from __future__ import annotations

import random

import psycopg
import pytest

from functions.shared import db
from tests.support.game import in_threads
from tests.support.live import rooms

ROOM = "room:1"
STATEMENTS = (
    "select live.set_aside(%(names)s, array_fill(0::bigint, array[30]))",
    "select live.close_connections(%(names)s)",
)


@pytest.mark.commits
def test_two_who_change_the_same_sockets_end_in_no_deadlock(store: str) -> None:
    names = [f"s{n}" for n in range(60)]
    for n, name in enumerate(names):
        rooms.connect(name, ROOM, n % 20)
    db.query(
        "insert into live.members (room, user_id, member) select %s, n, '{}'"
        " from generate_series(0, 19) as n",
        (ROOM,),
    )

    def work(number: int) -> None:
        chance = random.Random(number)
        with psycopg.connect(store, autocommit=True) as connection:
            # One by one, as where many more are open.
            connection.execute("set enable_hashjoin = off; set enable_mergejoin = off")
            connection.autocommit = False
            for _ in range(25):
                own = chance.sample(names, 30)
                connection.execute(STATEMENTS[number % 2], {"names": own})
                connection.rollback()

    in_threads(6, work)
    assert db.fetch_value("select count(*) from live.connections") == len(names)
