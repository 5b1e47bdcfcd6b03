"""Results that organisers enter or correct: everything is then as if they were the first ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from functions.shared import db
from functions.shared.fields import ResponseModel
from functions.shared.response import Response
from functions.tracker.battles.models import Battle
from functions.tracker.battles.problems import refuse_field
from functions.tracker.calls import Body, Call
from functions.tracker.fields import PathId
from functions.tracker.tournaments import models
from functions.tracker.tournaments.changes import (
    ChangeRequest,
    Done,
    Opened,
    ResultLocked,
    apply_change,
    refuse_state,
)
from functions.tracker.tournaments.judging import judge, merge_scores
from functions.tracker.tournaments.pairing_battles import read_battle, set_result
from functions.tracker.tournaments.titles import find_champion, move_title
from functions.tracker.tournaments.tournaments import TournamentPath

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.engine.corrections import AffectedMatch, Correction
    from functions.tracker.engine.tournament import Pairing, Result
    from functions.tracker.tournaments.state import StoredTournament

CORRECTION_SECONDS = 30 * 86_400  # after the end of a tournament


class ResultPath(TournamentPath):
    """Which battle of which tournament a path names."""

    battle_id: PathId


class ShownResult(ResponseModel):
    """How a game ended."""

    victory_points: dict[str, int]
    winner_id: str | None
    result_type: str


class RankChange(ResponseModel):
    """A place before and after; null in a bracket still open."""

    user_id: str
    before: int | None
    after: int | None


class AffectedRound(ResponseModel):
    """A later round: it would be paired otherwise, or was begun and stays."""

    round: int
    status: Literal["stale", "kept"]


class ShownCorrection(ResponseModel):
    """What a result changes."""

    before: ShownResult | None
    after: ShownResult
    standings_changes: list[RankChange]
    affected_rounds: list[AffectedRound]
    affected_matches: list[models.AffectedMatch]


class Entered(ResponseModel):
    """A tournament and a battle after a result, and what it changed."""

    tournament: models.Tournament
    battle: Battle
    correction: ShownCorrection


def enter(call: Call, path: ResultPath, body: Body, versions: list[int] | None) -> Response:
    """Enters or corrects a result; raises NotFound, Forbidden, Conflict."""
    from functions.tracker.tournaments.state import read_tournament

    def act(opened: Opened) -> Done:
        sent = body.sent or {}
        stored = read_tournament(path.tournament_id)
        assert stored
        _check_time(stored)
        correction, scores = _correct(stored, path.battle_id, sent)
        shown = _to_response(correction, stored, path.battle_id)
        if sent["dry_run"]:
            battle = read_battle(opened, path.battle_id)
            return Done(None, {}, {"correction": shown, "battle": battle})
        _write(opened, stored, correction)
        battle = set_result(opened, path.battle_id, correction.after, scores, sent["reason"])
        type_ = "result_entered" if correction.before is None else "result_corrected"
        data = {"battle_id": path.battle_id, "reason": sent["reason"], **shown}
        return Done(type_, data, {"correction": shown, "battle": battle})

    request = ChangeRequest(
        call, path.tournament_id, "owner", body, versions, battle_id=path.battle_id
    )
    return apply_change(request, act)


def _check_time(stored: StoredTournament) -> None:
    if stored.status == "completed":
        assert stored.seconds_since_end is not None
        if stored.seconds_since_end > CORRECTION_SECONDS:
            raise refuse_state(
                stored.status, "too_late", "The tournament has been over for 30 days"
            )
    elif stored.status != "active":
        raise refuse_state(stored.status, "not_active", "The tournament is not being played")


def find_pairing(stored: StoredTournament, battle_id: str) -> Pairing:
    """The pairing of a battle of the tournament."""
    return next(
        pairing
        for round_ in stored.tournament.rounds
        for pairing in round_.pairings
        if pairing.battle_id == battle_id
    )


def _correct(
    stored: StoredTournament, battle_id: str, sent: Mapping[str, Any]
) -> tuple[Correction, dict[str, dict[str, int]]]:
    """What a result changes, and both players' scores with it; raises Conflict, Invalid."""
    from functions.tracker.engine.corrections import LockedResultError, enter_result

    pairing = find_pairing(stored, battle_id)
    if pairing.is_cancelled:
        raise refuse_state(stored.status, "cancelled", "The battle was cancelled")
    if pairing.result and sent["reason"] is None:
        refuse_field("reason", "required", "is required where there is a result already")
    scores = merge_scores(stored, pairing, sent)
    result = judge(pairing, sent, scores)
    try:
        correction = enter_result(stored.tournament, battle_id, result, force=sent["force"])
    except LockedResultError as locked:
        raise ResultLocked(
            "Matches that have begun would be void: force voids them",
            affected_matches=[describe_match(match) for match in locked.affected_matches],
        ) from None
    except ValueError:
        refuse_field("winner_id", "winner_required", "must name who passes on")
    return correction, scores


def _write(opened: Opened, stored: StoredTournament, correction: Correction) -> None:
    """Stores what a result changes elsewhere: later matches, stale rounds, and the champion."""
    from functions.tracker.tournaments import round_writer

    after = correction.tournament
    round_writer.write_changed_rounds(opened, stored, after)
    stale = {one.round for one in correction.affected_rounds if one.status == "stale"}
    known = {round_.number: round_.number in stale for round_ in after.rounds}
    changed = {
        number: is_stale
        for number, is_stale in known.items()
        if is_stale != (number in stored.stale_rounds)
    }
    if changed:
        round_writer.mark_stale(opened, changed)
    if stored.status == "completed":
        champion = find_champion(stored._replace(tournament=after))
        move_title(stored.champion_id, champion)
        db.query(
            """
            update tracker.tournaments as t
            set champion_id = %s
            where t.id = %s
            """,
            (champion, stored.id),
        )


def _to_response(
    correction: Correction, stored: StoredTournament, battle_id: str
) -> dict[str, Any]:
    players = find_pairing(stored, battle_id).player_ids
    return {
        "before": correction.before and _to_result(correction.before, players),
        "after": _to_result(correction.after, players),
        "standings_changes": [change._asdict() for change in correction.standings_changes],
        "affected_rounds": [one._asdict() for one in correction.affected_rounds],
        "affected_matches": [describe_match(match) for match in correction.affected_matches],
    }


def _to_result(result: Result, players: tuple[str, str]) -> dict[str, Any]:
    return {
        "victory_points": dict(zip(players, result.victory_points, strict=True)),
        "winner_id": result.winner_id,
        "result_type": result.result_type,
    }


def describe_match(match: AffectedMatch) -> dict[str, Any]:
    """A match of a bracket whose players change, as clients read it."""
    return {
        "battle_id": match.battle_id,
        "round": match.round,
        "match_code": match.match_code,
        "old_players": None if match.old_player_ids is None else list(match.old_player_ids),
        "new_players": None if match.new_player_ids is None else list(match.new_player_ids),
        "has_result": match.has_result,
    }
