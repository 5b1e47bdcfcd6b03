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
_REASONS = {"timestamp_too_old": "older_than_retention"}
_WORDS = {
    "no_event": "without an event",
    "older_than_retention": "older than what is kept",
    "text_has_nul": "with a NUL character",
    "text_too_long": "with a SteamID that is too long",
    "unrecognised_line": "not recognised",
}


def _day(sent: Any) -> date | None:
    if sent in (None, ""):
        return None
    try:
        day = datetime.strptime(sent, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (TypeError, ValueError):
        fields.fail_validation("must be a day, YYYY-MM-DD")
    # Before that nothing was logged, and beyond it some time zone leads out of the calendar.
    if not 1970 < day.year < 9999:
        fields.fail_validation("must be a day from 1971 to 9998")
    return day


def _upper(sent: Any) -> Any:
    return sent.strip().upper() or "AUTO" if isinstance(sent, str) else sent or "AUTO"


class NewImport(fields.BracketPathModel, fields.CamelModel):
    """A log to import; its local time is `timezoneOffsetMinutes` ahead of UTC."""

    server_id: str
    content: str
    format_hint: Annotated[Literal["AUTO", "ULX", "TAGGED"], BeforeValidator(_upper)] = "AUTO"
    default_game_mode: str | None = None
    timezone_offset_minutes: Annotated[
        int,
        Field(strict=True, ge=-_DAY, le=_DAY),
        BeforeValidator(lambda n: fields.to_integer(n or 0)),
    ] = 0
    base_date: Annotated[date | None, BeforeValidator(_day)] = None
    dry_run: Annotated[bool, BeforeValidator(lambda sent: sent or False)] = False


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


def parse_body(body: str) -> NewImport:
    """An import from a JSON body; raises BadRequest and TooLarge in the words of the panel."""
    sent = json_codec.loads(body, keeps_nul=True)  # a NUL is the fault of its line alone
    if not isinstance(sent, dict) or not all(sent.get(name) for name in ("serverId", "content")):
        raise BadRequest("Missing serverId or content")
    new = fields.parse(NewImport, sent)
    if "\0" in new.server_id:
        raise NotFound("Server not found")
    if len(new.content.encode()) > MAX_BYTES:
        raise TooLarge(maxBytes=MAX_BYTES)
    return new.model_copy(update={"default_game_mode": _mode(new)})


def _mode(sent: NewImport) -> str | None:
    if not sent.default_game_mode:
        return None
    mode = MODES.get(sent.default_game_mode.strip().lower())
    if mode is None:
        raise BadRequest("Invalid game mode")
    return mode


def import_log(sent: NewImport) -> dict[str, Any]:
    """Stores the events of a log and says what became of each line, as Imported.

    Raises NotFound for an unknown server, and BadRequest for a log without a date or an event.
    What an outage cuts off is there up to some line; repeating the import completes it.
    """
    sender = ingest_server.get_server_sender(sent.server_id)
    if sender is None:
        raise NotFound("Server not found")
    if sent.default_game_mode:
        server = sender.server._replace(mode=sent.default_game_mode)
        sender = sender._replace(server=server)
    receipt = datetime.now(UTC)
    log = log_file.parse_log(
        sent.content,
        sent.format_hint,
        sent.base_date,
        sent.timezone_offset_minutes,
        receipt.date(),
        sent.dry_run,
    )
    outcomes = batch.prepare([told.event for told in log.events], sender, receipt)
    if all(one.status == "rejected" for one in outcomes):
        answer = _answer(log, outcomes, sent.dry_run)
        names = ("format", "linesParsed", "byType", "errors", "errorsTotal")
        raise BadRequest(_why_nothing(log, outcomes), **{name: answer[name] for name in names})
    if not sent.dry_run:
        new = set()
        for parcel in _parcels(outcomes, sender, receipt):
            new |= event_writer.store(parcel)
            change_queue.fold_all()
        batch.mark_duplicates(outcomes, new)
    return _answer(log, outcomes, sent.dry_run)


def _parcels(
    outcomes: list[Outcome], sender: ingest_server.Sender, receipt: datetime
) -> Iterator[event_writer.EventBatch]:
    """The rows in parts that are stored one by one, each with what else there was beside it.

    Without those whose event is stored under another id.
    """
    matches = LineMatches(one.row for one in outcomes if one.row)
    for start in range(0, len(outcomes), _BATCH_SIZE):
        parcel = batch.to_batch(outcomes[start : start + _BATCH_SIZE], sender, receipt)
        known = matches.find(sender.server.id, parcel.rows)
        rows = [row for row in parcel.rows if row.id not in known]
        yield replace(parcel, rows=rows, matched=len(known), is_live=False)


def _why_nothing(log: LogFile, outcomes: list[Outcome]) -> str:
    """The sentence for a log without a valid event: the panel shows nothing else."""
    reasons = Counter(one.reason for one in (*log.errors, *_rejected(log.events, outcomes)))
    reason, lines = next(iter(reasons.most_common(1)), ("no_event", log.lines))
    words = _WORDS.get(reason, reason.replace("_", " "))
    return f"No valid events after parsing: {lines} {'line' if lines == 1 else 'lines'} {words}"


def _answer(log: LogFile, outcomes: list[Outcome], dry_run: bool) -> dict[str, Any]:
    by = Counter(one.status for one in outcomes)
    errors = sorted([*log.errors, *_rejected(log.events, outcomes)])
    touched = {
        told.event.get("steamId")
        for told, one in zip(log.events, outcomes, strict=True)
        if one.status in ("stored", "duplicate") and steam_ids.is_real(told.event.get("steamId"))
    }
    words = {word for one in outcomes for word in one.warnings if word != "late"}
    return {
        "format": log.format,
        "linesParsed": log.lines,
        "eventsGenerated": len(log.events),
        "eventsInserted": 0 if dry_run else by["stored"],
        "playersTouched": 0 if dry_run else len(touched),
        "byType": dict(Counter(told.event["type"] for told in log.events)),
        "dryRun": dry_run,
        "errors": [one._asdict() for one in errors[:_MAX_ERRORS]],
        "errorsTotal": len(errors),
        "duplicates": by["duplicate"],
        "ignored": by["ignored"],
        "rejected": by["rejected"],
        "baseDateUsed": log.base_date,
        "warnings": [*log.warnings, *sorted(words)],
    }


def _rejected(told: list[ParsedEvent], outcomes: list[Outcome]) -> Iterator[ParseError]:
    """The lines whose event was refused."""
    for one, outcome in zip(told, outcomes, strict=True):
        if outcome.status == "rejected":
            text = str(one.event["rawText"])[:500]
            reason = outcome.reason or ""
            yield ParseError(one.line, text, _REASONS.get(reason, reason))
