"""An uploaded log file, parsed: its format, its days, its events, and the lines without one."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal, NamedTuple

from functions.logs.text_import import log_lines, tagged_parser, ulx_parser
from functions.shared.errors import BadRequest

Format = Literal["ULX", "TAGGED"]

_HEADER = re.compile(r'<Logging continued from ".*?([0-9]{2})-([0-9]{2})-([0-9]{2})\.txt">')
_FOOTER = re.compile(r'<Logging continued in ".*?([0-9]{2})-([0-9]{2})-([0-9]{2})\.txt">')


class LogFile(NamedTuple):
    """A parsed log file, its events and errors in the order of their lines, from 1.

    `lines` counts all but an empty last one; `events` are shaped as servers send them.
    """

    format: Format
    lines: int
    base_date: date
    events: list[log_lines.ParsedEvent]
    errors: list[log_lines.ParseError]
    warnings: list[str]


def parse_log(
    content: str,
    format_hint: Literal["AUTO", "ULX", "TAGGED"],
    base_date: date | None,
    offset_minutes: int,
    today: date,
    dry_run: bool,
) -> LogFile:
    """The events of a log whose local times are `offset_minutes` ahead of UTC.

    Its first day is `base_date`, else the one that the log names, else of a dry run `today`;
    raises BadRequest if there is none, or if it is after tomorrow. No day may lie near the
    beginning of the calendar.
    """
    texts = log_lines.split_lines(content)
    form = _detect_format(texts) if format_hint == "AUTO" else format_hint
    base = base_date or (_find_date(texts) if form == "ULX" else None)
    warnings = []
    if base is None:
        if not dry_run:
            raise BadRequest("baseDate is required: the log has no date")
        base = today
        warnings.append("base_date_assumed")
    if base > today + timedelta(days=1):  # it may be tomorrow there already
        raise BadRequest("baseDate is in the future")
    parse = ulx_parser.parse if form == "ULX" else tagged_parser.parse
    events, errors = parse(log_lines.parse_times(texts, base, offset_minutes))
    return LogFile(form, len(texts), base, events, errors, warnings)


def _detect_format(texts: list[str]) -> Format:
    """The format that the first line in one of them decides; ULX if none does."""
    for text in texts:
        if text.startswith("<Logging continued"):
            return "ULX"
        after = log_lines.text_after_time(text)
        if tagged_parser.is_tagged(text if after is None else after):
            return "TAGGED"
        if after is not None:
            return "ULX"
    return "ULX"


def _find_date(texts: list[str]) -> date | None:
    """The day of a ULX log: its header names the day before, its footer the one after."""
    filled = (text for text in texts if text and not text.isspace())
    before = _parse_date(_HEADER.match(next(filled, "")))
    last = next((text for text in reversed(texts) if text and not text.isspace()), "")
    after = _parse_date(_FOOTER.match(last))
    if before is None:
        return None
    day = before + timedelta(days=1)
    return day if after is None or after == day + timedelta(days=1) else None


def _parse_date(found: re.Match[str] | None) -> date | None:
    if found is None:
        return None
    month, day, year = map(int, found.groups())
    try:
        return date(2000 + year, month, day)
    except ValueError:
        return None
