"""After a restored backup rooms have another epoch, and nobody is connected."""

from __future__ import annotations

import sys

import pytest

from functions.live import rooms
from functions.shared import db
from infra.ops import restored


def test_rooms_have_another_epoch(
    store: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rooms.append("battle:1", "attack", {})
    before = rooms.get_head("battle:1")
    db.query(
        """
        select live.open_connection(
          's', 'battle:1', 1, 0, null, 'player', '{}', false, null, null, 10
        )
        """
    )
    monkeypatch.setattr(sys, "argv", ["restored"])
    restored.main()
    assert capsys.readouterr().out == "1 rooms have another epoch.\n"
    after = rooms.get_head("battle:1")
    assert before
    assert after
    assert after["seq"] == before["seq"]
    assert after["epoch"] != before["epoch"]
    assert db.query("select 1 from live.connections") == []
