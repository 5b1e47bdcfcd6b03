"""A batch: what a server sends in one request, on its way from the body to its rows and answer.

`ingest` is the whole way: parse, normalise, identify, write, count. normalise.py reads one event,
event_identity.py makes its id, event_writer.py stores and counts the rows, and event_queue.py holds
them while the database is down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Literal

from pydantic_core import to_json

from functions.logs import change_queue
from functions.logs.coerce import Rejected, to_list, unicode
from functions.logs.ingest import event_queue
from functions.logs.ingest.event_identity import Identities, Identity
from functions.logs.ingest.event_writer import EventBatch, EventWriter
from functions.logs.ingest.ingest_server import Sender
from functions.logs.ingest.normalise import Event, normalise
from functions.logs.rows import Row
from functions.shared import ids, json_codec, spool
from functions.shared.errors import BadRequest, TooLarge

MAX_BYTES = 2_097_152
MAX_EVENTS = 2000
_PREVIEW = 200  # characters
_PART_SIZE = 100  # events
_KINDS = {"dict": "object", "list": "array", "str": "string", "bool": "boolean", "NoneType": "null"}
_OTHERS = dict.fromkeys(("attackerSteamId", "victimSteamId", "targetSteamId"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ARRIVALS = 2048  # numbers of a request in the order of arrival: more than it may have events

Status = Literal["stored", "duplicate", "queued", "ignored", "rejected"]


@dataclass(slots=True)
class Outcome:
    """What became of one event of a request, and its row if it is to be stored."""

    index: int
    status: Status = "stored"
    reason: str | None = None
    row: Row | None = None
    warnings: Sequence[str] = ()
    counts: Sequence[tuple[str, str]] = ()  # (outcome, detail): each is one more in the statistics


def ingest(body: str, sender: Sender) -> dict[str, Any]:
    """Stores each event of a request body once and returns what became of it, as Ingested.

    Or queues the events: see spool.store_or_queue. Raises BadRequest, TooLarge, Unavailable.
    """
    payload = parse_body(body)
    receipt = datetime.now(UTC)
    outcomes: list[Outcome] = []
    with EventWriter() as writer:
        for part in prepare_parts(payload, sender, receipt):
            outcomes += part
            if not spool.is_buffered():
                writer.add([outcome.row for outcome in part if outcome.row])
        batch = to_batch(outcomes, sender, receipt)
        new_ids = spool.store_or_queue(
            lambda: writer.store(batch), lambda: _enqueue(batch, outcomes, sender)
        )
    if new_ids is None:
        mark_queued(outcomes)
        return to_response(outcomes)
    mark_duplicates(outcomes, new_ids)
    # So that no reader finds a long queue of changes: see change_queue.py.
    change_queue.fold_if_long(outcome.row.occurred_at for outcome in outcomes if outcome.row)
    return to_response(outcomes)


def _enqueue(batch: EventBatch, outcomes: list[Outcome], sender: Sender) -> None:
    """Queues a batch; of one that is only rejected, counts alone are not worth a wait."""
    if spool.is_buffered() or any(outcome.status != "rejected" for outcome in outcomes):
        event_queue.enqueue(batch, sender.key)


def parse_body(body: str) -> list[Any]:
    """The events of a request body; raises BadRequest and TooLarge in the panel's words."""
    try:
        payload = json_codec.parse(body)
    except BadRequest as problem:
        problem.extra["received"] = 0
        raise
    is_object = isinstance(payload, dict) and "events" in payload
    events = to_list(payload.get("events") if is_object else payload)
    if not events:
        raise BadRequest(
            "No events to ingest",
            received=0,
            bodyType=_KINDS.get(type(payload).__name__, "number"),
            preview=unicode(body[:_PREVIEW]),
        )
    if len(events) > MAX_EVENTS:
        raise TooLarge("Too many events", received=len(events), max=MAX_EVENTS)
    return events


def prepare(payload: list[Any], sender: Sender, receipt: datetime) -> list[Outcome]:
    """The events of one request, each normalised and with its id, unless ignored or rejected.

    Takes them out of `payload`, so that no event is held twice.
    """
    return list(chain.from_iterable(prepare_parts(payload, sender, receipt)))


def prepare_parts(payload: list[Any], sender: Sender, receipt: datetime) -> Iterator[list[Outcome]]:
    """What `prepare` returns, by the hundred.

    Each step is taken by a hundred events before the next step: a processor repeats what it has
    just done in two thirds of the time.
    """
    identities = Identities(sender.server.id, receipt)
    arrival = _arrival(receipt)
    for start in range(0, len(payload), _PART_SIZE):
        events = payload[start : start + _PART_SIZE]
        payload[start : start + _PART_SIZE] = [None] * len(events)
        part = [Outcome(start + offset) for offset in range(len(events))]
        events = [
            _normalise(event, outcome, sender, receipt)
            for event, outcome in zip(events, part, strict=True)
        ]
        # Of ignored ones too: which of some equal events one is must not depend on the day's rules.
        part_ids = [event and identities.next_identity(event) for event in events]
        for outcome, event, identity in zip(part, events, part_ids, strict=True):
            if identity and outcome.status == "stored":
                outcome.row = _to_row(event, identity, sender, receipt, arrival + outcome.index)
        yield part


