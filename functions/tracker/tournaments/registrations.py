"""Registrations: seats and the waiting list, late entries, absences, and what organisers change."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from functions.shared import db, tracker_tokens
from functions.shared.fields import RequestModel
from functions.shared.request import Caller
from functions.shared.response import Response
from functions.tracker.calls import Body, Call, to_response
from functions.tracker.fields import Id, PathId, Whole
from functions.tracker.pages import PageQuery, open_page
from functions.tracker.tournaments import fields
from functions.tracker.tournaments.models import RegistrationStatus
from functions.tracker.tournaments.tournaments import refuse_unknown

Credit = Literal["loss", "draw", "bye"]
Seed = Annotated[int, Field(strict=True, ge=1, le=512), Whole]


class NewRegistration(RequestModel):
    """With which army; who finds no seat waits for one only if they say so."""

    army_id: Id
    club: fields.Club | None = None
    join_waitlist: Annotated[bool, Field(strict=True)] = False


class NewEntry(RequestModel):
    """Whom an organiser enters, and what the rounds count as that they missed."""

    user_id: Id
    army_id: Id
    missed_rounds: Credit = "loss"
    seed: Seed | None = None
    club: fields.Club | None = None
    join_waitlist: Annotated[bool, Field(strict=True)] = False


class ParticipantChange(RequestModel):
    """What changes of a player; null takes a club or a table away."""

    seed: Seed | None = None
    club: fields.Club | None = None
    fixed_table: fields.TableNumber | None = None
    army_id: Id | None = None

    @model_validator(mode="before")
    @classmethod
    def _some_nulls_say_nothing(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        return {
            name: value
            for name, value in sent.items()
            if value is not None or name not in ("seed", "army_id")
        }


class Absence(RequestModel):
    """Which coming round somebody misses."""

    round: Annotated[int, Field(strict=True, ge=1, le=1000), Whole]


class Reinstatement(RequestModel):
    """What the rounds count as that somebody missed."""

    missed_rounds: Credit = "loss"


class ParticipantPath(RequestModel):
    """Which user of which tournament a path names."""

    tournament_id: PathId
    user_id: PathId


class ParticipantsQuery(PageQuery):
    """Which users of a tournament: in a state."""

    tournament_id: PathId
    status: Annotated[RegistrationStatus | None, BeforeValidator(lambda sent: sent or None)] = None


def register(call: Call, tournament_id: str, body: Body, versions: list[int] | None) -> Response:
    """Registers the caller; raises NotFound, Forbidden, Conflict. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.register_player(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s
            )
            """,
            (*call, tournament_id, body.json, body.problem_json, versions),
        )
    )


def withdraw(call: Call, tournament_id: str, body: Body, versions: list[int] | None) -> Response:
    """Takes the caller out before the start; raises as `register`. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.withdraw_player(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s
            )
            """,
            (*call, tournament_id, body.problem_json, versions),
        )
    )


def enter(call: Call, tournament_id: str, body: Body, versions: list[int] | None) -> Response:
    """Enters somebody for an organiser; raises as `register`. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.enter_player(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s
            )
            """,
            (*call, tournament_id, body.json, body.problem_json, versions),
        )
    )


def change(call: Call, path: ParticipantPath, body: Body, versions: list[int] | None) -> Response:
    """Changes a player of a tournament; raises as `register`. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.change_participant(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s, %s
            )
            """,
            (*call, path.tournament_id, path.user_id, body.json, body.problem_json, versions),
        )
    )


def set_absence(
    call: Call, path: ParticipantPath, body: Body, versions: list[int] | None
) -> Response:
    """Leaves a player out of a coming round; raises as `register`. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.set_absence(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s, %s
            )
            """,
            (*call, path.tournament_id, path.user_id, body.json, body.problem_json, versions),
        )
    )


def reinstate(
    call: Call, path: ParticipantPath, body: Body, versions: list[int] | None
) -> Response:
    """Takes a player back who dropped; raises as `register`. One round trip."""
    return to_response(
        db.fetch_once(
            """
            select status, body::text as body, headers, is_replay
            from tracker.reinstate_player(
              row(%s, %s, %s, %s, %s, %s, %s, %s)::tracker.call, %s, %s, %s, %s, %s
            )
            """,
            (*call, path.tournament_id, path.user_id, body.json, body.problem_json, versions),
        )
    )


def list_participants(caller: Caller, query: ParticipantsQuery) -> dict[str, Any]:
    """A page of the users of a tournament, in the order of registration; raises NotFound.

    One round trip.
    """
    page = open_page(query, caller.user_id, columns=1)
    rows = db.query(
        """
        select c.is_active, t.id as tournament_id, p.number, p.participant
        from accounts.session_caller(%s, %s, %s::uuid) as c
        left join lateral tracker.see_tournament(
          %s, row(c.public_id, tracker.to_role(c.role))::tracker.caller
        ) as t on c.is_active
        left join lateral tracker.list_participants(t.id, %s, %s, %s, %s) as p on true
        """,
        (
            *(caller.user_id, caller.version, caller.session_id),
            *(query.tournament_id, query.status, *page.after, page.limit + 1, page.offset),
        ),
    )
    tracker_tokens.check(rows[0] if rows else None)
    if rows[0]["tournament_id"] is None:
        raise refuse_unknown(query.tournament_id)
    found = [row for row in rows if row["number"]]
    return page.answer(found, [row["participant"] for row in found], "number")
