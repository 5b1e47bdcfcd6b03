"""`/v1/tournaments/{tournament_id}/register` and `/participants`: who is in a tournament."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.shared import general_limit
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.tracker_tokens import RequireTrackerUser
from functions.tracker.calls import MAX_BYTES, make_call, read_body, read_versions
from functions.tracker.tournaments import drops, models, registrations
from functions.tracker.tournaments.tournaments import Nothing, TournamentPath

routes = Routes(__name__, family="v1", prefix="/v1/tournaments/", limiter=general_limit)
user = RequireTrackerUser()
CHANGED = ("ETag", "Idempotency-Replayed")
UNKNOWN = "There is no such tournament, or it is hidden from the caller"
NOBODY = "There is no such tournament, or nobody of this id in it"
NOT_OWNER = "The caller does not organise the tournament"
SEATS = "No seat is left, they are in with another army, or the tournament does not take anybody"


@routes.post(
    "/v1/tournaments/{tournament_id}/register",
    guard=user,
    idempotent=True,
    query=TournamentPath,
    body=registrations.NewRegistration,
    raw_body=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.CREATED: models.RegistrationAnswer,
        HTTPStatus.OK: models.RegistrationAnswer,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: "The army is another user's",
        HTTPStatus.CONFLICT: SEATS,
    },
)
def register(request: Request, path: TournamentPath) -> Response:
    """Registers the caller with an army, which is copied; 200 if they are in with it already."""
    call = make_call(request)
    body = read_body(registrations.NewRegistration, request, call)
    return registrations.register(call, path.tournament_id, body, read_versions(request))


@routes.delete(
    "/v1/tournaments/{tournament_id}/register",
    guard=user,
    idempotent=True,
    query=TournamentPath,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.TournamentAnswer,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.CONFLICT: "The tournament has started, or the caller was never registered",
    },
)
def withdraw(request: Request, path: TournamentPath) -> Response:
    """Takes the caller out before the start; the first in line gets the seat."""
    call = make_call(request)
    body = read_body(Nothing, request, call)
    return registrations.withdraw(call, path.tournament_id, body, read_versions(request))


@routes.get(
    "/v1/tournaments/{tournament_id}/participants",
    guard=user,
    query=registrations.ParticipantsQuery,
    answers={HTTPStatus.OK: models.Participants, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def list_participants(request: Request, query: registrations.ParticipantsQuery) -> dict[str, Any]:
    """Returns the users of a tournament in the order of registration, those who left it as well."""
    return registrations.list_participants(request.user, query)


@routes.post(
    "/v1/tournaments/{tournament_id}/participants",
    guard=user,
    idempotent=True,
    query=TournamentPath,
    body=registrations.NewEntry,
    raw_body=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.CREATED: models.RegistrationAnswer,
        HTTPStatus.OK: models.RegistrationAnswer,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: SEATS,
    },
)
def enter(request: Request, path: TournamentPath) -> Response:
    """Registers somebody for an organiser. After the start they play from the next round on."""
    call = make_call(request)
    body = read_body(registrations.NewEntry, request, call)
    return registrations.enter(call, path.tournament_id, body, read_versions(request))


@routes.patch(
    "/v1/tournaments/{tournament_id}/participants/{user_id}",
    guard=user,
    idempotent=True,
    query=registrations.ParticipantPath,
    body=registrations.ParticipantChange,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.ParticipantAnswer,
        HTTPStatus.NOT_FOUND: NOBODY,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "It is over, or has started and does not allow that any more",
    },
)
def change_participant(request: Request, path: registrations.ParticipantPath) -> Response:
    """Changes seed and army of a player before the start, club and table until the end."""
    call = make_call(request)
    body = read_body(registrations.ParticipantChange, request, call, is_change=True)
    return registrations.change(call, path, body, read_versions(request))


@routes.post(
    "/v1/tournaments/{tournament_id}/participants/{user_id}/drop",
    guard=user,
    idempotent=True,
    query=registrations.ParticipantPath,
    body=drops.Drop,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.DropAnswer,
        HTTPStatus.NOT_FOUND: NOBODY,
        HTTPStatus.FORBIDDEN: "Neither that player nor an organiser of the tournament calls",
        HTTPStatus.CONFLICT: "The tournament is over",
    },
)
def drop(request: Request, path: registrations.ParticipantPath) -> Response:
    """Takes a player out of a tournament: a walkover of the open game, and no further pairings.

    Places and games stay. Before the start it is a withdrawal.
    """
    call = make_call(request)
    body = read_body(drops.Drop, request, call)
    return drops.drop(call, path, body, read_versions(request))


@routes.post(
    "/v1/tournaments/{tournament_id}/participants/{user_id}/reinstate",
    guard=user,
    idempotent=True,
    query=registrations.ParticipantPath,
    body=registrations.Reinstatement,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.RegistrationAnswer,
        HTTPStatus.NOT_FOUND: NOBODY,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "The player has not dropped, or the tournament takes nobody back",
    },
)
def reinstate(request: Request, path: registrations.ParticipantPath) -> Response:
    """Takes a player back who dropped: they are paired again from the next round on.

    A bracket takes nobody back once its next round was paired without them.
    """
    call = make_call(request)
    body = read_body(registrations.Reinstatement, request, call)
    return registrations.reinstate(call, path, body, read_versions(request))


@routes.post(
    "/v1/tournaments/{tournament_id}/participants/{user_id}/absent",
    guard=user,
    idempotent=True,
    query=registrations.ParticipantPath,
    body=registrations.Absence,
    raw_body=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.RegistrationAnswer,
        HTTPStatus.NOT_FOUND: NOBODY,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "The tournament is over, or a bracket",
    },
)
def set_absence(request: Request, path: registrations.ParticipantPath) -> Response:
    """Leaves a player out of one coming round, which counts as a loss."""
    call = make_call(request)
    body = read_body(registrations.Absence, request, call)
    return registrations.set_absence(call, path, body, read_versions(request))
