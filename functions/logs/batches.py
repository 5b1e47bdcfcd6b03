"""Batches: what a server sends in one request, and what became of each event of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel

from functions.logs import events, identity, receipts, rules
from functions.logs.sent import Event, Server, normalise
from functions.logs.values import Rejected, array, unicode
from functions.shared import db, spool, wire
from functions.shared.errors import BadRequest, TooLarge

MAX_BYTES = 2_097_152
MAX_EVENTS = 2000
_PREVIEW = 200  # characters
_KINDS = {"dict": "object", "list": "array", "str": "string", "bool": "boolean", "NoneType": "null"}

Status = Literal["stored", "duplicate", "queued", "ignored", "rejected"]


class Batch(BaseModel):
    """Events as a server's hooks send them: an object, or the bare array."""

    events: list[dict[str, Any]]


class Result(wire.Shape):
    """What became of one event; an id for what is stored or will be."""

    index: int
    status: Status
    id: str | None = None
    reason: str | None = None
    warnings: list[str] | None = None


class Ingested(wire.Shape):
    """What became of a batch; `ingested`: what the sender may forget."""

    ingested: int
    received: int
    stored: int
    duplicates: int
    queued: int
    ignored: int
    rejected: int
    results: list[Result]


@dataclass
class Outcome:
    """One event on its way: where it stands in its request, what it says, and what became of it."""

    index: int
    sent: Any
    status: Status
    reason: str | None = None
    event: Event | None = None
    row: events.Row | None = None
    warnings: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """The outcome as its Result, without what is not there."""
        told: dict[str, Any] = {"index": self.index, "status": self.status}
        if self.row:
            told["id"] = str(self.row.id)
        if self.reason:
            told["reason"] = self.reason
        if self.warnings:
            told["warnings"] = self.warnings
        return told


def read(body: str) -> list[Any]:
    """The events of a request body; raises BadRequest and TooLarge in the words of the contract."""

    def refuse(word: str) -> None:
        raise BadRequest("Invalid JSON", [_problem(body.find(word), f"holds {word}")], received=0)

    try:
        sent = json.loads(body.removeprefix("\ufeff"), parse_constant=refuse)
    except json.JSONDecodeError as error:
        details = [_problem(error.pos, "is no JSON")]
        raise BadRequest("Invalid JSON", details, received=0) from None
    except (ValueError, RecursionError):
        raise BadRequest("Invalid JSON", received=0) from None
    found = array(sent.get("events") if isinstance(sent, dict) and "events" in sent else sent)
    if not found:
        raise BadRequest(
            "No events to ingest",
            received=0,
            bodyType=_KINDS.get(type(sent).__name__, "number"),
            preview=unicode(body[:_PREVIEW]),
        )
    if len(found) > MAX_EVENTS:
        raise TooLarge("Too many events", received=len(found), max=MAX_EVENTS)
    return found


def _problem(position: int, words: str) -> dict[str, str]:
    return {"field": "body", "problem": f"{words} at character {position}"}


def ingest(sent: list[Any], server: Server, ignored: rules.Rules) -> dict[str, Any]:
    """Stores the events of one request and says what became of each, as Ingested.

    Queues them while the database is away. Raises BadRequest if every event is rejected, and
    Unavailable. Two round trips, three if some were there already.
    """
    receipt = datetime.now(UTC)
    outcomes = prepared(sent, server, receipt, ignored)
    if all(one.status == "rejected" for one in outcomes):
        results = [one.told() for one in outcomes]
        receipts.count(server.id, receipt, _counts(outcomes))
        raise BadRequest("No valid events", received=len(sent), results=results)
    try:
        settle(outcomes, server, receipt)
    except db.DatabaseAway:
        _queue(outcomes, server, receipt)
    return answer(outcomes)


def prepared(
    sent: list[Any], server: Server, receipt: datetime, ignored: rules.Rules
) -> list[Outcome]:
    """The events of one request, normalised and with their ids: to be stored, ignored, rejected."""
    outcomes = []
    for index, one in enumerate(sent):
        outcome = Outcome(index, one, "stored")
        try:
            outcome.event = event = normalise(one, server, receipt)
            outcome.warnings = event.warnings
            if rule := ignored.hit(event):
                outcome.status, outcome.reason = "ignored", f"rule:{rule}"
        except Rejected as rejection:
            outcome.status, outcome.reason = "rejected", rejection.reason
        outcomes.append(outcome)
    # Ignored ones too: which of some equal events one is must not depend on the rules of the day.
    told = [(one, one.event) for one in outcomes if one.event]
    known = identity.of([event for _, event in told], server.id, receipt)
    for (outcome, event), its in zip(told, known, strict=True):
        if outcome.status == "stored":
            outcome.row = events.row(event, its, server.id)
    return outcomes


def settle(outcomes: list[Outcome], server: Server, receipt: datetime) -> None:
    """Stores what is to be stored, and notes what was there already."""
    rows = [one.row for one in outcomes if one.row]
    stored = events.store(rows, server.id, receipt, _counts(outcomes))
    for outcome in outcomes:
        if outcome.row:
            if outcome.row.id in stored:
                stored.remove(outcome.row.id)  # an equal one in this request is a duplicate
            else:
                outcome.status = "duplicate"


def _queue(outcomes: list[Outcome], server: Server, receipt: datetime) -> None:
    kept = [one for one in outcomes if one.row]
    spool.keep("logs.events", list(_items(kept, server, receipt)))
    for outcome in kept:
        outcome.status = "queued"


def _items(outcomes: list[Outcome], server: Server, receipt: datetime) -> Iterator[dict[str, Any]]:
    """Spooled events carry their ids, which depend on their neighbours in the request."""
    at = round(receipt.timestamp() * 1000)
    for outcome in outcomes:
        assert outcome.row
        earlier = outcome.row.earlier
        yield {
            "server": server.id,
            "sent": outcome.sent,
            "id": str(outcome.row.id),
            "earlier": earlier and str(earlier),
            "at": at,
        }


def answer(outcomes: list[Outcome]) -> dict[str, Any]:
    """What became of a batch, as Ingested."""
    by = Counter(one.status for one in outcomes)
    return {
        "ingested": by["stored"] + by["duplicate"] + by["queued"],
        "received": len(outcomes),
        "stored": by["stored"],
        "duplicates": by["duplicate"],
        "queued": by["queued"],
        "ignored": by["ignored"],
        "rejected": by["rejected"],
        "results": [one.told() for one in outcomes],
    }


def _counts(outcomes: list[Outcome]) -> Counter[tuple[str, str]]:
    """What the ingest statistics count of a request beyond stored and duplicate events."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in outcomes:
        if one.status in ("ignored", "rejected"):
            counts[one.status, one.reason or ""] += 1
        if one.event and "unknown_type" in one.warnings:
            counts["unknown", one.event.type] += 1
        for word in one.warnings:
            if word.startswith("timestamp_"):
                counts["clock", word.removeprefix("timestamp_")] += 1
    return counts
