"""Clocks that nothing ticks: what they show follows from when they run and what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.live.clock import Clock

START = datetime(2027, 2, 6, 9, 14, 3, 120_000, UTC)
NOTHING = timedelta()
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
spans = st.timedeltas(NOTHING, timedelta(days=1))
limits = st.timedeltas(TICK, timedelta(days=1))


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    ("after", "time_remaining", "overtime", "expired"),
    [
        (0, 60, 0, False),
        (0.000001, 59, 0, False),
        (59, 1, 0, False),
        (59.999999, 0, 0, False),
        (60, 0, 0, True),
        (60.999999, 0, 0, True),
        (61, 0, 1, True),
    ],
)
def test_a_running_clock(after: float, time_remaining: int, overtime: int, expired: bool) -> None:
    read = Clock(seconds(60)).start(START).read(START + seconds(after))
    assert (read.time_remaining, read.overtime) == (time_remaining, overtime)
    assert (read.expired, read.running) == (expired, True)
    assert (read.used, read.deadline) == (seconds(after), START + seconds(60))


def test_a_paused_clock_stands_and_has_no_deadline() -> None:
    clock = Clock(seconds(60)).start(START).pause(START + seconds(20.5))
    for later in (0, 21, 100_000):
        read = clock.read(START + seconds(later))
        assert (read.used, read.time_remaining) == (seconds(20.5), 39)
        assert (read.running, read.expired, read.deadline) == (False, False, None)
    assert clock.start(START + seconds(100)).deadline == START + seconds(139.5)


def test_without_a_limit_it_never_expires() -> None:
    clock = Clock(NOTHING).start(START)
    read = clock.read(START + timedelta(days=900))
    assert (read.time_remaining, read.overtime, read.expired) == (0, 0, False)
    assert (read.used, read.deadline) == (timedelta(days=900), None)
    assert clock.expired_at(START + timedelta(days=900)) is None


def test_who_has_used_up_a_budget_expires_when_the_clock_starts_again() -> None:
    """As a turn in chess mode that begins with nothing left: never before it began."""
    clock = Clock(seconds(60), seconds(75)).start(START)
    assert clock.deadline == START - seconds(15)
    assert clock.expired_at(START) == START
    assert clock.expired_at(START + seconds(9)) == START


def test_a_paused_clock_does_not_expire_though_it_is_used_up() -> None:
    clock = Clock(seconds(60), seconds(60))
    assert clock.read(START).expired
    assert clock.expired_at(START) is None


def test_time_that_is_given_back_is_there_to_use() -> None:
    read = Clock(seconds(60), seconds(-30)).start(START).read(START)
    assert (read.time_remaining, read.deadline) == (90, START + seconds(90))


@given(limits, spans, spans)
def test_it_expires_at_its_deadline_and_not_before(
    limit: timedelta, used: timedelta, elapsed: timedelta
) -> None:
    clock, now = Clock(limit, used).start(START), START + elapsed
    read = clock.read(now)
    assert read.expired == (now >= START + limit - used)
    assert clock.expired_at(now) == (max(START, START + limit - used) if read.expired else None)
    assert read.deadline == now + limit - read.used
    assert not (read.time_remaining and read.overtime)
    left = limit - read.used
    shown = left - (read.time_remaining - read.overtime) * SECOND
    assert NOTHING <= shown < SECOND if left >= NOTHING else -SECOND < shown <= NOTHING


@given(limits, st.lists(spans, max_size=8))
def test_pauses_cost_nothing_and_reads_change_nothing(
    limit: timedelta, steps: list[timedelta]
) -> None:
    """However a clock is paused, started and looked at, it has used the time in which it ran."""
    clock, now, used = Clock(limit), START, NOTHING
    for number, step in enumerate(steps):
        clock = clock.start(now) if number % 2 else clock.pause(now)
        clock.read(now + step / 2)
        now += step
        used += step if number % 2 else NOTHING
        assert clock.read(now).used == used
    assert clock.pause(now).read(now)[:4] == clock.read(now)[:4]


@given(spans, spans)
def test_what_was_done_already_is_not_done_again(ran: timedelta, later: timedelta) -> None:
    """A second start keeps the first one's time, a second pause adds none."""
    running = Clock(seconds(60)).start(START)
    assert running.start(START + ran) == running
    paused = running.pause(START + ran)
    assert paused.pause(START + ran + later) == paused


@given(limits, spans)
def test_a_server_whose_time_went_back_gives_nobody_time(limit: timedelta, back: timedelta) -> None:
    clock = Clock(limit, SECOND).start(START)
    assert clock.read(START - back).used == SECOND
    assert clock.pause(START - back).used == SECOND
