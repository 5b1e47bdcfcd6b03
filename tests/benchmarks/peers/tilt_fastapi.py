"""The peer: POST /api/tilt/events with FastAPI, Mangum and SQLAlchemy 2, written to be fast.

The same contract: key, validation, rate limit, retained_from, ids and rows. Chosen: Core
rather than the ORM, one connection kept warm by the pool and not pinged.
"""

from __future__ import annotations

import hmac
import math
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from mangum import Mangum
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import (
    Column,
    DateTime,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    create_engine,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from functions.shared import ids

PER_MINUTE = 100
HORIZON = datetime(2015, 1, 1, tzinfo=UTC)
API_KEY = os.environ["API_KEY"].encode()

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
metadata = MetaData()
events = Table(
    "events",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("occurred_at", DateTime(timezone=True), primary_key=True),
    Column("user_id", Text),
    Column("tilt_score", Numeric),
    Column("signals", JSONB),
    Column("context", Text),
    schema="tilt",
)
signals = Table(
    "signals",
    metadata,
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("ordinal", SmallInteger, primary_key=True),
    Column("occurred_at", DateTime(timezone=True), primary_key=True),
    Column("user_id", Text),
    Column("type", Text),
    Column("severity", Numeric),
    Column("confidence", Numeric),
    schema="tilt",
)
SPEND = text(
    """
    insert into shared.rate_limits as l (key, window_start, count)
    values (:who, extract(epoch from statement_timestamp())::bigint / 60 * 60, 1)
    on conflict (key) do update
    set count = case when l.window_start = excluded.window_start then l.count + 1 else 1 end,
      window_start = excluded.window_start
    returning :allowed - count as remaining, window_start + 60 as resets_at,
      cast(:at as timestamptz)
        < (select retained_from from rollups.sources where name = 'tilt.events') as too_late
    """
)
INSERT_EVENT = insert(events).on_conflict_do_nothing()
INSERT_SIGNALS = insert(signals).on_conflict_do_nothing()


class Signal(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: str = Field(min_length=1, max_length=64)
    severity: float | None = Field(None, ge=0, le=10)
    confidence: float | None = Field(None, ge=0, le=1)


class NewEvent(BaseModel):
    user_id: str = Field(alias="userId", min_length=1, max_length=64)
    timestamp: int
    signals: list[Signal] = Field(max_length=50)
    tilt_score: float = Field(alias="tiltScore", ge=0, le=100, allow_inf_nan=False)
    context: str = Field("discord-dm", max_length=64)

    @field_validator("timestamp", mode="before")
    @classmethod
    def whole(cls, sent: Any) -> Any:
        return math.trunc(sent) if isinstance(sent, float) and math.isfinite(sent) else sent

    @field_validator("timestamp")
    @classmethod
    def happened(cls, sent: int) -> int:
        latest = datetime.now(UTC) + timedelta(hours=24)
        if not HORIZON.timestamp() * 1000 <= sent <= latest.timestamp() * 1000:
            raise ValueError("timestamp must be from 2015-01-01 to 24 h from now")
        return sent

    @field_validator("signals", mode="before")
    @classmethod
    def typed(cls, sent: Any) -> Any:
        if not isinstance(sent, list):
            return sent
        return [{"type": one} if isinstance(one, str) else one for one in sent]


async def caller(x_api_key: Annotated[str, Header()] = "") -> str:
    if not x_api_key:
        raise HTTPException(401, "An API key is needed.")
    if not hmac.compare_digest(x_api_key.encode(), API_KEY):
        raise HTTPException(403, "This key may not do that.")
    return "bootstrap"


app = FastAPI(openapi_url=None)


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse({"error": error.errors()[0]["msg"]}, 400)


@app.exception_handler(HTTPException)
async def refused(request: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


@app.post("/api/tilt/events")
async def record(
    event: NewEvent, response: Response, sender: Annotated[str, Depends(caller)]
) -> dict[str, Any]:
    sent = [one.model_dump(exclude_unset=True) for one in event.signals]
    event_id = ids.make_event_id(
        event.timestamp, "tilt", event.user_id, sent, event.tilt_score, event.context
    )
    at = ids.get_time(event_id)
    # Blocks the loop, which in Lambda has nothing else to do: a thread would only cost.
    budget = store(f"tilt:{sender}", event, event_id, at, sent)
    response.headers["X-RateLimit-Limit"] = str(PER_MINUTE)
    response.headers["X-RateLimit-Remaining"] = str(budget.remaining)
    response.headers["X-RateLimit-Reset"] = str(budget.resets_at)
    response.headers["Cache-Control"] = "no-store"
    return {"success": True, "message": "Tilt event recorded", "eventId": event_id}


def store(
    who: str, event: NewEvent, event_id: str, at: datetime, sent: list[dict[str, Any]]
) -> Any:
    with engine.begin() as connection:
        budget = connection.execute(SPEND, {"who": who, "allowed": PER_MINUTE, "at": at}).one()
        if budget.remaining < 0:
            wait = max(1, math.ceil(budget.resets_at - time.time()))
            raise HTTPException(429, "Please slow down.", {"Retry-After": str(wait)})
        if budget.too_late:
            raise HTTPException(400, "timestamp is older than what is kept here")
        connection.execute(
            INSERT_EVENT,
            {
                "id": event_id,
                "occurred_at": at,
                "user_id": event.user_id,
                "tilt_score": event.tilt_score,
                "signals": sent,
                "context": event.context,
            },
        )
        if event.signals:
            rows = [
                {
                    "event_id": event_id,
                    "ordinal": ordinal,
                    "occurred_at": at,
                    "user_id": event.user_id,
                    "type": one.type,
                    "severity": one.severity,
                    "confidence": one.confidence,
                }
                for ordinal, one in enumerate(event.signals, 1)
            ]
            connection.execute(INSERT_SIGNALS, rows)
    return budget


handler = Mangum(app, lifespan="off")

if __name__ == "__main__":
    from tests.benchmarks import callee

    callee.serve(handler)
