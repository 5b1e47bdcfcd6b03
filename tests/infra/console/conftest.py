"""The console in a browser, before an API whose answers the test decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clients.stubbed_console import Console, open_console


@pytest.fixture(scope="module")
def browser() -> Iterator[Console]:
    with open_console() as console:
        yield console
