"""What tests of logs share: an hour that does not end under them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest


@pytest.fixture
def still() -> datetime:
    """Waits out the end of an hour, so that no window moves while it is looked at; returns now."""
    left = 3600 - time.time() % 3600
    if left < 60:
        time.sleep(left)
    return datetime.now(UTC)
