"""What several contracts' tests need: a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from functions.logs import batches
from tests.logs.ingest import RECEIPT


class Clock(datetime):
    """A clock that stands still."""

    moment = RECEIPT

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.moment


@pytest.fixture(params=["direct", "pooler"])
def way(request: pytest.FixtureRequest) -> str:
    """Each contract holds behind a transaction pooler too."""
    return str(request.param)


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Clock]]:
    """Whatever is sent arrives at RECEIPT."""
    monkeypatch.setattr(batches, "datetime", Clock)
    yield Clock
    Clock.moment = RECEIPT
