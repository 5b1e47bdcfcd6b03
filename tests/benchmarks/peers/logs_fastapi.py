"""The peer: POST /api/ingest/logs with FastAPI, Mangum and SQLAlchemy 2, written to be fast.

The same contract: key, rate limit, validation event by event, ids, rows, and an answer for each of
them. It does less: no rules of what to ignore, no statistics, no sign of life, no addresses.
Chosen: Core rather than the ORM, one INSERT for the whole batch, one connection kept warm by the
pool and not pinged.
"""

from __future__ import annotations

import hmac
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from mangum import Mangum
from psycopg.conninfo import conninfo_to_dict
from pydantic import AliasChoices, BaseModel, Field, ValidationError, field_validator
from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    create_engine,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from functions.logs.ingest import event_identity
from functions.logs.ingest.normalise import Event
from functions.shared import auth, ids

PER_MINUTE = 5000
MOST = 2000
OLDEST = timedelta(days=90)
MODES = {"ttt": "TTT", "sandbox": "Sandbox", "murder": "Murder"}
OTHERS = ("attackerSteamId", "victimSteamId", "targetSteamId")

engine = create_engine(
    "postgresql+psycopg://",
    pool_size=1,
    max_overflow=0,
    connect_args={
        **conninfo_to_dict(os.environ["DATABASE_URL"]),
        "connect_timeout": 2,
        "prepare_threshold": 2,
    },
)
events = Table(
    "events",
    MetaData(),
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("sent_at", DateTime(timezone=True), primary_key=True),
    Column("occurred_at", DateTime(timezone=True)),
    Column("server_id", Text),
    Column("mode", Text),
    Column("type", Text),
    Column("steam_id", Text),
    Column("player_name", Text),
    Column("raw_text", Text),
    Column("involved_steam_ids", ARRAY(Text)),
    Column("map", Text),
    Column("player_count", Integer),
    Column("session_id", Text),
    Column("metadata", JSONB),
    schema="peer",
)
INSERT = insert(events).on_conflict_do_nothing().returning(events.c.id)
KEY = text(
    """
    select k.key_hash, s.id, s.name, s.mode
    from shared.api_keys k
    join logs.servers s on s.id = k.name
    where k.key_id = :key_id
      and k.revoked_at is null
      and 'logs:write' = any(k.scopes)
    """
)
SPEND = text(
    """
    insert into shared.rate_limits as l (key, window_start, count)
    values (:who, extract(epoch from statement_timestamp())::bigint / 60 * 60, 1)
    on conflict (key) do update
    set count = case when l.window_start = excluded.window_start then l.count + 1 else 1 end,
      window_start = excluded.window_start
    returning count
    """
)
known: dict[str, Any] = {}


def either(*names: str) -> Any:
    return AliasChoices(*names)


class NewEvent(BaseModel):
    type: str = Field("UNKNOWN", max_length=64, validation_alias=either("type", "eventType"))
    timestamp: datetime
    steam_id: str | None = Field(None, alias="steamId", max_length=64)
    player_name: str | None = Field(None, alias="playerName", max_length=128)
    raw_text: str = Field(
        "", max_length=4096, validation_alias=either("rawText", "text", "message")
    )
    game_mode: str = Field("", validation_alias=either("gameMode", "mode", "game_mode"))
    metadata: dict[str, Any] = Field(default_factory=dict)
    session_id: str | None = Field(
        None, max_length=128, validation_alias=either("sessionId", "SessionId", "session_id")
    )
    map: str | None = Field(None, max_length=128, validation_alias=either("map", "mapName", "Map"))
    player_count: int | None = Field(
        None, ge=0, validation_alias=either("playerCount", "PlayerCount", "count")
    )
    sender_id: str | None = Field(None, alias="eventId", max_length=64)

    @field_validator("type")
    @classmethod
    def upper(cls, sent: str) -> str:
        return sent.strip().upper() or "UNKNOWN"

    @field_validator("timestamp")
    @classmethod
    def recent(cls, sent: datetime) -> datetime:
        at = sent if sent.tzinfo else sent.replace(tzinfo=UTC)
        if datetime.now(UTC) - at > OLDEST:
            raise ValueError("timestamp_too_old")
        return at

    @field_validator("metadata")
    @classmethod
    def small(cls, sent: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(sent, ensure_ascii=False)) > 16_384:
            raise ValueError("metadata_too_large")
        return sent


