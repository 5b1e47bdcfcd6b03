"""Refresh: the views are right at every moment, whoever writes, refreshes or dies meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg import sql

from functions.rollups import audit, refresh
from functions.shared import db, locks
from functions.shared.exclusive import exclusive
from tests.support.rollups import INSERT, connect, insert, materialization, wrong

pytestmark = pytest.mark.commits
Opener = Callable[[], db.Connection]
START = datetime(2026, 3, 1, tzinfo=UTC)

OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["one", "many", "copy", "late", "delete", "move", "rescore", "undo"]),
        st.integers(0, 71),  # hours after START
        st.sampled_from(["ana", "bo", "cy"]),
        st.integers(0, 100),
    ),
    min_size=2,
    max_size=8,
)


def operate(connection: db.Connection, what: str, hour: int, user: str, score: int) -> None:
    """One writer's statement or transaction; rows of an hour, sometimes of years before."""
    at = START + timedelta(hours=hour, minutes=score % 60)
    if what == "one":
        connection.execute(INSERT, (at, user, score))
    elif what == "many":
        with connection.transaction():
            for turn in range(3):
                connection.execute(INSERT, (at + timedelta(hours=turn * 9), user, score))
                time.sleep(0.002)
    elif what == "copy":
        copied = (
            "copy tilt.events (id, occurred_at, user_id, tilt_score, signals, context) from stdin"
        )
        with connection.cursor() as cursor, cursor.copy(copied) as copy:
            for turn in range(20):
                row = (uuid4(), at + timedelta(hours=turn), user, score, "[]", "")
                copy.write_row(row)
    elif what == "late":
        connection.execute(INSERT, (at - timedelta(days=800), user, score))
    elif what == "delete":
        connection.execute(
            "delete from tilt.events where user_id = %s and occurred_at < %s", (user, at)
        )
    elif what == "move":
        connection.execute(
            "update tilt.events set occurred_at = occurred_at + interval '30 minutes'"
            " where user_id = %s and occurred_at >= %s",
            (user, at),
        )
    elif what == "rescore":
        connection.execute(
            "update tilt.events set tilt_score = %s where user_id = %s", (score, user)
        )
    else:
        with suppress(ZeroDivisionError), connection.transaction():
            connection.execute(INSERT, (at, user, score))
            raise ZeroDivisionError


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # threads do not shrink
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(plans=st.lists(OPERATIONS, min_size=3, max_size=3))
def test_views_equal_brute_force_whoever_writes(
    store: str, plans: list[list[tuple[str, int, str, int]]]
) -> None:
    """Three writers, two refreshers and an auditor at once; at every quiet moment all is right."""
    stop, faults = threading.Event(), list[BaseException]()

    def safely(work: Callable[[db.Connection], None]) -> threading.Thread:
        def run() -> None:
            try:
                with connect(store) as connection:
                    work(connection)
            except BaseException as fault:  # noqa: BLE001
                faults.append(fault)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def write(plan: list[tuple[str, int, str, int]], connection: db.Connection) -> None:
        for step in plan:
            for _ in range(5):
                try:
                    operate(connection, *step)
                    break
                except psycopg.errors.DeadlockDetected:  # two updates of the same rows
                    continue
                except psycopg.errors.CheckViolation:  # a row cannot move to another chunk
                    break

    def keep_refreshing(connection: db.Connection) -> None:
        while not stop.is_set():
            refresh.run(connection, seconds=5)

    def keep_auditing(connection: db.Connection) -> None:
        while not stop.is_set():
            assert audit.run(connection, sample=5).wrong == {}

    # Regression: a statement planned before a chunk was made does not see its rows, although its
    # snapshot is newer: here brute force and view, planned a moment apart, differed in CI.
    with connect(store) as watcher:
        for days in (-800, -796, 0, 4):
            insert(watcher, (START + timedelta(days=days)).isoformat())

    helpers = [safely(keep_refreshing), safely(keep_refreshing), safely(keep_auditing)]
    with connect(store) as watcher:
        try:
            for _ in range(2):
                writers = [safely(lambda c, plan=plan: write(plan, c)) for plan in plans]
                while any(thread.is_alive() for thread in writers):
                    assert wrong(watcher) == {}  # each comparison sees one moment: right even now
                assert wrong(watcher) == {}
        finally:  # a failure must not leave refreshers behind for the next tests to meet
            stop.set()
            for thread in helpers:
                thread.join()
        assert faults == []
        assert refresh.run(watcher).left == 0
        assert wrong(watcher) == {}


