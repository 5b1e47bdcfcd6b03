"""Writing rounds as the engine pairs them: battles for new pairings, none for pairings that go."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from functions.shared import db
from functions.tracker.engine.pairing import report_round
from functions.tracker.engine.tournament import (
    COST_LETTERS,
    Pairing,
    PairingReport,
    Round,
    Tournament,
)
from functions.tracker.tournaments.changes import Opened
from functions.tracker.tournaments.pairing_battles import (
    cancel_battles,
    make_battles,
    move_battles,
)
from functions.tracker.tournaments.state import StoredTournament


def write_round(
    opened: Opened, stored: StoredTournament, round_: Round, report: dict[str, Any] | None = None
) -> None:
    """Stores a round in the place of what there was of it: pairings that keep their battle stay,
    new ones get one, and the battles of those that go are cancelled. Without a report it keeps
    its own."""
    kept = {pairing.battle_id for pairing in round_.pairings}
    old = _find_pairings(stored, round_.number)
    gone = [battle_id for battle_id in old if battle_id not in kept]
    cancel_battles(opened, gone, "The round was paired again")
    moved = {
        pairing.battle_id: pairing.table_number
        for pairing in round_.pairings
        if pairing.battle_id and pairing.table_number != old[pairing.battle_id].table_number
    }
    move_battles(opened, moved)
    round_ = make_battles(opened, stored, round_)
    db.query(
        "select tracker.save_round(%s, %s, %s, %s, %s)",
        (
            opened.request.tournament_id,
            round_.number,
            Jsonb([_to_row(pairing) for pairing in round_.pairings]),
            Jsonb([{"player_id": bye.player_id, "reason": bye.reason} for bye in round_.byes]),
            None if report is None else Jsonb(report),
        ),
    )


def write_changed_rounds(opened: Opened, stored: StoredTournament, after: Tournament) -> None:
    """Stores those rounds that differ in who meets whom, or where, or who has a bye, and takes back
    those that are gone."""
    known = {round_.number: _outline(round_) for round_ in stored.tournament.rounds}
    for round_ in after.rounds:
        if known.get(round_.number) != _outline(round_):
            write_round(opened, stored, round_, _report(after, round_.number))
    take_back_rounds(opened, stored, len(after.rounds))


def _report(after: Tournament, number: int) -> dict[str, Any] | None:
    """Why a round is as it is now; a bracket's report is about its seeding, and stays."""
    return describe_report(report_round(after, number)) if after.format == "swiss" else None


def take_back_rounds(opened: Opened, stored: StoredTournament, last: int) -> None:
    """Takes back the rounds after a number, and cancels their battles."""
    gone = stored.tournament.rounds[last:]
    if not gone:
        return
    battle_ids = [one for round_ in gone for one in _find_pairings(stored, round_.number)]
    cancel_battles(opened, battle_ids, "The round was taken back")
    db.query("select tracker.delete_rounds(%s, %s)", (opened.request.tournament_id, last))


def _find_pairings(stored: StoredTournament, number: int) -> dict[str, Pairing]:
    """The pairings of a round that is stored, by battle."""
    found = stored.tournament.rounds[number - 1 : number]
    return {one.battle_id: one for round_ in found for one in round_.pairings if one.battle_id}


def mark_stale(opened: Opened, rounds: dict[int, bool]) -> None:
    """Marks rounds that a correction would pair otherwise, and those it would not any more.

    One round trip.
    """
    db.query(
        """
        update tracker.rounds as r
        set is_stale = s.is_stale
        from unnest(%s::integer[], %s::boolean[]) as s (round_number, is_stale)
        where r.tournament_id = %s
          and r.round_number = s.round_number
        """,
        (list(rounds), list(rounds.values()), opened.request.tournament_id),
    )


def describe_report(report: PairingReport) -> dict[str, Any]:
    """A report as clients read it."""
    cost = report.cost
    return {
        "order": list(report.order),
        "cost": None
        if cost is None
        else {COST_LETTERS[name]: value for name, value in cost._asdict().items()},
        "rematch_free_possible": report.rematch_free_possible,
        "rematches": [
            {"players": list(one.player_ids), "rounds": list(one.rounds)}
            for one in report.rematches
        ],
        "repeat_bye": report.repeat_bye,
        "same_club": [list(pair) for pair in report.same_club],
        "cross_record": [
            {"players": list(one.player_ids), "match_points": list(one.match_points)}
            for one in report.cross_record
        ],
        "notes": list(report.notes),
    }


def describe_round(round_: Round) -> dict[str, Any]:
    """A round that is not stored: who meets whom, and who has a bye."""
    return {
        "round_number": round_.number,
        "pairings": [
            {
                "player1_id": pairing.player1_id,
                "player2_id": pairing.player2_id,
                "table_number": pairing.table_number,
                "locked": pairing.is_locked,
                "bracket": pairing.bracket,
                "match_code": pairing.match_code,
            }
            for pairing in round_.pairings
        ],
        "byes": [{"player_id": bye.player_id, "reason": bye.reason} for bye in round_.byes],
    }


def _to_row(pairing: Pairing) -> dict[str, Any]:
    return {
        "battle_id": pairing.battle_id,
        "player1_id": pairing.player1_id,
        "player2_id": pairing.player2_id,
        "table_number": pairing.table_number,
        "is_locked": pairing.is_locked,
        "bracket": pairing.bracket,
        "match_code": pairing.match_code,
    }


def _outline(round_: Round) -> tuple[Any, ...]:
    games = {
        (one.battle_id, *one.player_ids, one.table_number, one.match_code)
        for one in round_.pairings
    }
    return games, {(bye.player_id, bye.reason) for bye in round_.byes}
