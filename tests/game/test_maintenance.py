"""What scheduled jobs do for the game's tables."""

from __future__ import annotations

from typing import Any

import pytest

from functions.game.maintenance import maintenance
from functions.shared import db
from tests.support.game import buy, make_player


def test_balances_and_ledger_agree(store: str) -> None:
    mira = make_player()
    buy(mira, "sword-1")
    mira.post("/api/pets/egg")
    assert maintenance.audit(db.connection(), 10) == {}


def test_a_balance_that_differs_is_reported_and_stays(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_player()
    db.query("delete from game.ledger")
    assert maintenance.audit(db.connection(), 10) == {"game.players": 1}
    assert '"event": "game.balance"' in capsys.readouterr().out
    assert db.fetch_value("select gold from game.players") == 1000


def test_answers_that_nobody_repeats_any_more_are_deleted(store: str) -> None:
    mira = make_player()
    headers: dict[str, Any] = {"headers": mira.headers | {"Idempotency-Key": "k"}}
    mira.post("/api/pets/egg", **headers)
    assert maintenance.maintain(db.connection(), 0) == {"idempotency": 0}
    db.query("update game.idempotency set stored_at = stored_at - interval '25 hours'")
    assert maintenance.maintain(db.connection(), 0) == {"idempotency": 1}