def test_one_of_two_refreshes_fired_at_once_does_the_work(open_connection: Opener) -> None:
    one, other = open_connection(), open_connection()
    insert(one, "2026-03-01T10:00Z")
    with exclusive(locks.ROLLUPS) as mine:
        assert mine
        assert refresh.run(other).busy
        assert refresh.count_dirty(other) == 2
    report = refresh.run(other)
    assert (report.busy, report.buckets, report.left) == (False, 2, 0)


def test_the_turn_is_kept_however_long_the_work_takes(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction does nothing meanwhile, for which others are ended after half a minute."""
    real = db.open_connection

    def impatient() -> db.Connection:
        connection = real()
        connection.execute("set idle_in_transaction_session_timeout = '100ms'")
        return connection

    monkeypatch.setattr(db, "open_connection", impatient)
    with exclusive(locks.ROLLUPS) as mine:
        time.sleep(0.4)
        with exclusive(locks.ROLLUPS) as another:
            assert (mine, another) == (True, False)


def test_a_refresh_killed_in_the_middle_leaves_its_marks(
    open_connection: Opener, migrated: tuple[object, str, str]
) -> None:
    watcher, victim = open_connection(), open_connection()
    insert(watcher, "2026-03-01T10:00Z")
    pid = victim.info.backend_pid
    killed = threading.Event()

    def be_killed() -> None:
        with suppress(psycopg.OperationalError):
            refresh.run(victim)
            return
        killed.set()

    with psycopg.connect(migrated[1]) as admin:
        admin.execute(
            sql.SQL("lock table {} in access exclusive mode").format(materialization(watcher))
        )
        thread = threading.Thread(target=be_killed)
        thread.start()
        time.sleep(0.3)
        with psycopg.connect(migrated[1], autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        thread.join()
    assert killed.is_set()
    assert refresh.count_dirty(watcher) == 2
    assert wrong(watcher) == {}
    assert refresh.run(watcher).left == 0
    assert wrong(watcher) == {}


def test_a_writer_that_finds_its_bucket_marked_is_not_lost(open_connection: Opener) -> None:
    """The race: its bucket is marked already, and a refresh comes before it has committed."""
    writer, other = open_connection(), open_connection()
    insert(other, "2026-03-01T10:00Z", score=1)
    with writer.transaction():
        insert(writer, "2026-03-01T10:30Z", score=99)
        began = time.monotonic()
        refresh.run(other)
        assert time.monotonic() - began < 10
        assert wrong(other) == {}
    assert refresh.count_dirty(other) == 2
    assert wrong(other) == {}
    refresh.run(other)
    assert refresh.count_dirty(other) == 0
    assert wrong(other) == {}


def test_a_writer_never_waits_for_a_refresh(open_connection: Opener) -> None:
    writer, refresher, holder = open_connection(), open_connection(), open_connection()
    insert(writer, "2026-03-01T10:00Z")
    with holder.transaction():
        insert(holder, "2026-03-01T10:01Z")
        thread = threading.Thread(target=refresh.run, args=(refresher,))
        thread.start()  # waits for the holder's transaction to settle
        time.sleep(0.2)
        began = time.monotonic()
        insert(writer, "2026-03-01T10:02Z")
        assert time.monotonic() - began < 1
    thread.join()
    assert wrong(writer) == {}


def test_what_settled_before_a_long_transaction_is_refreshed_under_it(
    open_connection: Opener,
) -> None:
    long, other = open_connection(), open_connection()
    insert(other, "2026-03-01T10:00Z")
    other.execute("select rollups.close_generation()")
    with long.transaction():
        insert(long, "2026-03-05T10:00Z")
        assert refresh.run(other).buckets == 2
        assert wrong(other) == {}


def test_a_refresh_ends_in_time_and_a_later_one_goes_on(connection: db.Connection) -> None:
    connection.execute(
        """
        insert into tilt.events (id, occurred_at, user_id, tilt_score, signals, context)
        select gen_random_uuid(), timestamptz '2026-03-01' + n * interval '3 days', 'u', 1, '[]', ''
        from generate_series(1, 200) n
        """
    )
    assert refresh.run(connection, seconds=-1).left == 400
    assert wrong(connection) == {}
    report = refresh.run(connection)
    assert (report.buckets, report.left) == (400, 0)


def test_the_oldest_buckets_are_written_first(connection: db.Connection) -> None:
    for day in ("09", "02", "05"):
        insert(connection, f"2026-03-{day}T10:00Z")
    spans = refresh._oldest(connection, refresh.await_generation(connection))
    hours = [span.since.day for span in spans if span.until - span.since == timedelta(hours=1)]
    days = [span.since.day for span in spans if span.until - span.since == timedelta(days=1)]
    assert (hours, days) == ([2, 5, 9], [2, 5, 9])
    assert [span.since.day for span in spans] == hours + days  # small buckets feed large ones


def test_neighbouring_buckets_are_written_together(connection: db.Connection) -> None:
    for hour in range(24):
        insert(connection, f"2026-03-02T{hour:02}:10Z")
    spans = refresh._oldest(connection, refresh.await_generation(connection))
    assert sorted(span.buckets for span in spans) == [1, 24]


def test_clean_buckets_are_left_alone(connection: db.Connection) -> None:
    insert(connection, "2026-03-01T10:00Z")
    refresh.run(connection)
    insert(connection, "2026-03-02T10:00Z")
    assert refresh.run(connection).buckets == 2
    assert refresh.run(connection).buckets == 0


@pytest.mark.parametrize("ends_with", ["2026-03-01T23:59:59.999999Z", "2026-03-02T00:00:00Z"])
def test_the_edges_of_a_bucket(connection: db.Connection, ends_with: str) -> None:
    insert(connection, "2026-03-01T00:00:00Z")
    insert(connection, ends_with)
    assert wrong(connection) == {}
    refresh.run(connection)
    assert wrong(connection) == {}


def test_marks_do_not_pile_up(connection: db.Connection) -> None:
    """A week of load, refreshed as often as the schedule does: the marks stay a handful."""
    largest = 0
    for minute in range(0, 7 * 24 * 60, 60):
        at = START + timedelta(minutes=minute)
        for user in range(5):
            connection.execute(INSERT, (at + timedelta(minutes=user), f"u{user}", 1))
        marks = connection.execute("select count(*) as n from rollups.dirty_buckets").fetchone()
        assert marks
        largest = max(largest, marks["n"])
        refresh.run(connection)
    assert largest <= 4
    rows = connection.execute("select count(*) as n from rollups.generations").fetchone()
    assert rows
    assert rows["n"] <= 2
    assert wrong(connection) == {}


def test_a_week_is_written_at_a_time(connection: db.Connection) -> None:
    """A hundred days at once were grouped by more than memory holds, and it took a second to stop.
    A bucket that is wider than a week is written alone, and one of a thousand years too."""
    for day in range(24):
        insert(connection, str(START + timedelta(days=day)), "ana", 1)
    generation = refresh.await_generation(connection)
    due = refresh._oldest(connection, generation)
    spans = [span for span in due if "user_days" in span.materialization]
    assert [span.until for span in spans[:-1]] == [span.since for span in spans[1:]]
    assert sum(span.buckets for span in spans) == 24
    assert max(span.buckets for span in spans) == 7
    assert all(span.buckets <= 168 for span in due)
