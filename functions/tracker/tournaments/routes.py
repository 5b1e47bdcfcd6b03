"""`/v1/tournaments`: tournaments, their settings, their end, and what was done to them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.shared import general_limit
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.tracker_tokens import RequireTrackerUser
from functions.tracker.calls import MAX_BYTES, make_call, read_body, read_versions
from functions.tracker.tournaments import audit, finish, models, standings, tournaments

routes = Routes(__name__, family="v1", prefix="/v1/tournaments/", limiter=general_limit)
user = RequireTrackerUser()
CHANGED = ("ETag", "Idempotency-Replayed")
UNKNOWN = "There is no such tournament, or it is hidden from the caller"
NOT_OWNER = "The caller does not organise the tournament"
STATE = "The tournament is in a state that does not allow it, or has another version"


@routes.get(
    "/v1/tournaments",
    guard=user,
    query=tournaments.TournamentsQuery,
    answers={HTTPStatus.OK: models.Tournaments},
)
def list_tournaments(request: Request, query: tournaments.TournamentsQuery) -> dict[str, Any]:
    """Returns tournaments without their rounds, the newest first; drafts to who organises them."""
    return tournaments.list_tournaments(request.user, query)


@routes.post(
    "/v1/tournaments",
    guard=user,
    idempotent=True,
    body=tournaments.NewTournament,
    raw_body=True,
    max_bytes=MAX_BYTES,
    response_headers=("Location", *CHANGED),
    answers={
        HTTPStatus.CREATED: models.TournamentAnswer,
        HTTPStatus.FORBIDDEN: "The caller is neither an organiser nor an admin",
    },
)
def create_tournament(request: Request) -> Response:
    """Makes a tournament of the caller's, open for registration unless it is a draft.

    Without an Idempotency-Key, an equal one within a minute is the same.
    """
    call = make_call(request, is_creation=True)
    return tournaments.create_tournament(call, read_body(tournaments.NewTournament, request, call))


@routes.get(
    "/v1/tournaments/{tournament_id}",
    guard=user,
    query=tournaments.TournamentPath,
    etag=True,
    answers={HTTPStatus.OK: models.TournamentAnswer, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def get_tournament(request: Request, path: tournaments.TournamentPath) -> Response:
    """Returns a tournament with its rounds; a draft to who organises it."""
    return tournaments.get_tournament(make_call(request), path.tournament_id)


@routes.patch(
    "/v1/tournaments/{tournament_id}",
    guard=user,
    idempotent=True,
    query=tournaments.TournamentPath,
    body=tournaments.TournamentChange,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.TournamentAnswer,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: STATE,
    },
)
def change_tournament(request: Request, path: tournaments.TournamentPath) -> Response:
    """Changes a tournament. What is absent stays; rules merge by key.

    After the start only names, texts, dates, organisers, seats, tables, the number of Swiss rounds
    and missions of rounds that are not paired may change.
    """
    call = make_call(request)
    body = read_body(tournaments.TournamentChange, request, call, is_change=True)
    return tournaments.change_tournament(call, path.tournament_id, body, read_versions(request))


@routes.post(
    "/v1/tournaments/{tournament_id}/open-registration",
    guard=user,
    idempotent=True,
    query=tournaments.TournamentPath,
    body=tournaments.Nothing,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.TournamentAnswer,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "It is no draft, or has another version",
    },
)
def open_registration(request: Request, path: tournaments.TournamentPath) -> Response:
    """Opens a draft for registration."""
    call = make_call(request)
    body = read_body(tournaments.Nothing, request, call)
    return tournaments.open_registration(call, path.tournament_id, body, read_versions(request))


@routes.post(
    "/v1/tournaments/{tournament_id}/cancel",
    guard=user,
    idempotent=True,
    query=tournaments.TournamentPath,
    body=tournaments.TournamentCancellation,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.TournamentAnswer,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: "Neither the tournament's organiser nor an admin calls",
        HTTPStatus.CONFLICT: "It is over, or has another version",
    },
)
def cancel_tournament(request: Request, path: tournaments.TournamentPath) -> Response:
    """Cancels a tournament and its open battles. Nothing follows it."""
    call = make_call(request)
    body = read_body(tournaments.TournamentCancellation, request, call)
    return tournaments.cancel_tournament(call, path.tournament_id, body, read_versions(request))


@routes.post(
    "/v1/tournaments/{tournament_id}/finish",
    guard=user,
    idempotent=True,
    query=tournaments.TournamentPath,
    body=finish.Finish,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: standings.Finished,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "Results are missing, or the tournament is not being played",
    },
)
def finish_tournament(request: Request, path: tournaments.TournamentPath) -> Response:
    """Completes a tournament, which names its champion.

    With `early` games that are still open are cancelled and count for nobody.
    """
    call = make_call(request)
    body = read_body(finish.Finish, request, call)
    return finish.finish_tournament(call, path.tournament_id, body, read_versions(request))


@routes.get(
    "/v1/tournaments/{tournament_id}/standings",
    guard=user,
    query=standings.StandingsQuery,
    etag=True,
    answers={HTTPStatus.OK: standings.StandingsAnswer, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def get_standings(request: Request, query: standings.StandingsQuery) -> Response:
    """Returns everybody's place, after a round or after all results, and why it is theirs."""
    return standings.get_standings(request.user, query, request.header("if-none-match"))


@routes.get(
    "/v1/tournaments/{tournament_id}/events",
    guard=user,
    query=audit.EventsQuery,
    answers={
        HTTPStatus.OK: models.Events,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
    },
)
def list_events(request: Request, query: audit.EventsQuery) -> dict[str, Any]:
    """Returns what was done to a tournament after `since`, oldest first."""
    return audit.list_events(request.user, query)
