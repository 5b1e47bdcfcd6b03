"""The key command: what it prints opens the door."""

from __future__ import annotations

import sys

import pytest

from infra.ops import keys
from tests.support.client import Client


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["keys", *words])
    keys.main()


def test_a_key_is_issued_listed_and_revoked(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "issue", "bot", "tilt:read")
    key = capsys.readouterr().out.strip()
    assert client.get("/api/tilt/stats/u", headers={"X-Api-Key": key}).status == 200
    capsys.readouterr()
    run(monkeypatch, "list")
    listed = capsys.readouterr().out
    assert key.split("_")[1] in listed
    assert key not in listed
    run(monkeypatch, "revoke", key.split("_")[1])
    with pytest.raises(SystemExit, match="No live key"):
        run(monkeypatch, "revoke", key.split("_")[1])


def test_an_unknown_scope_is_refused(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "issue", "bot", "everything")