class Batch(BaseModel):
    events: list[dict[str, Any]]


async def caller(x_server_key: Annotated[str, Header()] = "") -> Any:
    if not x_server_key:
        raise HTTPException(401, "Missing server API key")
    if x_server_key not in known:
        with engine.connect() as connection:
            key_id = x_server_key.split("_")[2]
            found = connection.execute(KEY, {"key_id": key_id}).one_or_none()
        if found is None or not hmac.compare_digest(found.key_hash, auth.hash_key(x_server_key)):
            raise HTTPException(403, "Invalid server key")
        known[x_server_key] = found
    return known[x_server_key]


app = FastAPI(openapi_url=None)


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse({"error": error.errors()[0]["msg"]}, 400)


@app.exception_handler(HTTPException)
async def refused(request: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse({"error": error.detail}, error.status_code)


@app.post("/api/ingest/logs")
async def ingest(batch: Batch, server: Annotated[Any, Depends(caller)]) -> dict[str, Any]:
    if not batch.events:
        raise HTTPException(400, "No events to ingest")
    if len(batch.events) > MOST:
        raise HTTPException(413, "Too many events")
    results: list[dict[str, Any]] = []
    accepted: list[Event] = []
    for index, sent in enumerate(batch.events):
        try:
            accepted.append(event(NewEvent.model_validate(sent), server))
            results.append({"index": index, "status": "duplicate"})
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            results.append({"index": index, "status": "rejected", "reason": reason})
    found = list(
        map(event_identity.Identities(server.id, datetime.now(UTC)).next_identity, accepted)
    )
    # Blocks the loop, which in Lambda has nothing else to do: a thread would only cost.
    new = store(server, [row(*one, server) for one in zip(accepted, found, strict=True)])
    waiting = iter(found)
    for result in results:
        if result["status"] == "duplicate":
            event_id = next(waiting).id
            result["id"] = event_id
            if event_id in new:
                new.remove(event_id)
                result["status"] = "stored"
    return answer(results)


def event(sent: NewEvent, server: Any) -> Event:
    shared = {
        "map": sent.map,
        "serverName": server.name,
        "playerCount": sent.player_count,
        "sessionId": sent.session_id,
    }
    return Event(
        sent.type,
        sent.timestamp,
        sent.timestamp.replace(microsecond=0),
        sent.steam_id,
        sent.player_name,
        sent.raw_text or sent.type,
        MODES.get(sent.game_mode.strip().lower(), server.mode),
        sent.metadata | {name: value for name, value in shared.items() if value is not None},
        sent.sender_id,
        [],
    )


def row(one: Event, found: event_identity.Identity, server: Any) -> dict[str, Any]:
    return {
        "id": found.id,
        "sent_at": ids.get_time(found.id),
        "occurred_at": one.occurred_at,
        "server_id": server.id,
        "mode": one.game_mode,
        "type": one.type,
        "steam_id": one.steam_id,
        "player_name": one.player_name,
        "raw_text": one.raw_text,
        "involved_steam_ids": [one.metadata[name] for name in OTHERS if one.metadata.get(name)]
        or None,
        "map": one.metadata.get("map"),
        "player_count": one.metadata.get("playerCount"),
        "session_id": one.metadata.get("sessionId"),
        "metadata": one.metadata,
    }


def store(server: Any, rows: list[dict[str, Any]]) -> set[str]:
    with engine.begin() as connection:
        if connection.execute(SPEND, {"who": f"peer:{server.id}"}).scalar_one() > PER_MINUTE:
            raise HTTPException(429, "Too many requests")
        return set(connection.execute(INSERT, rows).scalars()) if rows else set()


def answer(results: list[dict[str, Any]]) -> dict[str, Any]:
    by = dict.fromkeys(("stored", "duplicate", "rejected"), 0)
    for result in results:
        by[result["status"]] += 1
    return {
        "ingested": by["stored"] + by["duplicate"],
        "received": len(results),
        "stored": by["stored"],
        "duplicates": by["duplicate"],
        "queued": 0,
        "ignored": 0,
        "rejected": by["rejected"],
        "results": results,
    }


handler = Mangum(app, lifespan="off")

if __name__ == "__main__":
    from tests.benchmarks import callee

    callee.serve(handler)
