"""A tournament as the engine reads it, from one moment of the store.

Imports the engine: whoever needs no pairing and no place does not import this.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from functions.shared import db
from functions.tracker.calls import Call
from functions.tracker.engine.tournament import (
    Bye,
    Pairing,
    Player,
    Result,
    Round,
    Rules,
    Tournament,
)


class StoredTournament(NamedTuple):
    """A tournament: what the engine reads of it, and what else a verb needs."""

    id: str
    status: str
    version: int
    current_round: int
    tournament: Tournament
    rules: dict[str, Any]
    armies: dict[str, dict[str, Any]]  # copies by user
    army_ids: dict[str, str]  # by user
    report: dict[str, Any]  # of the current round's pairing
    stale_rounds: frozenset[int]
    champion_id: str | None
    seconds_since_end: float | None

    @property
    def round(self) -> Round:
        """The current round; there is one once the tournament has started."""
        return self.tournament.rounds[-1]


def read_tournament(tournament_id: str) -> StoredTournament | None:
    """A tournament as it is now; None for none. One round trip."""
    found = db.fetch_value("select tracker.read_tournament(%s)", (tournament_id,))
    return parse_tournament(found) if found else None


def read_own_tournament(call: Call, tournament_id: str) -> StoredTournament | None:
    """A tournament as it is now, for who organises it; None for anybody else. One round trip."""
    found = db.fetch_value(
        """
        select tracker.read_tournament(t.id)
        from accounts.session_caller(%s, %s, %s::uuid) as c
        join tracker.tournaments as t
        on t.id = %s and (c.role = 'admin' or tracker.owns(t, c.public_id))
        """,
        (*call[:3], tournament_id),
    )
    return parse_tournament(found) if found else None


def parse_tournament(found: dict[str, Any]) -> StoredTournament:
    """A tournament from what `tracker.read_tournament` returns."""
    ended_at = found["ended_at"]
    return StoredTournament(
        id=found["id"],
        status=found["status"],
        version=found["version"],
        current_round=found["current_round"],
        tournament=_to_tournament(found),
        rules=found["rules"],
        armies={player["user_id"]: player["army"] for player in found["players"]},
        army_ids={player["user_id"]: player["army_id"] for player in found["players"]},
        report=found["report"] or {},
        stale_rounds=frozenset(one["number"] for one in found["rounds"] if one["is_stale"]),
        champion_id=found["champion_id"],
        seconds_since_end=None if ended_at is None else found["now"] - ended_at,
    )


def _to_tournament(found: dict[str, Any]) -> Tournament:
    rules = found["rules"]
    kept = {name: rules[name] for name in Rules._fields if rules.get(name) is not None}
    if found["swiss_rounds"] is not None:
        kept["swiss_rounds"] = found["swiss_rounds"]
    kept["tiebreakers"] = tuple(rules["tiebreakers"])
    pairings: dict[int, list[Pairing]] = {}
    for one in found["pairings"]:
        pairings.setdefault(one[0], []).append(_to_pairing(one))
    return Tournament(
        format=found["format"],
        pairing_seed=found["pairing_seed"],
        players=tuple(_to_player(player) for player in found["players"]),
        rounds=tuple(
            Round(
                round_["number"],
                tuple(pairings.get(round_["number"], ())),
                tuple(Bye(bye["player_id"], bye["reason"]) for bye in round_["byes"]),
            )
            for round_ in found["rounds"]
        ),
        tables=tuple(found["tables"]),
        rules=Rules(**kept),
    )


def _to_player(found: dict[str, Any]) -> Player:
    absences = {int(number): credit for number, credit in found["absences"].items()}
    return Player(
        user_id=found["user_id"],
        seed=found["seed"],
        display_name=found["display_name"] or "",
        status=found["status"],
        club=found["club"],
        fixed_table=found["fixed_table"],
        dropped_after_round=found["dropped_after_round"],
        absent=frozenset(absences),
        credits=absences,
    )


def _to_pairing(found: list[Any]) -> Pairing:
    _, battle_id, one, two, table, is_locked, bracket, code, status, winner, kind, points = found
    return Pairing(
        player1_id=one,
        player2_id=two,
        table_number=table,
        result=Result((points[0], points[1]), winner, kind) if points else None,
        battle_id=battle_id,
        has_started=status in ("in_progress", "completed"),
        is_locked=is_locked,
        is_cancelled=status == "cancelled",
        bracket=bracket,
        match_code=code,
    )
