"""The databases' servers of a run, and its API key."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local import timescale

API_KEY = "test-bootstrap-key"
GIVEN = os.environ.get("DATABASE_URL", "")


@contextmanager
def own_server(durable: bool) -> Iterator[tuple[timescale.Server, Path]]:
    """A private server and its folder, removed with all its data in the end."""
    home = Path(tempfile.mkdtemp(prefix="tiltyard-test-"))
    home.chmod(0o755)  # as root the server runs as somebody else
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("DATABASE_URL", raising=False)
            own = timescale.start(home, durable)
        yield own, home
    finally:
        timescale.reset(home)
        shutil.rmtree(home, ignore_errors=True)
