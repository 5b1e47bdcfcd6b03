"""A bracket's matches as columns."""

from __future__ import annotations

from typing import Any

from tests.support.modules import evaluate


def play(number: int, *matches: tuple[str | None, str]) -> dict[str, Any]:
    pairings = [{"bracket": bracket, "match_code": code} for bracket, code in matches]
    return {"round_number": number, "pairings": pairings}


def test_each_bracket_has_the_rounds_in_which_it_is_played() -> None:
    rounds = [
        play(1, ("winners", "W1-1"), ("winners", "W1-2")),
        play(2, ("winners", "W2-1"), ("losers", "L1-1")),
        play(3, ("grand_final", "GF1")),
    ]
    found = evaluate("tournament_parts.js", "m.toBrackets(given)", rounds)
    shown = [(one["title"], [column["number"] for column in one["rounds"]]) for one in found]
    assert shown == [("Winners", [1, 2]), ("Losers", [2]), ("Grand final", [3])]


def test_swiss_rounds_are_no_bracket() -> None:
    found = evaluate("tournament_parts.js", "m.toBrackets(given)", [play(1, (None, "1"))])
    assert found == []
