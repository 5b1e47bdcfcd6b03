"""Commands with a name: sent again, or twice at once, each is done once."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from functions.shared import db
from tests.support.game import in_threads

BEGIN = "select live.begin_ref(%s, %s)"


def do(url: str, user_id: int, ref: str) -> Any:
    """What a command is answered, of which doing it twice would show."""
    with psycopg.connect(url, row_factory=scalar_row) as connection:
        answer = connection.execute(BEGIN, (user_id, ref)).fetchone()
        if answer is None:
            seq = connection.execute("select live.append('room:1', 'said', '{}')").fetchone()
            answer = {"seq": seq}
            connection.execute("select live.end_ref(%s, %s, %s)", (user_id, ref, Jsonb(answer)))
    return answer


@pytest.mark.commits
def test_the_same_command_twenty_times_at_once_is_done_once(store: str) -> None:
    assert in_threads(20, lambda _: do(store, 1, "a")) == [{"seq": 1}] * 20
    assert do(store, 1, "a") == {"seq": 1}
    assert do(store, 2, "a") == {"seq": 2}
    assert do(store, 1, "b") == {"seq": 3}


@pytest.mark.commits
def test_one_that_failed_is_done_when_it_comes_again(store: str) -> None:
    with psycopg.connect(store) as connection:
        connection.execute(BEGIN, (1, "a"))
        connection.execute("select live.append('room:1', 'said', '{}')")
        connection.execute("select live.end_ref(1, 'a', '{\"seq\": 1}')")
        connection.rollback()
    assert do(store, 1, "a") == {"seq": 1}


def test_a_name_is_kept_for_a_day(store: str) -> None:
    db.query("select live.end_ref(1, 'a', '{\"seq\": 1}')")
    for hours, answer in ((23, {"seq": 1}), (2, None)):
        db.query(
            "update live.refs set stored_at = stored_at - make_interval(hours => %s)", (hours,)
        )
        assert db.fetch_value(BEGIN, (1, "a")) == answer
    db.query("select live.end_ref(1, 'a', '{\"seq\": 2}')")
    assert db.fetch_value(BEGIN, (1, "a")) == {"seq": 2}
