"""Messages of the tavern."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, RootModel

from functions.game.calls import Call, to_response
from functions.shared import db
from functions.shared.fields import RequestModel, ResponseModel
from functions.shared.response import Response

TAVERN = "tavern"


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
