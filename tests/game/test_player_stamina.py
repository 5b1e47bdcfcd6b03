"""Stamina: game.md 5.2 and what 5.8 says of its boosts, against the same rules in fractions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from functions.shared import db
from tests.support.client import Client
from tests.support.game import buy, change, make_player, pass_time

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
ONE_STORE = examples(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)


@dataclass(frozen=True)
class State:
    """Stamina as it is stored."""

    points: int
    rest: int
    anchor: datetime
    maximum: int


@dataclass(frozen=True)
class Boost:
    """A least maximum, up to a moment."""

    value: int | None = None
    ends_at: datetime | None = None


def stamina_at(
    state: State, at: datetime, boost: Boost, permille: int = 100, seconds: int = 10
) -> State:
    row = db.query(
        """
        select (s).points, (s).rest, (s).anchor
        from game.stamina_at(
            %s::game.stamina, %s::integer, %s::timestamptz, %s, %s, %s
          ) as s
        """,
        (
            (state.points, state.rest, state.anchor, state.maximum),
            boost.value,
            boost.ends_at,
            at,
            permille,
            seconds,
        ),
    )[0]
    return State(row["points"], row["rest"], row["anchor"], state.maximum)


def expected(state: State, at: datetime, boost: Boost, permille: int, seconds: int) -> Fraction:
    """Tick by tick, in fractions: the points with what is beyond them."""
    points = state.points + Fraction(state.rest, 1000)
    moment, was_boosted = state.anchor, boost.ends_at is not None
    while (moment := moment + timedelta(seconds=seconds)) <= at:
        is_boosted = bool(boost.ends_at and moment <= boost.ends_at)
        if was_boosted and not is_boosted:
            points, was_boosted = min(points, Fraction(state.maximum)), False
        most = max(state.maximum, boost.value or 0) if is_boosted else state.maximum
        points = min(points + Fraction(most * permille, 1000), Fraction(most))
    if was_boosted and boost.ends_at and at >= boost.ends_at:
        points = min(points, Fraction(state.maximum))
    return points


moments = st.integers(0, 900).map(lambda tenths: START + timedelta(seconds=tenths / 10))
states = st.builds(
    State, st.integers(0, 100), st.just(0), st.just(START), st.sampled_from([100, 101, 103, 137])
)
boosts = st.one_of(st.just(Boost()), st.builds(Boost, st.sampled_from([50, 500, 1000]), moments))


@ONE_STORE
@given(
    state=states,
    at=moments,
    boost=boosts,
    permille=st.sampled_from([100, 33, 1000]),
    seconds=st.sampled_from([10, 7]),
)
def test_it_regenerates_by_whole_ticks(
    store: str, state: State, at: datetime, boost: Boost, permille: int, seconds: int
) -> None:
    found = stamina_at(state, at, boost, permille, seconds)
    points = expected(state, at, boost, permille, seconds)
    assert found.points == int(points)
    assert Fraction(found.rest, 1000) == points - int(points)
    assert timedelta() <= at - found.anchor < timedelta(seconds=seconds)


@ONE_STORE
@given(state=states, boost=boosts, steps=st.lists(moments, min_size=1, max_size=5))
def test_it_does_not_matter_how_often_one_asks(
    store: str, state: State, boost: Boost, steps: list[datetime]
) -> None:
    once = stamina_at(state, max(steps), boost)
    for at in sorted(steps):
        state = stamina_at(state, at, boost)
    assert state == once


@pytest.mark.parametrize(
    ("points", "maximum", "seconds", "left"),
    [
        (0, 100, 9.999, (0, 0)),
        (0, 100, 10, (10, 0)),
        (0, 103, 10, (10, 300)),
        (0, 103, 40, (41, 200)),
        (95, 103, 10, (103, 0)),
        (100, 100, 3600, (100, 0)),
        (0, 100, 10**9, (100, 0)),
    ],
)
def test_the_numbers_of_the_contract(
    store: str, points: int, maximum: int, seconds: float, left: tuple[int, int]
) -> None:
    state = State(points, 0, START, maximum)
    found = stamina_at(state, START + timedelta(seconds=seconds), Boost())
    assert (found.points, found.rest) == left


def test_a_clock_that_is_set_back_costs_no_more_than_a_tick(store: str) -> None:
    back = START - timedelta(hours=1)
    state = stamina_at(State(40, 300, START, 103), back, Boost())
    assert (state.points, state.rest, state.anchor) == (40, 300, back)
    assert stamina_at(state, back + timedelta(seconds=10), Boost()).points == 50


def test_a_boost_that_ended_between_two_reads_counts_up_to_its_end(store: str) -> None:
    boost = Boost(500, START + timedelta(seconds=25))
    state = stamina_at(State(0, 0, START, 100), START + timedelta(seconds=24), boost)
    assert state.points == 100
    state = State(0, 0, START, 100)
    at_end = stamina_at(state, START + timedelta(seconds=25), boost)
    assert (at_end.points, at_end.anchor) == (100, START + timedelta(seconds=20))


def test_full_stamina_earns_nothing_for_later(store: str) -> None:
    mira = make_player()
    pass_time(mira, 3600)
    mira.post("/api/player/regenerate-stamina")
    change(mira, stamina=50)
    assert mira.get("/api/player/me").json["stamina"] == 50
    pass_time(mira, 10)
    assert mira.get("/api/player/me").json["stamina"] == 60


def test_a_boost_fills_and_is_cut_afterwards(store: str) -> None:
    mira: Client = make_player()
    change(mira, stamina=1)
    answered = mira.post(f"/api/inventory/use-potion/{buy(mira, 'vigour-1')}").json
    assert (answered["stamina"], answered["stamina_max"]) == (500, 500)
    pass_time(mira, 301)
    me = mira.get("/api/player/me").json
    assert (me["stamina"], me["stamina_max"]) == (100, 100)


def test_a_boost_never_lowers_a_greater_maximum(store: str) -> None:
    mira = make_player()
    change(mira, stamina_max=700, stamina=700)
    answered = mira.post(f"/api/inventory/use-potion/{buy(mira, 'vigour-1')}").json
    assert (answered["stamina"], answered["stamina_max"]) == (700, 700)


def test_regeneration_is_a_setting(store: str, setting: object) -> None:
    mira = make_player()
    change(mira, stamina=0)
    pass_time(mira, 6)
    assert callable(setting)
    setting(STAMINA_REGEN_PERCENT="0.25", STAMINA_REGEN_INTERVAL="5")
    assert mira.get("/api/player/me").json["stamina"] == 25
