"""The payload of `/api/ingest/logs` as the reference shows it; batches.py and sent.py read it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic.config import JsonDict

from functions.shared import fields

_EXAMPLE: JsonDict = {
    "type": "CHAT",
    "timestamp": "2026-03-02T19:00:03Z",
    "steamId": "STEAM_0:1:101",
    "playerName": "Ana",
    "rawText": "Ana: hello",
    "metadata": {"message": "hello", "chatScope": "GLOBAL", "lifeState": "ALIVE"},
}


class SentEvent(fields.CamelModel):
    """An event as a server's hooks send it. Every field may be missing or null.

    Aliases are read too, as are most of these fields inside `metadata`.
    """

    model_config = ConfigDict(
        extra="allow", defer_build=True, json_schema_extra={"examples": [_EXAMPLE]}
    )

    type: str | None = Field(None, max_length=64, description="UNKNOWN without one; any case")
    timestamp: str | float | None = Field(
        None, description="ISO 8601, or Unix seconds or milliseconds; else the time of receipt"
    )
    steam_id: str | None = Field(None, max_length=64)
    player_name: str | None = Field(None, description="cut after 128 characters")
    raw_text: str | None = Field(None, description="cut after 4,096 bytes")
    game_mode: str | None = Field(
        None, description="TTT, Sandbox or Murder, in any case; else the server's"
    )
    metadata: dict[str, Any] | None = Field(
        None, description="at most 16,384 bytes and 16 levels deep; what is known depends on type"
    )
    event_id: str | None = Field(
        None, max_length=64, description="the sender's own id, which alone decides what is equal"
    )
    session_id: str | None = Field(None, max_length=128)
    server_session_id: str | None = Field(None, max_length=128)
    session_start: str | float | None = None
    map: str | None = Field(None, max_length=128)
    server_name: str | None = Field(None, max_length=128)
    player_count: float | str | None = Field(None, description="rounded down")
    round_id: str | None = Field(None, max_length=128)
    round_number: int | None = None


class EventList(BaseModel):
    """Up to 2,000 events."""

    model_config = ConfigDict(defer_build=True)

    events: list[SentEvent] = Field(min_length=1, max_length=2000)


class Batch(RootModel[EventList | list[SentEvent]]):
    """Up to 2,000 events: an object, or the bare list."""

    model_config = ConfigDict(defer_build=True)
