"""Messages of the tavern and of battles: one store for both, and an event of each in its room."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypedDict

from pydantic import ConfigDict, Field, RootModel

from functions.game.calls import Call, to_response, to_value
from functions.game.fields import PathId
from functions.game.operators import Reasoned
from functions.live import fanout
from functions.shared import db, json_codec
from functions.shared.errors import BadRequest
from functions.shared.fields import RequestModel, ResponseModel
from functions.shared.response import Response

TAVERN = "tavern"
MAX_LENGTH = 500  # characters of a message


class ChatMessage(ResponseModel):
    """A message; `userId` null: the sender is not known any more."""

    id: int
    user_id: Annotated[int | None, Field(alias="userId")]
    username: str
    text: str
    type: Literal["message", "system"]
    timestamp: datetime


class ChatMessages(RootModel[list[ChatMessage]]):
    """Messages, oldest first."""

    model_config = ConfigDict(defer_build=True)


class ChatQuery(RequestModel):
    """How many of the last messages, and how many of the newest not."""

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class MessagePath(RequestModel):
    """Which message."""

    message_id: PathId


class Deletion(Reasoned):
    """Why a message is deleted, for the audit."""


class MessageDeleted(ResponseModel):
    """The message that is gone from the history."""

    message: str
    id: int


class PostedMessage(TypedDict):
    """A message as the event of its room: what every socket is sent, and its number there."""

    seq: int
    type: Literal["message", "chat"]
    payload: dict[str, Any]


def list_messages(call: Call, query: ChatQuery) -> Response:
    """Messages of the tavern. One round trip."""
    return to_response(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_chat_messages(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s)
            """,
            (*call, TAVERN, query.limit, query.offset),
        )
    )


def post_message(call: Call, room: str, text: str) -> PostedMessage:
    """Sends a message to `tavern` or `battle:<id>`, and appends its event there. One round trip.

    Raises BadRequest for a text that is blank or has more than 500 characters, and for who is not
    in the battle; Forbidden for who is muted, TooManyRequests for more than 5 in 5 seconds.
    """
    words = _clean(text)
    row = db.fetch_once(
        """
        select status, body::text as body, live.count_connections(%s, %s) as sockets
        from game.post_message(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s)
        """,
        (room, fanout.COUNTED, *call, room, words),
    )
    fanout.announce(room, row)
    posted: PostedMessage = to_value(row)
    return posted


def post_system_message(text: str) -> None:
    """Has the tavern hear of something, and keeps it like a message. One round trip."""
    row = db.fetch_once(
        """
        select live.count_connections(%s, %s) as sockets
        from game.post_system_message(%s)
        """,
        (TAVERN, fanout.COUNTED, text),
    )
    fanout.announce(TAVERN, row)


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: the tavern ignores such a message."""
    return not any(one.isprintable() and not one.isspace() for one in text)


def _clean(text: str) -> str:
    """The text, trimmed; raises BadRequest."""
    words = json_codec.replace_surrogates(text).strip()
    if is_blank(words) or "\0" in words or len(words) > MAX_LENGTH:
        raise BadRequest(f"A message has 1 to {MAX_LENGTH} characters")
    return words


def delete_message(call: Call, message_id: int, reason: str | None) -> Response:
    """Takes a message out of the history, and tells its room; raises NotFound. Audited.

    One round trip.
    """
    row = db.fetch_once(
        """
        select status, body::text as body, room, live.count_connections(room, %s) as sockets
        from game.delete_message(row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s)
        cross join lateral (
          select coalesce((select m.room from game.chat_messages as m where m.id = %s), '') as room
        ) as deleted_from
        """,
        (fanout.COUNTED, *call, message_id, reason, message_id),
    )
    if row:
        fanout.announce(row["room"], row)
    return to_response(row)
