"""The worked session of the web game's contract (game.md 7), with draws that are known."""

from __future__ import annotations

import pytest

from tests.support import game_session
from tests.support.battles import MOST, make_battle
from tests.support.client import Client
from tests.support.game import drawing
from tests.support.game_session import Style

STYLES = [Style(is_seed, slash) for is_seed in (False, True) for slash in ("", "/")]


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("spread", [0, 2**31, MOST])
def test_the_session(store: str, spread: int, style: Style) -> None:
    """No critical hit and no item; damages at the ends and in the middle of their ranges."""
    mira = Client(game_session.register(Client(), style.slash))
    game_session.arm(mira, *game_session.go_shopping(mira, "Mira_K", style), style)
    battle = make_battle()
    ids = game_session.enter(mira, battle, "Mira_K", style)
    with drawing(*[MOST, spread] * 3, *[MOST] * 100):
        damage = game_session.fight(mira, battle, ids, "Mira_K", style)
    with drawing(MOST):
        assert game_session.loot(mira, battle, style) == []
    game_session.look_back(mira, battle, damage, [], style)
