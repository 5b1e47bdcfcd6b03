"""Player against player, as long as it is not played (game.md section 8)."""

from __future__ import annotations

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.game import make_player

READS = ("/api/pvp/stats", "/api/pvp/online-players", "/api/pvp/active-duels")


def test_the_arena_page_is_quiet(store: str) -> None:
    mira = make_player()
    stats = mira.get("/api/pvp/stats").json
    assert stats == dict.fromkeys(
        (
            *("wins", "losses", "draws", "gold_won", "gold_lost", "gold_wagered", "win_rate"),
            *("current_win_streak", "best_win_streak"),
        ),
        0,
    )
    assert mira.get("/api/pvp/online-players").json == []
    assert mira.get("/api/pvp/active-duels/").json == []


@pytest.mark.parametrize("path", READS)
def test_only_users_read_it(store: str, path: str) -> None:
    mira = make_player()
    answered = Client().get(path)
    assert (answered.status, answered.json) == (401, {"detail": "Authentication required"})
    db.query("update accounts.users set token_version = token_version + 1")
    assert mira.get(path).json == {"detail": "Could not validate credentials"}
    db.query("update accounts.users set is_active = false")
    assert mira.get(path).json == {"detail": "Inactive user"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/pvp"),
        ("POST", "/api/pvp/challenge"),
        ("POST", "/api/pvp/challenge/1/respond"),
        ("DELETE", "/api/pvp/challenge/1"),
        ("POST", "/api/pvp/duel/1/start-battle"),
        ("POST", "/api/pvp/duel/1/complete"),
        ("GET", "/api/ws/pvp?token=x"),
        ("GET", "/api/ws/pvp-battle/1?token=x"),
    ],
)
def test_nothing_else_is_there(store: str, method: str, path: str) -> None:
    answered = make_player().call(method, path, {} if method == "POST" else None)
    assert (answered.status, answered.json) == (404, {"detail": "Not Found"})
