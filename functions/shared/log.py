"""Structured log lines: one JSON object a line on standard output, where Lambda picks it up.

Metrics are lines too, in CloudWatch's embedded metric format: they need no library, no call and
no right. template.yaml has their alarms and their dashboard.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from math import isfinite
from typing import Any, Literal

from functions.shared.settings import settings

_ENCODER = json.JSONEncoder(default=str)
_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
_NAMESPACE = "Tiltyard"
Unit = Literal["Count", "Seconds", "Milliseconds", "Bytes", "Percent", "Count/Second"]


def event(event: str, level: str = "INFO", **fields: Any) -> None:
    """Writes one line; `fields` must never hold a token, key, password, IP or a person's text."""
    if _LEVELS[level] < _LEVELS[settings().log_level]:
        return
    _write({"event": event, "level": level, **fields})


def metric(name: str, value: float, unit: Unit = "Count", **dimensions: str) -> None:
    """Writes one line from which CloudWatch takes a value of a metric, whatever LOG_LEVEL is.

    Each combination of dimensions is a metric of its own, which costs: they hold few values, such
    as a job or a domain, and never a person, key or address. Each metric has the dimension Stack.
    A value that is no number is left out, as CloudWatch would do with the line.
    """
    number = float(value)
    if not isfinite(number):
        return
    dimensions = {"Stack": settings().stack_name, **dimensions}
    directive = {
        "Namespace": _NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit}],
    }
    _write(
        {
            "event": "metric",
            "level": "INFO",
            "_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]},
            **dimensions,
            name: number,
        }
    )


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


def _write(line: dict[str, Any]) -> None:
    sys.stdout.write(_ENCODER.encode(line) + "\n")
    sys.stdout.flush()


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
