"""What all tests of the lake start from."""

from __future__ import annotations

from tests.support.lake import bucket, connection, evening, measured

__all__ = ["bucket", "connection", "evening", "measured"]
