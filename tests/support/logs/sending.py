"""Sent events, normalised as a server's that was asked at one moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st

from functions.logs.coerce import Rejected
from functions.logs.ingest import normalise
from functions.logs.ingest.normalise import Event, Server

NOW = datetime(2026, 3, 2, 19, 0, 10, 500_000, UTC)
SERVER = Server("srv_01", "Arena #1", "Sandbox")
AT = "2026-03-02T19:00:00Z"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def event(**fields: Any) -> Event:
    """An event with a type and a time of its own, unless `fields` say otherwise."""
    return normalise.normalise({"type": "CHAT", "timestamp": AT, **fields}, SERVER, NOW)


def reason(fields: Any) -> str:
    """Why an event is rejected."""
    with pytest.raises(Rejected) as rejected:
        normalise.normalise(fields, SERVER, NOW)
    return rejected.value.reason
