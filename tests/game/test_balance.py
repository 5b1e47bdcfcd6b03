"""How far an hour a day takes a player: `make test ARGS="tests/game/test_balance.py -s"`."""

from __future__ import annotations

import sys
from random import Random

import pytest

from functions.game import chance
from functions.game.maintenance import maintenance
from functions.shared import db
from tests.support.accounts import make_user
from tests.support.simulated_player import HEADER, Day, SimulatedPlayer


@pytest.mark.commits
@pytest.mark.parametrize(
    ("seconds", "drinks", "fewest", "most"), [(5, True, 4, 8), (10, False, 6, 16)]
)
def test_an_hour_a_day_leads_to_level_30(
    store: str,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    drinks: bool,
    fewest: int,
    most: int,
) -> None:
    """Neither at once nor never: who acts every five seconds and drinks potions, and who takes it
    easy. Nobody is stuck on the way, and there is always something to buy."""
    monkeypatch.setattr(chance, "source", Random(11))
    user = make_user()
    call = (user["id"], user["token_version"], None, None, None, 100, 10)
    simulated = SimulatedPlayer(call, seconds, drinks)
    days: list[Day] = []
    say(f"An action every {seconds} seconds, {'with' if drinks else 'without'} potions")
    say(HEADER)
    while not days or days[-1].level < 30:
        assert len(days) < most, "stuck"
        days.append(simulated.play_day(len(days) + 1))
        say(str(days[-1]))
    assert len(days) >= fewest
    assert days[0].level >= 3
    assert any("sword" in name or "bow" in name for name in days[0].bought)
    levels = [day.level for day in days]
    assert levels == sorted(set(levels))  # each day reaches another one
    assert maintenance.audit(db.connection(), 10) == {}


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
