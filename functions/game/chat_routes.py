"""`/api/chat`: the tavern's history, reporting a message, and deleting it."""

from __future__ import annotations

from http import HTTPStatus

from functions.game import chat, reports
from functions.game.calls import MAX_BYTES, build_call, player
from functions.game.operators import staff
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="game", prefix="/api/chat/")
UNKNOWN = "There is no such message, or it was deleted"


@routes.get(
    "/api/chat/history",
    guard=player,
    query=chat.ChatQuery,
    answers={HTTPStatus.OK: chat.ChatMessages},
)
def list_messages(request: Request, query: chat.ChatQuery) -> Response:
    """Returns the last messages of the tavern but for the newest `offset`, oldest first."""
    return chat.list_messages(build_call(request), query)


@routes.post(
    "/api/chat/messages/{message_id}/report",
    idempotent=True,
    guard=player,
    body=reports.NewReport,
    max_bytes=MAX_BYTES,
    query=chat.MessagePath,
    answers={
        HTTPStatus.OK: reports.Reported,
        HTTPStatus.NOT_FOUND: UNKNOWN,
        HTTPStatus.BAD_REQUEST: "The message is the player's own",
    },
)
def report_message(request: Request, sent: reports.NewReport, path: chat.MessagePath) -> Response:
    """Reports a message of the tavern or of a battle to the staff. Twice is once."""
    return reports.report_message(build_call(request), path.message_id, sent.reason)


@routes.delete(
    "/api/chat/messages/{message_id}",
    guard=staff,
    body=chat.Deletion,
    body_is_optional=True,
    max_bytes=MAX_BYTES,
    query=chat.MessagePath,
    answers={HTTPStatus.OK: chat.MessageDeleted, HTTPStatus.NOT_FOUND: UNKNOWN},
)
def delete_message(request: Request, sent: chat.Deletion, path: chat.MessagePath) -> Response:
    """Takes a message out of the history, and tells its room by an event `message_deleted`."""
    return chat.delete_message(build_call(request), path.message_id, sent.reason)
