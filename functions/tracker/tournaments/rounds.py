"""Rounds that are paired: reading them, and taking the first one back."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from functions.shared import db, tracker_tokens
from functions.shared.errors import NotFound
from functions.shared.request import Caller
from functions.shared.response import Response
from functions.tracker.calls import Body, Call
from functions.tracker.tournaments.changes import (
    ChangeRequest,
    Done,
    Opened,
    apply_change,
    refuse_state,
)
from functions.tracker.tournaments.tournaments import TournamentPath, refuse_unknown


def _read_number(sent: Any) -> int:
    """The number of a round; 0, which no round has, for what is none."""
    text = str(sent)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


class RoundPath(TournamentPath):
    """Which round of which tournament a path names."""

    number: Annotated[int, BeforeValidator(_read_number, json_schema_input_type=int)]


def take_back(call: Call, path: RoundPath, body: Body, versions: list[int] | None) -> Response:
    """Takes round 1 back, of which no game has begun; raises NotFound, Forbidden, Conflict."""
    from functions.tracker.tournaments.state import read_tournament

    def act(opened: Opened) -> Done:
        from functions.tracker.tournaments.round_writer import take_back_rounds

        stored = read_tournament(path.tournament_id)
        assert stored
        if stored.status != "active":
            raise refuse_state(stored.status, "not_active", "The tournament is not being played")
        if path.number != 1 or stored.current_round != 1:
            raise refuse_state(stored.status, "later_round", "Only round 1 can be taken back")
        if stored.round.has_started:
            raise refuse_state(stored.status, "round_started", "A game of the round has begun")
        take_back_rounds(opened, stored, 0)
        db.query("select tracker.reopen_registration(%s)", (stored.id,))
        return Done("round_taken_back", {}, {})

    return apply_change(ChangeRequest(call, path.tournament_id, "owner", body, versions), act)


def list_rounds(caller: Caller, tournament_id: str) -> Response:
    """The rounds of a tournament, each with its report; raises NotFound. One round trip."""
    version, rounds = _read(caller, tournament_id)
    return Response({"rounds": rounds}, headers=tag(version))


def get_round(caller: Caller, path: RoundPath) -> Response:
    """A round with its report; raises NotFound. One round trip."""
    version, rounds = _read(caller, path.tournament_id)
    for found in rounds:
        if found["round_number"] == path.number:
            return Response({"round": found}, headers=tag(version))
    raise NotFound("This round is not paired", path=f"rounds/{path.number}")


def tag(version: int) -> dict[str, str]:
    """The headers of what changes with the tournament's version alone."""
    return {"ETag": f'"{version}"', "Cache-Control": "private, no-cache"}


def _read(caller: Caller, tournament_id: str) -> tuple[int, list[dict[str, Any]]]:
    row = db.fetch_one(
        """
        select c.is_active, t.version, tracker.list_reported_rounds(t.id) as rounds
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral tracker.see_tournament(
          %s, row(c.public_id, tracker.to_role(c.role))::tracker.caller
        ) as t on c.is_active
        """,
        (caller.user_id, caller.version, caller.session_id, tournament_id),
    )
    found = tracker_tokens.check(row)
    if found["version"] is None:
        raise refuse_unknown(tournament_id)
    return found["version"], found["rounds"]
