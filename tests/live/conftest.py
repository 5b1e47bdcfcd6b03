"""The live domain's own tests know one small kind of room."""

from __future__ import annotations

import pytest

from functions.live import kinds, opening
from tests.support.live import rooms
from tests.support.live.cloud import cloud, impatient, invoked, left

__all__ = ["cloud", "impatient", "invoked", "left"]


@pytest.fixture(autouse=True)
def small_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (kinds, opening):
        monkeypatch.setattr(module, "load_kinds", lambda: {"room": rooms.kind})
