"""What scheduled jobs do for the game's tables."""

from __future__ import annotations

from typing import Any

import pytest

from functions.game.maintenance import maintenance
from functions.shared import db
from tests.support.connections import own_connections
from tests.support.game import at_once, make_player


def test_answers_that_nobody_repeats_any_more_are_deleted(store: str) -> None:
    mira = make_player()
    headers: dict[str, Any] = {"headers": mira.headers | {"Idempotency-Key": "k"}}
    mira.post("/api/pets/egg", **headers)
    assert maintenance.maintain(db.connection(), 0) == {"idempotency": 0}
    db.query("update game.idempotency set stored_at = stored_at - interval '25 hours'")
    assert maintenance.maintain(db.connection(), 0) == {"idempotency": 1}


@pytest.mark.commits
def test_whatever_happens_at_once_created_less_destroyed_is_held(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three players, each from twenty sides at once: balances, ledger and purchases agree."""
    players = [make_player(f"Player {n}") for n in range(3)]
    entries = ("rest-1", "food-1", "sword-1", "fury-2", "egg-fox", "helmet-1", "fury-10")

    def spend(number: int) -> Any:
        client = players[number % 3]
        for turn in range(4):
            entry = entries[(number * 5 + turn * 3) % 7]
            currency = "gems" if (number + turn) % 5 == 0 else "gold"
            client.post("/api/shop/purchase", {"item_id": entry, "currency": currency})
        return client.post("/api/pets/egg")

    with own_connections(store, monkeypatch):
        at_once(60, spend)
    assert maintenance.check(db.connection()) == {}
    for row in db.query(
        """
        select p.gold,
          (select sum(u.cost_gold) from game.purchases as u where u.player_id = p.user_id) as spent
        from game.players as p
        """
    ):
        assert row["gold"] == 1000 - row["spent"] >= 0
    made = "select sum(amount) filter (where amount > 0) as made, sum(amount) as held"
    assert db.query(f"{made} from game.ledger")[0] == {  # type: ignore[arg-type]
        "made": 3000,
        "held": db.fetch_value("select sum(gold) from game.players"),
    }
