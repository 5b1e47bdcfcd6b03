"""Imports: the text log of a game server, uploaded by staff, as the events that its hooks send.

A line has the same id as the event that the hook sent live, or is matched with it, so importing
twice adds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from functions.logs import change_queue, steam_ids
from functions.logs.game_modes import MODES
from functions.logs.ingest import batch, event_writer, ingest_server
from functions.logs.ingest.batch import Outcome
from functions.logs.ingest.event_writer import EventBatch
from functions.logs.text_import import log_file
from functions.logs.text_import.line_matches import LineMatches
from functions.logs.text_import.log_file import LogFile
from functions.logs.text_import.log_lines import ParsedEvent, ParseError
from functions.shared import fields, json_codec
from functions.shared.errors import BadRequest, NotFound, TooLarge

MAX_BYTES = 5 * 1024 * 1024  # of the log itself
MAX_BODY = 16 * 1024 * 1024  # unpacked: JSON may spell a letter in three times its length
_MAX_ERRORS = 100
_BATCH_SIZE = 5000  # events that are stored together
_DAY = 24 * 60  # minutes
_ERROR_FIELDS = ("format", "linesParsed", "byType", "errors", "errorsTotal")
_REASONS = {"timestamp_too_old": "older_than_retention"}
_WORDS = {
    "no_event": "without an event",
    "older_than_retention": "older than what is kept",
    "text_has_nul": "with a NUL character",
    "text_too_long": "with a SteamID that is too long",
    "unrecognised_line": "not recognised",
}


def _parse_day(value: Any) -> date | None:
    if value in (None, ""):
        return None
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (TypeError, ValueError):
        fields.fail_validation("must be a day, YYYY-MM-DD")
    # Before that nothing was logged, and beyond it some time zone leads out of the calendar.
    if not 1970 < day.year < 9999:
        fields.fail_validation("must be a day from 1971 to 9998")
    return day


def _upper(value: Any) -> Any:
    return value.strip().upper() or "AUTO" if isinstance(value, str) else value or "AUTO"


class NewImport(fields.BracketPathModel, fields.CamelModel):
    """A log to import; its local time is `timezoneOffsetMinutes` ahead of UTC."""

    server_id: str
    content: str
    format_hint: Annotated[Literal["AUTO", "ULX", "TAGGED"], BeforeValidator(_upper)] = "AUTO"
    default_game_mode: str | None = None
    timezone_offset_minutes: Annotated[
        int,
        Field(strict=True, ge=-_DAY, le=_DAY),
        BeforeValidator(lambda value: fields.to_integer(value or 0)),
    ] = 0
    base_date: Annotated[date | None, BeforeValidator(_parse_day)] = None
    dry_run: Annotated[bool, BeforeValidator(lambda value: value or False)] = False


class LineError(fields.ResponseModel):
    """A line that became no event, from 1, and why."""

    line: int
    text: str
    reason: str


class Imported(fields.CamelResponse):
    """What became of a log; `errors` are the first 100 of `errorsTotal`."""

    format: Literal["ULX", "TAGGED"]
    lines_parsed: int
    events_generated: int
    events_inserted: int
    players_touched: int
    by_type: dict[str, int]
    dry_run: bool
    errors: list[LineError]
    errors_total: int
    duplicates: int
    ignored: int
    rejected: int
    base_date_used: date
    warnings: list[str]


class NotImported(fields.ErrorBody, fields.CamelModel):
    """Why nothing was imported; what was read, where no line of it became an event."""

    format: Literal["ULX", "TAGGED"] | None = None
    lines_parsed: int | None = None
    by_type: dict[str, int] | None = None
    errors: list[LineError] | None = None
    errors_total: int | None = None


def import_log(new: NewImport) -> dict[str, Any]:
    """Stores the events of a log and returns the outcome of each line, as Imported.

    Raises NotFound for an unknown server, and BadRequest for a log without a date or an event.
    An outage may leave out the lines after some line; repeating the import completes it.
    """
    sender = ingest_server.get_server_sender(new.server_id)
    if sender is None:
        raise NotFound("Server not found")
    if new.default_game_mode:
        sender = sender._replace(server=sender.server._replace(mode=new.default_game_mode))
    receipt = datetime.now(UTC)
    log = log_file.parse_log(
        new.content,
        new.format_hint,
        new.base_date,
        new.timezone_offset_minutes,
        receipt.date(),
        new.dry_run,
    )
    outcomes = batch.prepare([parsed.event for parsed in log.events], sender, receipt)
    if all(outcome.status == "rejected" for outcome in outcomes):
        raise _no_events(log, outcomes, new.dry_run)
    if not new.dry_run:
        new_ids = set()
        matches = LineMatches(outcome.row for outcome in outcomes if outcome.row)
        for start in range(0, len(outcomes), _BATCH_SIZE):
            part = batch.to_batch(outcomes[start : start + _BATCH_SIZE], sender, receipt)
            new_ids |= event_writer.store(_without_matched(part, matches))
            change_queue.fold_all()
        batch.mark_duplicates(outcomes, new_ids)
    return _to_response(log, outcomes, new.dry_run)


def parse_body(body: str) -> NewImport:
    """An import from a JSON body; raises BadRequest and TooLarge in the words of the panel."""
    payload = json_codec.loads(body, keeps_nul=True)  # a NUL is the fault of its line alone
    is_object = isinstance(payload, dict)
    if not is_object or not all(payload.get(name) for name in ("serverId", "content")):
        raise BadRequest("Missing serverId or content")
    new = fields.parse(NewImport, payload)
    if "\0" in new.server_id:
        raise NotFound("Server not found")
    if len(new.content.encode()) > MAX_BYTES:
        raise TooLarge(maxBytes=MAX_BYTES)
    return new.model_copy(update={"default_game_mode": _parse_mode(new.default_game_mode)})


def _parse_mode(text: str | None) -> str | None:
    if not text:
        return None
    mode = MODES.get(text.strip().lower())
    if mode is None:
        raise BadRequest("Invalid game mode")
    return mode


def _without_matched(part: EventBatch, matches: LineMatches) -> EventBatch:
    """A batch without the rows whose event is stored under another id."""
    known = matches.find(part.server_id, part.rows)
    rows = [row for row in part.rows if row.id not in known]
    return replace(part, rows=rows, matched=len(known), is_live=False)


def _no_events(log: LogFile, outcomes: list[Outcome], dry_run: bool) -> BadRequest:
    """The error for a log without a valid event; its message is all that the panel shows."""
    reasons = Counter(
        error.reason for error in (*log.errors, *_find_rejected(log.events, outcomes))
    )
    reason, lines = next(iter(reasons.most_common(1)), ("no_event", log.lines))
    words = _WORDS.get(reason, reason.replace("_", " "))
    answer = _to_response(log, outcomes, dry_run)
    return BadRequest(
        f"No valid events after parsing: {lines} {'line' if lines == 1 else 'lines'} {words}",
        **{name: answer[name] for name in _ERROR_FIELDS},
    )


def _to_response(log: LogFile, outcomes: list[Outcome], dry_run: bool) -> dict[str, Any]:
    by_status = Counter(outcome.status for outcome in outcomes)
    errors = sorted([*log.errors, *_find_rejected(log.events, outcomes)])
    touched = {
        parsed.event.get("steamId")
        for parsed, outcome in zip(log.events, outcomes, strict=True)
        if outcome.status in ("stored", "duplicate")
        and steam_ids.is_real(parsed.event.get("steamId"))
    }
    warnings = {warning for outcome in outcomes for warning in outcome.warnings} - {"late"}
    return {
        "format": log.format,
        "linesParsed": log.lines,
        "eventsGenerated": len(log.events),
        "eventsInserted": 0 if dry_run else by_status["stored"],
        "playersTouched": 0 if dry_run else len(touched),
        "byType": dict(Counter(parsed.event["type"] for parsed in log.events)),
        "dryRun": dry_run,
        "errors": [error._asdict() for error in errors[:_MAX_ERRORS]],
        "errorsTotal": len(errors),
        "duplicates": by_status["duplicate"],
        "ignored": by_status["ignored"],
        "rejected": by_status["rejected"],
        "baseDateUsed": log.base_date,
        "warnings": [*log.warnings, *sorted(warnings)],
    }


def _find_rejected(events: list[ParsedEvent], outcomes: list[Outcome]) -> Iterator[ParseError]:
    """The lines whose event was rejected."""
    for parsed, outcome in zip(events, outcomes, strict=True):
        if outcome.status == "rejected":
            text = str(parsed.event["rawText"])[:500]
            reason = outcome.reason or ""
            yield ParseError(parsed.line, text, _REASONS.get(reason, reason))
