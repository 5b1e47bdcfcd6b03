"""Rounds that an organiser pairs by hand: checked, seated and reported by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from functions.shared.fields import RequestModel
from functions.shared.response import Response
from functions.tracker.battles.problems import refuse_field
from functions.tracker.calls import Body, Call
from functions.tracker.fields import Id
from functions.tracker.tournaments import fields
from functions.tracker.tournaments.changes import (
    ChangeRequest,
    Done,
    Opened,
    apply_change,
    refuse_state,
)
from functions.tracker.tournaments.rounds import RoundPath

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.engine.tournament import PairedRound, Pairing
    from functions.tracker.tournaments.state import StoredTournament


class HandPairing(RequestModel):
    """Two players who meet; locked unless it says otherwise: pairing again keeps them together."""

    player1_id: Id
    player2_id: Id
    table_number: fields.TableNumber | None = None
    locked: Annotated[bool, Field(strict=True)] = True


def _bye(sent: Any) -> Any:
    return sent.get("player_id") if isinstance(sent, dict) else sent


class HandRound(RequestModel):
    """A round as an organiser pairs it: every active player once."""

    pairings: Annotated[list[HandPairing], Field(max_length=256)]
    byes: Annotated[
        list[Annotated[Id, BeforeValidator(_bye, json_schema_input_type=str)]],
        Field(max_length=512, default_factory=list),
    ]


def edit(call: Call, path: RoundPath, body: Body, versions: list[int] | None) -> Response:
    """Pairs the current round of a Swiss tournament by hand; raises NotFound, Forbidden,
    Conflict."""
    from functions.tracker.tournaments.state import read_tournament

    def act(opened: Opened) -> Done:
        from functions.tracker.tournaments import round_writer

        stored = read_tournament(path.tournament_id)
        assert stored
        _check_editable(stored, path.number)
        paired = _plan(stored, HandRound.model_validate(body.sent))
        report = round_writer.describe_report(paired.report)
        round_writer.write_round(opened, stored, paired.round, report)
        data = {"round": path.number, "before": round_writer.describe_round(stored.round)}
        return Done("round_edited", data, {"pairing_report": report})

    request = ChangeRequest(call, path.tournament_id, "owner", body, versions)
    return apply_change(request, act)


def _check_editable(stored: StoredTournament, number: int) -> None:
    if stored.status != "active":
        raise refuse_state(stored.status, "not_active", "The tournament is not being played")
    if stored.tournament.format != "swiss":
        raise refuse_state(stored.status, "bracket", "A bracket is not paired by hand")
    if number != stored.current_round:
        raise refuse_state(stored.status, "wrong_round", "Only the current round can be changed")
    if any(pairing.has_started for pairing in stored.round.pairings):
        raise refuse_state(stored.status, "round_started", "A game of the round has begun")


def _plan(stored: StoredTournament, sent: HandRound) -> PairedRound:
    from functions.tracker.engine import pairing
    from functions.tracker.engine.tournament import Bye, PairedRound, Pairing, Round

    pairs = [(one.player1_id, one.player2_id) for one in sent.pairings]
    number = stored.current_round
    if faults := pairing.find_faults(stored.tournament, number, pairs, sent.byes):
        refuse_field("pairings", "every_player_once", faults[0])
    wanted = [one.table_number for one in sent.pairings if one.table_number is not None]
    if len(set(wanted)) < len(wanted) or not set(wanted) <= set(stored.tournament.tables):
        refuse_field("pairings", "tables", "must name tables of the tournament, each once")
    known = {frozenset(one.player_ids): one.battle_id for one in stored.round.pairings}
    games = tuple(
        Pairing(
            one.player1_id,
            one.player2_id,
            battle_id=known.get(frozenset((one.player1_id, one.player2_id))),
            is_locked=one.locked,
        )
        for one in sent.pairings
    )
    seated = _seat(stored, games, sent.pairings)
    round_ = Round(number, seated, tuple(Bye(player_id) for player_id in sent.byes))
    earlier = stored.tournament.rounds[:-1]
    tournament = stored.tournament._replace(rounds=(*earlier, round_))
    return PairedRound(round_, pairing.report_round(tournament, number))


def _seat(
    stored: StoredTournament, games: tuple[Pairing, ...], sent: list[HandPairing]
) -> tuple[Pairing, ...]:
    """The pairings at tables: a table that is sent is like a fixed one of the first player."""
    from functions.tracker.engine import tables

    wanted = {one.player1_id: one.table_number for one in sent if one.table_number is not None}
    free = {one for pair in sent if pair.table_number is not None for one in _ids(pair)}
    players = [
        player._replace(
            fixed_table=wanted.get(
                player.user_id, None if player.user_id in free else player.fixed_table
            )
        )
        for player in stored.tournament.players
    ]
    seating = tables.assign_tables(
        games, stored.tournament.tables, players, stored.tournament.rounds[:-1]
    )
    return tuple(
        game._replace(table_number=number)
        for game, number in zip(games, seating.table_numbers, strict=True)
    )


def _ids(pair: HandPairing) -> tuple[str, str]:
    return pair.player1_id, pair.player2_id