def _normalise(payload: Any, outcome: Outcome, sender: Sender, receipt: datetime) -> Event | None:
    """The event, or None and the reason in `outcome`; an ignored one is an event all the same."""
    try:
        event = normalise(payload, sender.server, receipt, sender.retention)
    except Rejected as rejection:
        outcome.status, outcome.reason = "rejected", rejection.reason
        outcome.counts = [("rejected", rejection.reason)]
        return None
    outcome.warnings = event.warnings
    for warning in event.warnings:
        if warning == "unknown_type":
            outcome.counts = (*outcome.counts, ("unknown", event.type))
        elif warning.startswith("timestamp_"):
            outcome.counts = (*outcome.counts, ("clock", warning.removeprefix("timestamp_")))
    if rule := sender.ignored.match(event):
        outcome.status, outcome.reason = "ignored", f"rule:{rule.kind}"
        outcome.counts = (*outcome.counts, ("ignored", f"{rule.kind}:{rule.text}"))
    return event


def _arrival(receipt: datetime) -> int:
    """Where a request stands in the order of arrival; each of its events is one further.

    An imported log may have more events than there are numbers: it goes on into those of the next
    microseconds.
    """
    return (receipt - _EPOCH) // timedelta(microseconds=1) * _ARRIVALS


def _to_row(
    event: Event, identity: Identity, sender: Sender, receipt: datetime, arrival: int
) -> Row:
    """The row of an event, in the order of its columns (by name it takes longer)."""
    metadata = event.metadata
    return Row(
        identity.id,
        event.sent_at or ids.get_time(identity.id),
        event.occurred_at,
        sender.server.id,
        event.game_mode,
        event.type,
        event.steam_id,
        event.player_name,
        event.raw_text,
        _involved(metadata) if _OTHERS.keys() & metadata.keys() else None,
        metadata.get("map"),
        metadata.get("playerCount"),
        metadata.get("sessionId"),
        to_json(metadata).decode(),  # in a third of the time that json takes
        arrival,
        _skew(event, receipt),
        identity.earlier,
    )


def _involved(metadata: dict[str, Any]) -> list[str] | None:
    """The accounts that an event names beside the one it is of."""
    values = map(metadata.get, _OTHERS)
    return [value for value in values if isinstance(value, str) and value] or None


def _skew(event: Event, receipt: datetime) -> int | None:
    """How many ms the server's clock is behind; None where a time says nothing of it."""
    if event.sent_at is None or "late" in event.warnings:
        return None
    sent_at = event.sent_at if "timestamp_future" in event.warnings else event.occurred_at
    return round((receipt - sent_at).total_seconds() * 1000)


def to_batch(outcomes: list[Outcome], sender: Sender, receipt: datetime) -> EventBatch:
    """What is to be stored and counted of a request."""
    return EventBatch(
        sender.server.id,
        receipt,
        [outcome.row for outcome in outcomes if outcome.row],
        Counter(count for outcome in outcomes for count in outcome.counts),
    )


def mark_duplicates(outcomes: list[Outcome], new_ids: set[str]) -> None:
    """Marks events that were stored before; of equal ones of a request the first may be new."""
    for outcome in outcomes:
        if outcome.row:
            if outcome.row.id in new_ids:
                new_ids.remove(outcome.row.id)
            else:
                outcome.status = "duplicate"


def mark_queued(outcomes: list[Outcome]) -> None:
    """Marks events that the spool holds until the database is back."""
    for outcome in outcomes:
        if outcome.row:
            outcome.status = "queued"


def to_response(outcomes: list[Outcome]) -> dict[str, Any]:
    """What became of a batch, as Ingested."""
    by_status = Counter(outcome.status for outcome in outcomes)
    return {
        "ingested": by_status["stored"] + by_status["duplicate"] + by_status["queued"],
        "received": len(outcomes),
        "stored": by_status["stored"],
        "duplicates": by_status["duplicate"],
        "queued": by_status["queued"],
        "ignored": by_status["ignored"],
        "rejected": by_status["rejected"],
        "results": [_to_result(outcome) for outcome in outcomes],
    }


def _to_result(outcome: Outcome) -> dict[str, Any]:
    """An outcome as its Result, without the fields that it has no value for."""
    result: dict[str, Any] = {"index": outcome.index, "status": outcome.status}
    if outcome.row:
        result["id"] = outcome.row.id
    if outcome.reason:
        result["reason"] = outcome.reason
    if outcome.warnings:
        result["warnings"] = outcome.warnings
    return result
