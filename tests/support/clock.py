"""A clock that stands still."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.support.logs.ingest import RECEIPT


class Clock(datetime):
    """A clock that stands still."""

    moment = RECEIPT

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.moment
