"""Completing a tournament: its last table, and its champion."""

from __future__ import annotations

from typing import Annotated

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
    refuse_incomplete,
    refuse_state,
)
from functions.tracker.tournaments.drops import settle_departed
from functions.tracker.tournaments.pairing_battles import cancel_open_battles
from functions.tracker.tournaments.standings import rank
from functions.tracker.tournaments.titles import find_champion, move_title


class Finish(RequestModel):
    """With `early`, games that are still open are cancelled."""

    early: Annotated[bool, Field(strict=True)] = False


def finish_tournament(
    call: Call, tournament_id: str, body: Body, versions: list[int] | None
) -> Response:
    """Completes a tournament; raises NotFound, Forbidden, Conflict."""
    from functions.tracker.tournaments.state import read_tournament

    def act(opened: Opened) -> Done:
        sent = Finish.model_validate(body.sent)
        stored = settle_departed(opened, read_tournament(tournament_id))
        if stored.status != "active":
            raise refuse_state(stored.status, "not_active", "The tournament is not being played")
        if not all(round_.is_complete for round_ in stored.tournament.rounds) and not sent.early:
            raise refuse_incomplete(stored)
        cancel_open_battles(opened, "The tournament was finished early")
        read = read_tournament(tournament_id)
        assert read
        stored = read
        champion = find_champion(stored)
        _complete(opened, champion)
        table = rank(stored._replace(status="completed"))
        data = {"early": sent.early, "champion_id": champion}
        return Done("completed", data, {"standings": table})

    request = ChangeRequest(call, tournament_id, "owner", body, versions)
    return apply_change(request, act)


def _complete(opened: Opened, champion: str | None) -> None:
    db.query(
        """
        update tracker.tournaments as t
        set status = 'completed',
          champion_id = %s,
          ended_at = clock_timestamp()
        where t.id = %s
        """,
        (champion, opened.request.tournament_id),
    )
    move_title(None, champion)
