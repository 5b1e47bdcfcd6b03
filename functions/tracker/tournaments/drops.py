"""Players who leave: before the start a withdrawal, later a walkover of the open game."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from functions.shared import db
from functions.shared.fields import RequestModel
from functions.shared.response import Response
from functions.tracker.calls import Body, Call
from functions.tracker.tournaments.changes import (
    ChangeRequest,
    Done,
    Opened,
    apply_change,
    refuse_state,
)
from functions.tracker.tournaments.pairing_battles import set_result
from functions.tracker.tournaments.registrations import ParticipantPath
from functions.tracker.tournaments.results import describe_match

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.engine.drops import Departure
    from functions.tracker.engine.tournament import Player
    from functions.tracker.tournaments.state import StoredTournament


Kind = Literal["drop", "no_show", "disqualified"]


class Drop(RequestModel):
    """Why a player leaves; `repair` pairs an opponent left idle with whom has the bye."""

    kind: Kind = "drop"
    repair: Annotated[bool, Field(strict=True)] = False


def drop(call: Call, path: ParticipantPath, body: Body, versions: list[int] | None) -> Response:
    """Takes a player out of a tournament; raises NotFound, Forbidden, Conflict."""
    from functions.tracker.tournaments.state import read_tournament

    def act(opened: Opened) -> Done:
        sent = Drop.model_validate(body.sent)
        stored = read_tournament(path.tournament_id)
        assert stored
        if stored.status in ("draft", "registration"):
            return _withdraw(opened, path)
        if stored.status != "active":
            raise refuse_state(stored.status, "over", "The tournament is over")
        if path.user_id not in stored.armies:
            raise refuse_state(
                stored.status, "not_playing", "The user does not play in the tournament"
            )
        return _leave(opened, stored, path.user_id, sent)

    request = ChangeRequest(
        call, path.tournament_id, "subject", body, versions, user_id=path.user_id
    )
    return apply_change(request, act)


def settle_departed(opened: Opened, found: StoredTournament | None) -> StoredTournament:
    """The tournament, in which opponents of players who left win their open games.

    Whoever erases their account leaves without anybody to say who wins.
    """
    from functions.tracker.tournaments.state import read_tournament

    assert found
    stored = found
    for player in list_departed(stored):
        kind: Kind = "disqualified" if player.status == "disqualified" else "drop"
        _leave(opened, stored, player.user_id, Drop(kind=kind))
        read = read_tournament(stored.id)
        assert read
        stored = read
    return stored


def list_departed(stored: StoredTournament) -> list[Player]:
    """Who has left, and is in an open game of the current round all the same."""
    playing = {
        user_id
        for round_ in stored.tournament.rounds[-1:]
        for pairing in round_.pairings
        if not pairing.result and not pairing.is_cancelled
        for user_id in pairing.player_ids
    }
    return [
        player
        for player in stored.tournament.players
        if player.status != "confirmed" and player.user_id in playing
    ]


def _withdraw(opened: Opened, path: ParticipantPath) -> Done:
    db.query("select tracker.free_seat(%s, %s)", (path.tournament_id, path.user_id))
    return Done("withdrawn", {"user_id": path.user_id}, {"affected_matches": []})


def _leave(opened: Opened, stored: StoredTournament, user_id: str, sent: Drop) -> Done:
    from functions.tracker.engine.drops import drop_player
    from functions.tracker.tournaments import round_writer

    departure = drop_player(stored.tournament, user_id, kind=sent.kind, repair=sent.repair)
    affected = [describe_match(match) for match in departure.affected_matches]
    if departure.tournament == stored.tournament:
        return Done(None, {}, {"affected_matches": affected})
    round_writer.write_changed_rounds(opened, stored, departure.tournament)
    _forfeit(opened, departure)
    _mark(stored.id, user_id, departure)
    data = {"user_id": user_id, **sent.model_dump(), "affected_matches": affected}
    return Done("dropped", data, {"affected_matches": affected})


def _forfeit(opened: Opened, departure: Departure) -> None:
    game = departure.forfeited
    if game is None or game.result is None:
        return
    assert game.battle_id
    scores = {
        user_id: {"victory_points": points}
        for user_id, points in zip(game.player_ids, game.result.victory_points, strict=True)
    }
    set_result(opened, game.battle_id, game.result, scores)


def _mark(tournament_id: str, user_id: str, departure: Departure) -> None:
    player = next(one for one in departure.tournament.players if one.user_id == user_id)
    db.query(
        """
        update tracker.registrations as r
        set status = %s,
          dropped_after_round = %s
        where r.tournament_id = %s
          and r.user_id = %s
        """,
        (player.status, player.dropped_after_round, tournament_id, user_id),
    )
