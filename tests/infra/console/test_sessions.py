"""Sessions, as a player's rounds show them."""

from __future__ import annotations

from typing import Any

from tests.support.modules import evaluate


def play(at: str, **more: Any) -> dict[str, Any]:
    played = {"timestamp": at, "kills": 2, "deaths": 1, "won": True, "karma_diff": 5}
    return played | more


def test_an_hour_without_a_round_ends_a_session() -> None:
    rounds = [
        play("2026-03-02T20:00:00Z"),
        play("2026-03-01T21:30:00Z", won=False, karma_diff=None),
        play("2026-03-01T20:30:01Z", kills=0),
        play("2026-03-01T19:30:01Z"),
    ]
    found = evaluate("sessions.js", "m.toSessions(given)", rounds)
    assert [(one["from"], one["seconds"], one["rounds"]) for one in found] == [
        ("2026-03-02T20:00:00Z", 0, 1),
        ("2026-03-01T20:30:01Z", 3599, 2),
        ("2026-03-01T19:30:01Z", 0, 1),
    ]
    assert found[1] | {"won": 1, "kills": 2, "deaths": 2, "karma": 5} == found[1]


def test_no_rounds_are_no_sessions() -> None:
    assert evaluate("sessions.js", "m.toSessions(given)", []) == []
