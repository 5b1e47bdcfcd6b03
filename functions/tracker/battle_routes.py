"""`/v1/battles`: battles of the tracker."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.shared import general_limit
from functions.shared.general_limit import get_deferred
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes
from functions.shared.tracker_tokens import RequireTrackerUser
from functions.tracker.battles import battles, models
from functions.tracker.battles.actions import RoundAdvance
from functions.tracker.battles.creation import NewBattle
from functions.tracker.battles.requests import (
    BattleAction,
    EventsQuery,
    parse_action,
    parse_by_path,
)
from functions.tracker.battles.results import Completion
from functions.tracker.calls import (
    MAX_BYTES,
    make_call,
    read_body,
    read_object_of_caller,
    read_versions,
)

routes = Routes(__name__, family="v1", prefix="/v1/battles/", limiter=general_limit)
user = RequireTrackerUser()
UNKNOWN = "There is no such battle, or it is hidden from the caller"
HEADERS = ("ETag", "Idempotency-Replayed")
CHANGE_ANSWERS = {
    HTTPStatus.OK: models.OneBattle,
    HTTPStatus.NOT_FOUND: UNKNOWN,
    HTTPStatus.FORBIDDEN: "Only its players, organisers of its tournament and admins may",
    HTTPStatus.CONFLICT: "It is not legal now, or the battle or the key says something else",
}


@routes.get(
    "/v1/battles",
    guard=user,
    query=models.BattlesQuery,
    answers={HTTPStatus.OK: models.Battles},
)
def list_battles(request: Request, query: models.BattlesQuery) -> dict[str, Any]:
    """Returns battles that the caller may read, the newest first."""
    return battles.list_battles(request.user, query)


@routes.post(
    "/v1/battles",
    guard=user,
    idempotent=True,
    body=NewBattle,
    raw_body=True,
    max_bytes=MAX_BYTES,
    response_headers=("Location", *HEADERS),
    answers={
        HTTPStatus.CREATED: models.OneBattle,
        HTTPStatus.OK: models.OneBattle,
        HTTPStatus.FORBIDDEN: "The caller is none of its players",
        HTTPStatus.CONFLICT: "The tournament does not pair these players, or the key was used",
    },
)
def create_battle(request: Request) -> Response:
    """Makes a battle of two players, or returns the one that their tournament has made.

    Without an Idempotency-Key, an equal battle within a minute is the same one.
    """
    call = make_call(request, is_creation=True)
    return battles.create_battle(call, read_body(NewBattle, request, call))


@routes.get(
    "/v1/battles/{battle_id}",
    guard=user,
    counts_itself=True,
    query=models.BattlePath,
    etag=True,
    answers={HTTPStatus.OK: models.OneBattle, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def get_battle(request: Request, path: models.BattlePath) -> Response:
    """Returns a battle. Its ETag does not change while only the clock does."""
    return battles.get_battle(make_call(request), path.battle_id, get_deferred(request))


@routes.patch(
    "/v1/battles/{battle_id}",
    guard=user,
    counts_itself=True,
    idempotent=True,
    query=models.BattlePath,
    body=BattleAction,
    raw_body=True,
    max_bytes=MAX_BYTES,
    response_headers=HEADERS,
    answers=CHANGE_ANSWERS,
)
def change_battle(request: Request, path: models.BattlePath) -> Response:
    """Does one of the actions in a battle; the first of most of them starts it."""
    call = make_call(request)
    sent = read_object_of_caller(request, call)
    change = parse_action(sent, "rest", read_versions(request))
    return battles.change_battle(call, path.battle_id, change, get_deferred(request))


@routes.post(
    "/v1/battles/{battle_id}/advance-round",
    guard=user,
    counts_itself=True,
    idempotent=True,
    query=models.BattlePath,
    body=RoundAdvance,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=HEADERS,
    answers=CHANGE_ANSWERS,
)
def advance_round(request: Request, path: models.BattlePath) -> Response:
    """Begins the next round, with the first player's turn.

    With `from_round` a repeated request changes nothing.
    """
    call = make_call(request)
    sent = read_object_of_caller(request, call)
    change = parse_by_path("advance_round", sent, read_versions(request))
    return battles.change_battle(call, path.battle_id, change, get_deferred(request))


@routes.post(
    "/v1/battles/{battle_id}/complete",
    guard=user,
    counts_itself=True,
    idempotent=True,
    query=models.BattlePath,
    body=Completion,
    raw_body=True,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    response_headers=HEADERS,
    answers=CHANGE_ANSWERS,
)
def complete_battle(request: Request, path: models.BattlePath) -> Response:
    """Ends a battle: the higher total wins, unless a winner is named."""
    call = make_call(request)
    sent = read_object_of_caller(request, call)
    change = parse_by_path("complete", sent, read_versions(request))
    return battles.change_battle(call, path.battle_id, change, get_deferred(request))


@routes.get(
    "/v1/battles/{battle_id}/events",
    guard=user,
    counts_itself=True,
    query=EventsQuery,
    answers={HTTPStatus.OK: models.BattleEvents, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def list_events(request: Request, query: EventsQuery) -> dict[str, Any]:
    """Returns the events of a battle after `since`, oldest first."""
    return battles.list_events(make_call(request), query, get_deferred(request))


@routes.post(
    "/v1/battles/{battle_id}/ws-ticket",
    guard=user,
    counts_itself=True,
    query=models.BattlePath,
    answers={HTTPStatus.CREATED: models.Ticket, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def issue_ticket(request: Request, path: models.BattlePath) -> Response:
    """Returns a ticket that opens one socket to the battle within 30 seconds.

    It is another one each time: an Idempotency-Key is not read.
    """
    call, counter = make_call(request, is_repeatable=False), get_deferred(request)
    ticket = battles.issue_ticket(call, path.battle_id, request.edge, counter)
    return Response(ticket, HTTPStatus.CREATED)
