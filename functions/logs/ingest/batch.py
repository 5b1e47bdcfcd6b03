"""Batches: what a server sends in one request, and what became of each event of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from functions.logs import change_queue
from functions.logs.coerce import Rejected, to_list, unicode
from functions.logs.ingest import copy_writer, event_identity, event_queue, event_writer
from functions.logs.ingest.ingest_server import Sender
from functions.logs.ingest.normalise import Event, normalise
from functions.logs.ingest.to_row import arrival, to_row
from functions.logs.rows import Row
from functions.shared import db, fields, json_codec
from functions.shared.errors import BadRequest, TooLarge

MAX_BYTES = 2_097_152
MAX_EVENTS = 2000
_PREVIEW = 200  # characters
_STEP_SIZE = 100  # events
_KINDS = {"dict": "object", "list": "array", "str": "string", "bool": "boolean", "NoneType": "null"}

Status = Literal["stored", "duplicate", "queued", "ignored", "rejected"]


class Result(fields.ResponseModel):
    """What became of one event; an id for what is stored or will be."""

    index: int
    status: Status
    id: str | None = None
    reason: str | None = None
    warnings: list[str] | None = None


class Ingested(fields.ResponseModel):
    """The outcome of a batch; `ingested`: how many events the sender need not send again."""

    ingested: int
    received: int
    stored: int
    duplicates: int
    queued: int
    ignored: int
    rejected: int
    results: list[Result]


class NotIngested(fields.ErrorBody, fields.CamelModel):
    """Why no event of a request was taken, and what the body was instead."""

    received: int | None = None
    body_type: str | None = None
    preview: str | None = None
    results: list[Result] | None = None


class TooMuch(fields.ErrorBody, fields.CamelModel):
    """More bytes than `maxBytes`, or more events than `max`: nothing was stored."""

    max_bytes: int | None = None
    received: int | None = None
    max: int | None = None


@dataclass(slots=True)
class Outcome:
    """What became of one event of a request, and its row if it is to be stored."""

    index: int
    status: Status = "stored"
    reason: str | None = None
    row: Row | None = None
    warnings: Sequence[str] = ()
    counts_as: Sequence[tuple[str, str]] = ()  # in the ingest statistics

    def to_response(self) -> dict[str, Any]:
        """The outcome as its Result, without what is not there."""
        told: dict[str, Any] = {"index": self.index, "status": self.status}
        if self.row:
            told["id"] = self.row.id
        if self.reason:
            told["reason"] = self.reason
        if self.warnings:
            told["warnings"] = self.warnings
        return told

    def count(self, outcome: str, detail: str) -> None:
        """Counts it in the ingest statistics, among what became of events."""
        self.counts_as = (*self.counts_as, (outcome, detail))


def parse_body(body: str) -> list[Any]:
    """The events of a request body; raises BadRequest and TooLarge in the panel's words."""

    try:
        sent = json_codec.parse(body)
    except BadRequest as problem:
        problem.extra["received"] = 0
        raise
    found = to_list(sent.get("events") if isinstance(sent, dict) and "events" in sent else sent)
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


def ingest(sent: list[Any], sender: Sender) -> dict[str, Any]:
    """Stores the events of one request and says what became of each, as Ingested.

    Takes the events out of `sent`. Queues them while the database is down. Raises Unavailable.
    """
    receipt = datetime.now(UTC)
    outcomes: list[Outcome] = []
    making = _made(sent, sender, receipt, outcomes)
    try:
        new = None
        if len(sent) > event_writer.COPY_THRESHOLD:
            made = (one.row for one in making if one.row)
            new = copy_writer.store_new(made, lambda: to_batch(outcomes, sender, receipt))
        if new is None:
            _exhaust(making)
            new = event_writer.store(to_batch(outcomes, sender, receipt))
        mark_duplicates(outcomes, new)
        change_queue.fold_if_long(one.row.occurred_at for one in outcomes if one.row)
    except db.DatabaseUnavailable:
        _exhaust(making)
        if any(one.status != "rejected" for one in outcomes):
            event_queue.enqueue(to_batch(outcomes, sender, receipt), sender.key)
        for outcome in outcomes:
            outcome.status = "queued" if outcome.row else outcome.status
    return to_response(outcomes)


def _exhaust(making: Iterator[Outcome]) -> None:
    deque(making, maxlen=0)


def prepare(sent: list[Any], sender: Sender, receipt: datetime) -> list[Outcome]:
    """The events of one request, normalised and with their ids: to be stored, ignored, rejected.

    Takes them out of `sent`, so that no event is held twice.
    """
    outcomes: list[Outcome] = []
    _exhaust(_made(sent, sender, receipt, outcomes))
    return outcomes


def _made(
    sent: list[Any], sender: Sender, receipt: datetime, outcomes: list[Outcome]
) -> Iterator[Outcome]:
    """The outcomes of one request, one by one, each also put into `outcomes`.

    Each step is taken by some events before the next step: what a processor has just done it does
    in two thirds of the time.
    """
    ids = event_identity.Ids(sender.server.id, receipt)
    first = arrival(receipt)
    for start in range(0, len(sent), _STEP_SIZE):
        some = [Outcome(index) for index in range(start, min(start + _STEP_SIZE, len(sent)))]
        told = [_normalised(sent[one.index], one, sender, receipt) for one in some]
        sent[start : start + _STEP_SIZE] = [None] * len(some)
        # Of ignored ones too: which of some equal events one is must not depend on the day's rules.
        identities = [event and ids.next_identity(event) for event in told]
        for outcome, event, its in zip(some, told, identities, strict=True):
            if event and its and outcome.status == "stored":
                place = first + outcome.index
                outcome.row = to_row(event, its, sender.server.id, receipt, place)
        outcomes += some
        yield from some


def _normalised(one: Any, outcome: Outcome, sender: Sender, receipt: datetime) -> Event | None:
    try:
        event = normalise(one, sender.server, receipt, sender.retention)
    except Rejected as rejection:
        outcome.status, outcome.reason = "rejected", rejection.reason
        outcome.count("rejected", rejection.reason)
        return None
    outcome.warnings = event.warnings
    for word in event.warnings:
        if word == "unknown_type":
            outcome.count("unknown", event.type)
        elif word.startswith("timestamp_"):
            outcome.count("clock", word.removeprefix("timestamp_"))
    if hit := sender.ignored.hit(event):
        outcome.status, outcome.reason = "ignored", f"rule:{hit.kind}"
        outcome.count("ignored", f"{hit.kind}:{hit.text}")
    return event


def to_batch(outcomes: list[Outcome], sender: Sender, receipt: datetime) -> event_writer.EventBatch:
    """What is to be stored and counted of a request."""
    return event_writer.EventBatch(
        sender.server.id,
        receipt,
        [one.row for one in outcomes if one.row],
        Counter(what for one in outcomes for what in one.counts_as),
    )


def mark_duplicates(outcomes: list[Outcome], new: set[str]) -> None:
    """Notes which events were there already; of equal ones of a request the first may be new."""
    for outcome in outcomes:
        if outcome.row:
            if outcome.row.id in new:
                new.remove(outcome.row.id)
            else:
                outcome.status = "duplicate"


def to_response(outcomes: list[Outcome]) -> dict[str, Any]:
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
        "results": [one.to_response() for one in outcomes],
    }
