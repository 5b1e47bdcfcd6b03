"""Completing a tournament: its last table, and its champion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from functions.shared import db
from functions.shared.fields import RequestModel
from functions.shared.response import Response
from functions.tracker.calls import Body, Call
from functions.tracker.tournaments.changes import (
    ChangeRequest,
    Done,
    Opened,
    change_event,
    refuse_state,
)
from functions.tracker.tournaments.generation import refuse_incomplete
from functions.tracker.tournaments.pairing_battles import cancel_open_battles
from functions.tracker.tournaments.standings import rank

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.tournaments.state import Event


class Finish(RequestModel):
    """With `early`, games that are still open are cancelled."""

    early: Annotated[bool, Field(strict=True)] = False


def finish_tournament(
    call: Call, tournament_id: str, body: Body, versions: list[int] | None
) -> Response:
    """Completes a tournament; raises NotFound, Forbidden, Conflict."""
    from functions.tracker.tournaments.state import read_event

    def act(opened: Opened) -> Done:
        sent = Finish.model_validate(body.sent)
        event = read_event(tournament_id)
        assert event
        if event.status != "active":
            raise refuse_state(event.status, "not_active", "The tournament is not being played")
        if not all(round_.is_complete for round_ in event.tournament.rounds) and not sent.early:
            raise refuse_incomplete(event)
        cancel_open_battles(opened, "The tournament was finished early")
        event = read_event(tournament_id)
        assert event
        champion = find_champion(event)
        _complete(opened, champion)
        table = rank(event._replace(status="completed"))
        data = {"early": sent.early, "champion_id": champion}
        return Done("completed", data, {"standings": table})

    request = ChangeRequest(call, tournament_id, "owner", body, versions)
    return change_event(request, act)


def find_champion(event: Event) -> str | None:
    """Who has won; None after a final that both lost, and in a bracket that is still open."""
    from functions.tracker.engine.standings import rank_players

    return rank_players(event.tournament).champion_id


def move_title(before: str | None, after: str | None) -> None:
    """Counts a tournament that somebody won, and not for who had won it before. One round trip."""
    db.query(
        """
        insert into tracker.players as p (user_id, tournament_wins)
        select m.user_id, greatest(m.wins, 0)
        from (values (%s::text, -1), (%s::text, 1)) as m (user_id, wins)
        where m.user_id is not null
          and %s::text is distinct from %s::text
        on conflict (user_id) do update
        set tournament_wins = greatest(
          p.tournament_wins + case when p.user_id = %s then -1 else 1 end, 0
        )
        """,
        (before, after, before, after, before),
    )


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
