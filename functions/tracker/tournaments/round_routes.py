"""`/v1/tournaments/{tournament_id}/rounds`, pairing them, and results."""

from __future__ import annotations

from http import HTTPStatus

from functions.shared import general_limit
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.tracker_tokens import RequireTrackerUser
from functions.tracker.calls import MAX_BYTES, make_call, read_body, read_versions
from functions.tracker.tournaments import generation, hand_rounds, judging, models, results, rounds
from functions.tracker.tournaments.tournaments import Nothing, TournamentPath

routes = Routes(__name__, family="v1", prefix="/v1/tournaments/", limiter=general_limit)
user = RequireTrackerUser()
CHANGED = ("ETag", "Idempotency-Replayed")
UNKNOWN = "There is no such tournament, or it is hidden from the caller"
NO_ROUND = "There is no such tournament, or the round is not paired"
NOT_OWNER = "The caller does not organise the tournament"
PAIRED = {
    HTTPStatus.OK: models.Paired,
    HTTPStatus.NOT_FOUND: UNKNOWN,
    HTTPStatus.FORBIDDEN: NOT_OWNER,
    HTTPStatus.CONFLICT: "Results are missing, no round is left, too few play, or one has begun",
}


@routes.post(
    "/v1/tournaments/{tournament_id}/generate-pairings",
    guard=user,
    idempotent=True,
    query=TournamentPath,
    body=generation.Generation,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers=PAIRED,
)
def generate_pairings(request: Request, path: TournamentPath) -> Response:
    """Starts a tournament with its first round, or pairs the next one once every result is in.

    Until then the answer is the round as it is. `regenerate` pairs the current round again while
    no game of it has begun. `dry_run` stores nothing, and answers the round as `proposed_round`.
    """
    call = make_call(request)
    body = read_body(generation.Generation, request, call)
    return generation.pair(call, path.tournament_id, body, read_versions(request))


@routes.post(
    "/v1/tournaments/{tournament_id}/next-round",
    guard=user,
    idempotent=True,
    query=TournamentPath,
    body=Nothing,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers=PAIRED,
)
def start_next_round(request: Request, path: TournamentPath) -> Response:
    """Pairs the next round; refuses while results of the current one are missing."""
    call = make_call(request)
    body = read_body(Nothing, request, call)
    return generation.pair(
        call, path.tournament_id, body, read_versions(request), must_advance=True
    )


@routes.get(
    "/v1/tournaments/{tournament_id}/rounds",
    guard=user,
    query=TournamentPath,
    etag=True,
    answers={HTTPStatus.OK: models.Rounds, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def list_rounds(request: Request, path: TournamentPath) -> Response:
    """Returns the rounds of a tournament, each with why it is paired as it is."""
    return rounds.list_rounds(request.user, path.tournament_id)


@routes.get(
    "/v1/tournaments/{tournament_id}/rounds/{number}",
    guard=user,
    query=rounds.RoundPath,
    etag=True,
    answers={HTTPStatus.OK: models.RoundAnswer, HTTPStatus.NOT_FOUND: NO_ROUND},
)
def get_round(request: Request, path: rounds.RoundPath) -> Response:
    """Returns a round, with why it is paired as it is."""
    return rounds.get_round(request.user, path)


@routes.delete(
    "/v1/tournaments/{tournament_id}/rounds/{number}",
    guard=user,
    idempotent=True,
    query=rounds.RoundPath,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.TournamentAnswer,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "It is not round 1, or a game of it has begun",
    },
)
def take_back_round(request: Request, path: rounds.RoundPath) -> Response:
    """Takes back round 1, of which no game has begun: the tournament is in registration again."""
    call = make_call(request)
    body = read_body(Nothing, request, call)
    return rounds.take_back(call, path, body, read_versions(request))


@routes.put(
    "/v1/tournaments/{tournament_id}/rounds/{number}/pairings",
    guard=user,
    idempotent=True,
    query=rounds.RoundPath,
    body=hand_rounds.HandRound,
    raw_body=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: models.Paired,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "It is not the current round, a game has begun, or it is a bracket",
    },
)
def edit_round(request: Request, path: rounds.RoundPath) -> Response:
    """Pairs the current round by hand: every active player exactly once.

    Pairs that stay as they were keep their battles.
    """
    call = make_call(request)
    body = read_body(hand_rounds.HandRound, request, call)
    return hand_rounds.edit(call, path, body, read_versions(request))


@routes.put(
    "/v1/tournaments/{tournament_id}/results/{battle_id}",
    guard=user,
    idempotent=True,
    query=results.ResultPath,
    body=judging.NewResult,
    raw_body=True,
    max_bytes=MAX_BYTES,
    response_headers=CHANGED,
    answers={
        HTTPStatus.OK: results.Entered,
        HTTPStatus.NOT_FOUND: "There is no such tournament, or no such battle in it",
        HTTPStatus.FORBIDDEN: NOT_OWNER,
        HTTPStatus.CONFLICT: "It would void matches that have begun, or comes too late",
    },
)
def enter_result(request: Request, path: results.ResultPath) -> Response:
    """Enters a result, or corrects one: everything is then as if it had been entered at first.

    `force` voids later matches of a bracket that have begun; `dry_run` stores nothing.
    """
    call = make_call(request)
    body = read_body(judging.NewResult, request, call)
    return results.enter(call, path, body, read_versions(request))
