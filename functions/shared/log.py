"""Structured log lines: one JSON object a line on standard output, where Lambda picks it up."""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any

from functions.shared.settings import settings

_ENCODER = json.JSONEncoder(default=str)
_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}


def event(event: str, level: str = "INFO", **fields: Any) -> None:
    """Writes one line; `fields` must never hold a token, key, password, IP or a person's text."""
    if _LEVELS[level] < _LEVELS[settings().log_level]:
        return
    text = _ENCODER.encode({"event": event, "level": level, **fields})
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def exception(error: BaseException, **fields: Any) -> None:
    """Writes what broke: the error's type and where, and of a database error its own message.

    A database error's detail quotes rows and other errors may quote input: both stay out.
    """
    diagnosis = getattr(error, "diag", None)
    event(
        "failure",
        level="ERROR",
        error=type(error).__name__,
        sqlstate=getattr(error, "sqlstate", None),
        message=getattr(diagnosis, "message_primary", None) or _connecting(error),
        stack=[
            f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)
        ],
        **fields,
    )


def _connecting(error: BaseException) -> str | None:
    """Why a connection was not made, in a few words: libpq's own name hosts and logins."""
    words = str(error)
    for gist in (
        "Connection refused",
        "timeout expired",
        "password authentication failed",
        "Name or service not known",
        "does not exist",
        "starting up",
        "SSL",
        "server closed the connection",
    ):
        if type(error).__name__ == "OperationalError" and gist in words:
            return gist
    return None
