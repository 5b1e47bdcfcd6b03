"""Changes of a tournament that need the engine or touch battles: each under its lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from psycopg.types.json import Jsonb

from functions.live import fanout
from functions.shared import db
from functions.shared.errors import Conflict, Problem, get_status
from functions.shared.response import Response
from functions.tracker.calls import Body, Call, describe, to_response

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.tournaments.state import StoredTournament

Needs = Literal["organizer", "owner", "player", "subject"]


class ChangeRequest(NamedTuple):
    """Who asks for which change, and who may; the path may name a user or a battle."""

    call: Call
    tournament_id: str
    needs: Needs
    body: Body
    versions: list[int] | None
    user_id: str | None = None
    battle_id: str | None = None


class Opened(NamedTuple):
    """A tournament that is locked, who changes it and when, and the rooms in which something
    happened to battles, each with its sockets."""

    request: ChangeRequest
    version: int
    caller_id: str
    caller_role: str  # player, organizer or admin
    is_owner: bool
    moment: datetime
    rooms: dict[str, int]

    @property
    def who(self) -> tuple[Any, ...]:
        """The call and the caller, as functions of the store take them."""
        return (*self.request.call, self.caller_id, self.caller_role)


class Done(NamedTuple):
    """What was done, for the audit, and what the answer holds beside the tournament; no type:
    nothing was changed."""

    type: str | None
    data: Mapping[str, Any]
    more: Mapping[str, Any]


class InvalidTournamentState(Conflict):
    """The tournament does not allow it as it is."""

    code = "INVALID_TOURNAMENT_STATE"


class RoundIncomplete(Conflict):
    """Results are missing."""

    code = "ROUND_INCOMPLETE"


class ResultLocked(Conflict):
    """A correction would void matches that have begun."""

    code = "RESULT_LOCKED"


def refuse_state(status: str, reason: str, message: str) -> Problem:
    """The problem of what a tournament does not allow as it is."""
    return InvalidTournamentState(message, status=status, reason=reason)


def refuse_incomplete(stored: StoredTournament) -> Problem:
    """The problem of what needs every result of the rounds that are paired."""
    missing = [
        {"battle_id": pairing.battle_id, "table_number": pairing.table_number}
        for round_ in stored.tournament.rounds
        for pairing in round_.pairings
        if not pairing.result and not pairing.is_cancelled
    ]
    return RoundIncomplete("Results are missing", round=stored.current_round, missing=missing)


def apply_change(request: ChangeRequest, act: Callable[[Opened], Done]) -> Response:
    """Does what `act` does to a tournament, unless the caller may not, or was answered before.

    `act` raises its problems before it writes anything. Two round trips, and those of `act`.
    """
    row, rooms = _change(request, act)
    for room, sockets in rooms.items():
        fanout.announce(room, {"sockets": sockets})
    return to_response(row)


@db.retried
def _change(
    request: ChangeRequest, act: Callable[[Opened], Done]
) -> tuple[db.Row | None, dict[str, int]]:
    with db.transaction():
        row = _open(request)
        if row["status"] is not None:
            return row, {}
        opened = Opened(
            request,
            row["version"],
            row["caller_id"],
            row["caller_role"],
            row["is_owner"],
            row["moment"],
            {},
        )
        try:
            done = act(opened)
        except db.DatabaseUnavailable:
            raise
        except Problem as problem:
            return _keep(opened, problem), {}
        return _close(opened, done), opened.rooms


def _open(request: ChangeRequest) -> db.Row:
    row = db.fetch_one(
        """
        select (o.reply).status, (o.reply).body::text as body, (o.reply).headers,
          (o.reply).is_replay, (o.tournament).version, (o.caller).id as caller_id,
          (o.caller).role as caller_role,
          tracker.owns(o.tournament, (o.caller).id) as is_owner, tracker.get_moment() as moment
        from tracker.open_tournament(
          row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s, %s, %s
        ) as o
        """,
        (
            *request.call,
            request.tournament_id,
            request.needs,
            request.body.problem_json,
            request.versions,
            request.user_id,
            request.battle_id,
        ),
    )
    assert row
    return row


def _close(opened: Opened, done: Done) -> db.Row | None:
    return db.fetch_one(
        """
        select status, body::text as body, headers, is_replay
        from tracker.close_tournament(
          row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, row(%s, %s)::tracker.caller,
          %s, %s, %s, %s
        )
        """,
        (
            *opened.who,
            opened.request.tournament_id,
            done.type,
            Jsonb(done.data),
            Jsonb(done.more),
        ),
    )


def _keep(opened: Opened, problem: Problem) -> db.Row | None:
    return db.fetch_one(
        """
        select status, body::text as body, headers, is_replay
        from tracker.end_call(
          row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call,
          row(%s, %s, '{}', false)::tracker.reply
        )
        """,
        (*opened.request.call, int(get_status(problem, "v1")), Jsonb(describe(problem))),
    )
